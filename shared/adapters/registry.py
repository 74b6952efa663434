"""The image registry: a tag becomes a digest, once per release."""

from __future__ import annotations

import re

from shared.adapters.google import TIMEOUT, tokens
from shared.domain.errors import InferError, RetryableError, TerminalError

_PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")
_KINDS = (
    "oci.image.index.v1",
    "oci.image.manifest.v1",
    "docker.distribution.manifest.list.v2",
    "docker.distribution.manifest.v2",
)
_ACCEPT = ", ".join(f"application/vnd.{kind}+json" for kind in _KINDS)
OK, NOT_FOUND = 200, 404


class Registry:
    """Artifact Registry by the registry API; ``endpoint`` empty: the host in the reference itself."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._token = tokens(endpoint)

    def digest(self, reference: str) -> str:
        """Return ``repository@sha256:...`` for ``HOST/PROJECT/REPOSITORY/IMAGE:TAG``.

        Raises TerminalError for a reference of another form or an image that is not there, RetryableError where the
        registry does not answer.
        """
        import requests  # noqa: PLC0415 - imported where it is used

        if _PINNED.search(reference):
            return reference
        host, name, tag = _parts(reference)
        url = f"{self._endpoint or f'https://{host}'}/v2/{name}/manifests/{tag}"
        headers = {"accept": _ACCEPT, "authorization": f"Bearer {self._token()}"}
        try:
            answer = requests.head(url, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as error:
            message = f"the registry {host} did not answer for {reference}"
            raise RetryableError(message, reason="Unavailable") from error
        if answer.status_code != OK:
            raise _refused(reference, answer.status_code)
        return f"{host}/{name}@{answer.headers['Docker-Content-Digest']}"


def _parts(reference: str) -> tuple[str, str, str]:
    host, _, rest = reference.partition("/")
    name, _, tag = rest.rpartition(":")
    if not name or "." not in host:
        message = f"{reference} is not an Artifact Registry image; one looks like us-docker.pkg.dev/P/REPO/NAME:TAG"
        raise TerminalError(message, reason="BadImage", field="image")
    return host, name, tag


def _refused(reference: str, status: int) -> InferError:
    if status == NOT_FOUND:
        message = f"there is no image {reference}; copy it into the repository first, or name one with --image"
        return TerminalError(message, reason="ImageNotFound", field="image")
    return RetryableError(f"the registry answered {status} for {reference}", reason="Unavailable")
