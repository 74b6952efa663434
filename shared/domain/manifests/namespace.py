"""A deployment's namespace and the Secret that its model servers read."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.engines import Token
from shared.domain.manifests.objects import Manifest, manifest

SECRET_VERSION = "inferops.dev/secret-version"  # noqa: S105 - the name of an annotation
"""Annotation: which Secret Manager version the value was copied from. The value itself is never compared."""


def namespace(name: str, labels: Mapping[str, str]) -> Manifest:
    """Return the namespace."""
    return manifest("v1", "Namespace", name, labels)


def token_secret(token: Token, home: str, labels: Mapping[str, str], version: str) -> Manifest:
    """Return the Secret without its value: ``_from`` tells the provider, per key, which version to copy."""
    return manifest(
        "v1",
        "Secret",
        token.secret,
        labels,
        namespace=home,
        annotations={SECRET_VERSION: version},
        type="Opaque",
        _from={token.key: version},
    )
