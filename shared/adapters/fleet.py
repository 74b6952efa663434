"""The door to the fleet (GKE Hub): memberships, features and their operations, over gRPC.

Values are dicts with the field names of gkehub.v1, enums by name. Raises google.api_core's errors; ``classify``
sorts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from shared.adapters.google import TIMEOUT, grpc_client
from shared.adapters.protos import filled, plain
from shared.adapters.refusals import Refusal, of_status

ROLE = "roles/gkehub.editor"
_ONCE = {"retry": None, "timeout": TIMEOUT}
Listed = tuple[list[dict[str, Any]], frozenset[str]]


class Fleet:
    """One project's fleet. ``endpoint`` is empty for Google's own, else ``HOST:PORT``."""

    def __init__(self, endpoint: str, project: str) -> None:
        self._endpoint = endpoint
        self._parent = f"projects/{project}/locations"

    @cached_property
    def _client(self) -> Any:
        from google.cloud.gkehub_v1 import GkeHubClient  # noqa: PLC0415 - half a second, at first use

        return grpc_client(GkeHubClient, self._endpoint)

    @cached_property
    def _v1(self) -> Any:
        from google.cloud import gkehub_v1  # noqa: PLC0415 - as above

        return gkehub_v1

    def memberships(self) -> Listed:
        """Return the memberships of all locations, and the locations that could not be asked."""
        pages = self._client.list_memberships(parent=f"{self._parent}/-", **_ONCE).pages
        return _read(pages)

    def features(self) -> Listed:
        """Return the fleet's features, and the locations that could not be asked."""
        return _read(self._client.list_features(parent=f"{self._parent}/global", **_ONCE).pages)

    def create_membership(self, location: str, name: str, spec: Mapping[str, Any], request: str) -> str:
        """Begin to register a cluster; return the operation's full name."""
        body = self._v1.CreateMembershipRequest(
            parent=f"{self._parent}/{location}",
            membership_id=name,
            resource=filled(self._v1.Membership, spec),
            request_id=request,
        )
        return str(self._client.create_membership(request=body, **_ONCE).operation.name)

    def update_membership(
        self, location: str, name: str, spec: Mapping[str, Any], fields: Sequence[str], request: str
    ) -> str:
        """Begin to change these fields; return the operation's full name."""
        body = self._v1.UpdateMembershipRequest(
            name=f"{self._parent}/{location}/memberships/{name}",
            update_mask={"paths": list(fields)},
            resource=filled(self._v1.Membership, spec),
            request_id=request,
        )
        return str(self._client.update_membership(request=body, **_ONCE).operation.name)

    def delete_membership(self, location: str, name: str, request: str) -> str:
        """Begin to unregister a cluster; return the operation's full name."""
        full = f"{self._parent}/{location}/memberships/{name}"
        body = self._v1.DeleteMembershipRequest(name=full, request_id=request)
        return str(self._client.delete_membership(request=body, **_ONCE).operation.name)

    def create_feature(self, name: str, spec: Mapping[str, Any], request: str) -> str:
        """Begin to switch a feature on; return the operation's full name."""
        body = self._v1.CreateFeatureRequest(
            parent=f"{self._parent}/global",
            feature_id=name,
            resource=filled(self._v1.Feature, spec),
            request_id=request,
        )
        return str(self._client.create_feature(request=body, **_ONCE).operation.name)

    def update_feature(self, name: str, spec: Mapping[str, Any], fields: Sequence[str], request: str) -> str:
        """Begin to change these fields; return the operation's full name."""
        body = self._v1.UpdateFeatureRequest(
            name=f"{self._parent}/global/features/{name}",
            update_mask={"paths": list(fields)},
            resource=filled(self._v1.Feature, spec),
            request_id=request,
        )
        return str(self._client.update_feature(request=body, **_ONCE).operation.name)

    def delete_feature(self, name: str, request: str) -> str:
        """Begin to switch a feature off, with all it made; return the operation's full name."""
        full = f"{self._parent}/global/features/{name}"
        body = self._v1.DeleteFeatureRequest(name=full, request_id=request)
        return str(self._client.delete_feature(request=body, **_ONCE).operation.name)

    def operation(self, name: str) -> tuple[bool, Refusal | None]:
        """Return whether an operation (by full name) is over, and how it failed."""
        found = self._client.transport.operations_client.get_operation(name, **_ONCE)
        error = of_status({"code": found.error.code, "message": found.error.message}) if found.done else None
        return bool(found.done), error


def _read(pages: Any) -> Listed:
    found: list[dict[str, Any]] = []
    unreachable: set[str] = set()
    for page in pages:
        found += [plain(item) for item in page.resources]
        unreachable.update(getattr(page, "unreachable", ()))
    return found, frozenset(unreachable)
