"""Names that move to names that do not: tags to digests, secrets to versions."""

from __future__ import annotations

from shared.adapters.registry import Registry
from shared.adapters.secrets import Secrets


class CloudResolver:
    """Keeps ``ports.Resolver``."""

    def __init__(self, registry: Registry, secrets: Secrets) -> None:
        self._registry, self._secrets = registry, secrets

    def image(self, reference: str) -> str:
        """Return the reference by digest."""
        return self._registry.digest(reference)

    def secret(self, name: str) -> str:
        """Return the full name of the secret's newest version."""
        return self._secrets.newest(name)
