"""The door to Artifact Registry: a tag becomes a digest, once per release."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any
from urllib.parse import quote

from google.api_core import exceptions as api

from shared.adapters.classify import KNOWN, classify
from shared.adapters.google import TIMEOUT, grpc_client
from shared.domain.conditions import Reason
from shared.domain.errors import TerminalError

ROLE = "roles/artifactregistry.reader"
_PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")
_TAGGED = re.compile(
    r"(?P<location>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[^/:@]+)/(?P<repository>[^/:@]+)/(?P<image>[^:@]+):(?P<tag>[\w.-]+)"
)


class Registry:
    """Artifact Registry over gRPC; ``endpoint`` is empty for Google's own, else ``HOST:PORT``."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    @cached_property
    def _client(self) -> Any:
        from google.cloud.artifactregistry_v1 import ArtifactRegistryClient  # noqa: PLC0415 - slow, at first use

        return grpc_client(ArtifactRegistryClient, self._endpoint)

    def digest(self, reference: str) -> str:
        """Return ``repository@sha256:...`` for ``LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE:TAG``.

        Raises TerminalError for a reference of another form or an image that is not there, and what ``classify`` makes
        of the registry's other answers.
        """
        if _PINNED.search(reference):
            return reference
        name = _tag_name(reference)
        try:
            found = self._client.get_tag(name=name, retry=None, timeout=TIMEOUT)
        except api.NotFound as error:
            message = f"there is no image {reference}; copy it into the repository first, or name one with --image"
            raise TerminalError(message, reason=Reason.IMAGE_NOT_FOUND, field="image") from error
        except KNOWN as error:
            raise classify(error, f"read image {reference}", role=ROLE) from error
        return f"{reference.rpartition(':')[0]}@{found.version.rpartition('/')[2]}"


def _tag_name(reference: str) -> str:
    """Return the full name of a tag. An image in a folder is one package, its slashes written as %2F."""
    found = _TAGGED.fullmatch(reference)
    if found is None:
        message = f"{reference} is not an Artifact Registry image; one looks like us-docker.pkg.dev/P/REPO/NAME:TAG"
        raise TerminalError(message, reason=Reason.INVALID, field="image")
    repository = "projects/{project}/locations/{location}/repositories/{repository}".format(**found.groupdict())
    return f"{repository}/packages/{quote(found['image'], safe='')}/tags/{found['tag']}"
