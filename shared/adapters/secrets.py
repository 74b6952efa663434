"""Secret Manager: the newest version's name for plans, the value for the one request body that needs it."""

from __future__ import annotations

from shared.adapters.google import TIMEOUT, grpc_client
from shared.domain.conditions import Reason
from shared.domain.errors import NeedsHumanError


class Secrets:
    """Names and values of secrets. A value is returned and forgotten: it is never logged, kept or compared."""

    def __init__(self, endpoint: str) -> None:
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient  # noqa: PLC0415 - imported where used

        self._client = grpc_client(SecretManagerServiceClient, endpoint)

    def newest(self, secret: str) -> str:
        """Return the full name of the newest version. Raises NeedsHumanError where there is none."""
        from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415

        try:
            found = self._client.get_secret_version(name=f"{secret}/versions/latest", timeout=TIMEOUT)
        except GoogleAPICallError as error:
            raise _missing(secret, error) from error
        return str(found.name)

    def value(self, version: str) -> str:
        """Return the value of a version. Raises NeedsHumanError where it cannot be read."""
        from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415

        try:
            found = self._client.access_secret_version(name=version, timeout=TIMEOUT)
        except GoogleAPICallError as error:
            raise _missing(version, error) from error
        return str(found.payload.data.decode().strip())


def _missing(name: str, error: Exception) -> NeedsHumanError:
    parts = name.split("/")
    short = parts[3] if len(parts) > 3 else name or "hf-token"  # noqa: PLR2004 - projects/P/secrets/S
    return NeedsHumanError(
        f"cannot read secret {short or 'hf-token'}: {type(error).__name__}",
        reason=Reason.SECRET_MISSING,
        remedy=f"printf %s TOKEN | gcloud secrets versions add {short} --data-file=-, and grant "
        "roles/secretmanager.secretAccessor on it to the controllers",
    )
