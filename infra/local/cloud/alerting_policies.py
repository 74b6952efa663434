"""Alert policies as they are kept: made, changed, listed, deleted. Who evaluates them is told of every change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from google.cloud import monitoring_v3
from google.protobuf import json_format

from infra.local.cloud.alerting_checks import Pb, check_policy, wrong
from infra.local.cloud.alerting_lists import listed
from infra.local.cloud.alerting_masks import merged
from infra.local.cloud.errors import ApiError
from infra.local.cloud.monitoring_store import Store
from infra.local.cloud.wire import Handler, as_pb
from infra.local.cloud.world import World

_FIXED = ("name", "creation_record", "mutation_record", "validity")
_WHO = "user@example.com"
MOST_POLICIES = 500


class Policies:
    """All alert policies of the project. ``changed`` is called with the name of each that is new, other or gone."""

    def __init__(
        self,
        world: World,
        project: str,
        store: Store,
        channels: Callable[[], Iterable[str]],
        changed: Callable[[str], None],
    ) -> None:
        self.all: dict[str, Pb] = {}
        """By full name."""
        self._world = world
        self._project = f"projects/{project}"
        self._store = store
        self._channels = channels
        self._changed = changed
        self._made = 0

    def handlers(self) -> dict[str, Handler]:
        """Return who answers each RPC."""
        return {
            "CreateAlertPolicy": self._create,
            "GetAlertPolicy": lambda request: self.policy(as_pb(request).name),
            "ListAlertPolicies": self._list,
            "UpdateAlertPolicy": self._update,
            "DeleteAlertPolicy": self._delete,
        }

    def snapshot(self) -> dict[str, object]:
        """Return name -> settings."""
        return {name: json_format.MessageToDict(one) for name, one in sorted(self.all.items())}

    def policy(self, name: str) -> Pb:
        """Return a policy; NOT_FOUND, or PERMISSION_DENIED for one of another project."""
        self._mine(name)
        if name not in self.all:
            raise ApiError("NOT_FOUND", f"The alerting policy {name} does not exist.", "notFound")
        return self.all[name]

    def using(self, channel: str) -> list[Pb]:
        """Return the policies that notify a channel."""
        return [one for one in self.all.values() if channel in one.notification_channels]

    def _mine(self, name: str) -> None:
        if name != self._project and not name.startswith(f"{self._project}/"):
            raise ApiError("PERMISSION_DENIED", f"Permission denied for {name}.", "forbidden")

    def _create(self, message: Any) -> Pb:
        request = as_pb(message)
        self._mine(request.name)
        policy = type(request.alert_policy)()
        policy.CopyFrom(request.alert_policy)
        for field in _FIXED:
            policy.ClearField(field)
        for condition in policy.conditions:
            condition.ClearField("name")
        check_policy(policy, self._channels(), self._store)
        if len(self.all) >= MOST_POLICIES:
            raise ApiError("RESOURCE_EXHAUSTED", f"There are {MOST_POLICIES} alerting policies already.")
        policy.name = f"{self._project}/alertPolicies/{self._number()}"
        self._complete(policy)
        policy.creation_record.CopyFrom(policy.mutation_record)
        self.all[policy.name] = policy
        self._changed(policy.name)
        return policy

    def _number(self) -> int:
        self._made += 1
        return self._world.dice(f"alert policy {self._made}").randrange(10**17, 10**19)

    def _complete(self, policy: Pb) -> None:
        for condition in policy.conditions:
            if not condition.name:
                condition.name = f"{policy.name}/conditions/{self._number()}"
        if not policy.HasField("enabled"):
            policy.enabled.value = True
        policy.mutation_record.mutate_time.FromDatetime(self._world.now)
        policy.mutation_record.mutated_by = _WHO

    def _list(self, message: Any) -> Any:
        request = as_pb(message)
        self._mine(request.name)
        some, token, total = listed(self.all.values(), request)
        return monitoring_v3.ListAlertPoliciesResponse.pb()(
            alert_policies=some, next_page_token=token, total_size=total
        )

    def _update(self, message: Any) -> Pb:
        request = as_pb(message)
        asked = request.alert_policy
        before = self.policy(asked.name)
        after = merged(before, asked, list(request.update_mask.paths), _FIXED)
        known = {condition.name for condition in before.conditions}
        for index, condition in enumerate(after.conditions):
            if condition.name and condition.name not in known:
                what = "It is no condition of this policy; one that is new has no name."
                raise wrong(f"alert_policy.conditions[{index}].name", what, condition.name)
        check_policy(after, self._channels(), self._store)
        self._complete(after)
        self.all[after.name] = after
        self._changed(after.name)
        return after

    def _delete(self, message: Any) -> None:
        name = self.policy(as_pb(message).name).name
        del self.all[name]
        self._changed(name)
