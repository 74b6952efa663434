"""Secret Manager: secrets, their versions, and the alias ``latest``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
from google.cloud import secretmanager_v1 as sm

from infra.local.cloud.errors import ApiError, already_exists
from infra.local.cloud.project import NUMBER
from infra.local.cloud.routes import paged
from infra.local.cloud.wire import Handler
from infra.local.cloud.world import World

_State = sm.SecretVersion.State


@dataclass
class _Version:
    message: sm.SecretVersion
    data: bytes


@dataclass
class _Secret:
    message: sm.Secret
    versions: list[_Version] = field(default_factory=list)


class SecretManager:
    """All secrets of the project. ``put`` adds one from a test or the host."""

    def __init__(self, world: World, project: str = "demo", number: str = NUMBER) -> None:
        self.world = world
        self._project, self._number = project, number
        self._secrets: dict[str, _Secret] = {}

    def put(self, name: str, value: str | bytes) -> str:
        """Add a version to a secret, which is made if need be; return the version's full name."""
        parent = f"projects/{self._number}/secrets/{name}"
        if parent not in self._secrets:
            self._create(sm.CreateSecretRequest(parent=f"projects/{self._number}", secret_id=name))
        data = value.encode() if isinstance(value, str) else value
        return str(self._add_version(sm.AddSecretVersionRequest(parent=parent, payload={"data": data})).name)

    def handlers(self) -> dict[str, Handler]:
        """Return the RPCs that are answered."""
        return {
            "CreateSecret": self._create,
            "GetSecret": lambda ask: self._secret(ask.name).message,
            "ListSecrets": self._list,
            "DeleteSecret": self._delete,
            "AddSecretVersion": self._add_version,
            "GetSecretVersion": lambda ask: self._version(ask.name).message,
            "ListSecretVersions": self._list_versions,
            "AccessSecretVersion": self._access,
            "EnableSecretVersion": lambda ask: self._set(ask.name, _State.ENABLED),
            "DisableSecretVersion": lambda ask: self._set(ask.name, _State.DISABLED),
            "DestroySecretVersion": lambda ask: self._set(ask.name, _State.DESTROYED),
        }

    def snapshot(self) -> dict[str, object]:
        """Return the secrets with the state and hash of each version, never a value."""
        return {
            name.rsplit("/", 1)[1]: [
                {"state": one.message.state.name, "sha256": hashlib.sha256(one.data).hexdigest()}
                for one in secret.versions
            ]
            for name, secret in sorted(self._secrets.items())
        }

    def _own(self, name: str) -> str:
        """Return a name with the project's number, as Secret Manager keeps it."""
        _, given, *rest = name.split("/")
        if given not in {self._project, self._number}:
            raise ApiError("PERMISSION_DENIED", f"Permission denied on resource project {given}.", "forbidden")
        return "/".join(["projects", self._number, *rest])

    def _secret(self, name: str) -> _Secret:
        own = self._own(name)
        if own not in self._secrets:
            raise ApiError("NOT_FOUND", f"Secret [{own}] not found.", "notFound")
        return self._secrets[own]

    def _version(self, name: str) -> _Version:
        parent, _, number = name.partition("/versions/")
        secret = self._secret(parent)
        if number == "latest" and secret.versions:
            return secret.versions[-1]
        if number.isdecimal() and 1 <= int(number) <= len(secret.versions):
            return secret.versions[int(number) - 1]
        what = f"Secret Version [{self._own(name)}] not found."
        raise ApiError("NOT_FOUND", what, "notFound")

    def _create(self, ask: Any) -> Any:
        name = f"{self._own(ask.parent)}/secrets/{ask.secret_id}"
        if name in self._secrets:
            raise already_exists(f"Secret [{name}]")
        message = sm.Secret(ask.secret)
        message.name, message.create_time = name, self.world.now
        self._secrets[name] = _Secret(message)
        return message

    def _list(self, ask: Any) -> Any:
        parent = self._own(ask.parent)
        found = [one.message for name, one in self._secrets.items() if name.startswith(f"{parent}/")]
        some, token = paged(found, ask.page_size, ask.page_token, 25000)
        return sm.ListSecretsResponse(secrets=some, next_page_token=token, total_size=len(found))

    def _delete(self, ask: Any) -> None:
        del self._secrets[self._secret(ask.name).message.name]

    def _add_version(self, ask: Any) -> Any:
        secret, data = self._secret(ask.parent), bytes(ask.payload.data)
        if "data_crc32c" in ask.payload and ask.payload.data_crc32c != google_crc32c.value(data):
            what = "The checksum in the payload does not match the data."
            raise ApiError("INVALID_ARGUMENT", what, "badRequest")
        message = sm.SecretVersion(
            name=f"{secret.message.name}/versions/{len(secret.versions) + 1}",
            create_time=self.world.now,
            state=_State.ENABLED,
            client_specified_payload_checksum="data_crc32c" in ask.payload,
        )
        secret.versions.append(_Version(message, data))
        return message

    def _list_versions(self, ask: Any) -> Any:
        found = [one.message for one in reversed(self._secret(ask.parent).versions)]
        some, token = paged(found, ask.page_size, ask.page_token, 25000)
        return sm.ListSecretVersionsResponse(versions=some, next_page_token=token, total_size=len(found))

    def _access(self, ask: Any) -> Any:
        found = self._version(ask.name)
        if found.message.state != _State.ENABLED:
            what = f"Secret Version [{found.message.name}] is in {found.message.state.name} state."
            raise ApiError("FAILED_PRECONDITION", what, "failedPrecondition")
        payload = sm.SecretPayload(data=found.data, data_crc32c=google_crc32c.value(found.data))
        return sm.AccessSecretVersionResponse(name=found.message.name, payload=payload)

    def _set(self, name: str, state: Any) -> Any:
        found = self._version(name)
        if found.message.state == _State.DESTROYED:
            what = f"Secret Version [{found.message.name}] is in DESTROYED state."
            raise ApiError("FAILED_PRECONDITION", what, "failedPrecondition")
        found.message.state = state
        if state == _State.DESTROYED:
            found.data, found.message.destroy_time = b"", self.world.now
        return found.message
