"""The door to Cloud Monitoring's alerting: policies and notification channels, over gRPC.

Values are dicts with the field names of monitoring.v3, enums by name. Names are the server's: what was created is
found again by its user labels. Raises google.api_core's errors; ``classify`` sorts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.adapters.google import TIMEOUT, grpc_client
from shared.adapters.protos import filled, plain

POLICY_ROLE = "roles/monitoring.alertPolicyEditor"
CHANNEL_ROLE = "roles/monitoring.notificationChannelEditor"
_ONCE = {"retry": None, "timeout": TIMEOUT}
_PAGE = 500


@dataclass(frozen=True)
class Collection:
    """The alert policies of a project, or its notification channels: two services alike but for their words."""

    client: Any
    message: Any
    parent: str
    one: str
    many: str

    def list(self, label: str) -> list[dict[str, Any]]:
        """Return those that carry this user label, whatever its value."""
        # The documented form for "has this key". As a path, a key with a hyphen would have to be quoted somehow.
        asked = {"name": self.parent, "filter": f"user_labels='{label}'", "page_size": _PAGE}
        return [plain(found) for found in self._call(f"list_{self.many}", asked)]

    def get(self, name: str) -> dict[str, Any]:
        """Return the one of this name."""
        return plain(self._call(f"get_{self.one}", {"name": name}))

    def create(self, spec: Mapping[str, Any]) -> str:
        """Create one; return the name that it was given."""
        made = self._call(f"create_{self.one}", {"name": self.parent, self.one: filled(self.message, spec)})
        return str(made.name)

    def update(self, name: str, spec: Mapping[str, Any], fields: Sequence[str]) -> None:
        """Replace these fields of one. A policy's condition that is sent with its name keeps its incidents."""
        wanted = filled(self.message, {**spec, "name": name})
        self._call(f"update_{self.one}", {self.one: wanted, "update_mask": {"paths": list(fields)}})

    def delete(self, name: str) -> None:
        """Delete one. A channel is refused while any policy uses it."""
        self._call(f"delete_{self.one}", {"name": name})

    def _call(self, method: str, request: Mapping[str, Any]) -> Any:
        return getattr(self.client, method)(request=request, **_ONCE)


class Monitoring:
    """One project's alerting. ``endpoint`` is empty for Google's own, else ``HOST:PORT``."""

    def __init__(self, endpoint: str, project: str) -> None:
        self._endpoint = endpoint
        self._parent = f"projects/{project}"

    @cached_property
    def policies(self) -> Collection:
        """The alert policies."""
        client = grpc_client(self._v3.AlertPolicyServiceClient, self._endpoint)
        return Collection(client, self._v3.AlertPolicy, self._parent, "alert_policy", "alert_policies")

    @cached_property
    def channels(self) -> Collection:
        """The notification channels."""
        client = grpc_client(self._v3.NotificationChannelServiceClient, self._endpoint)
        words = ("notification_channel", "notification_channels")
        return Collection(client, self._v3.NotificationChannel, self._parent, *words)

    @cached_property
    def _v3(self) -> Any:
        from google.cloud import monitoring_v3  # noqa: PLC0415 - half a second, at first use

        return monitoring_v3
