"""Alerting: evaluates the policies as long as anything can change, keeps incidents, notifies channels."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any

from infra.local.cloud.alerting_channels import Channels
from infra.local.cloud.alerting_conditions import Found, Reading, Watch, interval, look, metric_type, settled_after
from infra.local.cloud.alerting_incidents import NO_LONGER_MET, TIMED_OUT, Incidents, concerns, violations
from infra.local.cloud.alerting_policies import Policies
from infra.local.cloud.errors import ApiError, not_found
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.monitoring_series import milliseconds, moment
from infra.local.cloud.monitoring_store import TARGET
from infra.local.cloud.notifications import Incident, console_test
from infra.local.cloud.notifications_sender import Publish, Sender
from infra.local.cloud.promql_nodes import EvaluationError
from infra.local.cloud.world import Entry, World

TICK = 30_000
"""Policies are evaluated at whole multiples of so many milliseconds."""
SHOWN = 20


class Alerting:
    """All alert policies, notification channels and incidents of the project."""

    def __init__(self, world: World, monitoring: Monitoring, publish: Publish, number: str = "123456789012") -> None:
        project = monitoring.project
        self.policies = Policies(world, project, monitoring.store, self._channel_names, self._changed)
        self.channels = Channels(world, project, self.policies.using)
        self.sender = Sender(world, publish, self.channels)
        self.incidents = Incidents(world, monitoring.store, self.sender, project, number)
        self._world = world
        self._monitoring = monitoring
        self._watches: dict[str, Watch] = {}
        """By the condition's name."""
        self._since: dict[str, datetime] = {}
        """When each policy became what it is."""
        self._stirred = world.now
        """When something last happened here, beside data that came."""
        self._entry: Entry | None = None
        self._rests = False
        """Nothing can change until data comes, or a time-out."""
        monitoring.on_data = self._on_data

    def snapshot(self) -> dict[str, object]:
        """Return the policies and the channels with their settings."""
        return {"policies": self.policies.snapshot(), "channels": self.channels.snapshot()}

    def shown(self) -> dict[str, Any]:
        """Return what a page may show: open and closed incidents, what is pending, what became of notifications."""
        pending = [
            {"condition": name, "since": at.isoformat(), "labels": dict(key)}
            for name, watch in self._watches.items()
            for key, at in watch.since.items()
            if key not in watch.met
        ]
        return {
            "open": [_shown(one) for one in self.incidents.open.values()],
            "closed": [_shown(one) for one in list(self.incidents.closed)[-SHOWN:]],
            "pending": pending,
            "notifications": dict(self.sender.counts),
        }

    # By hand -------------------------------------------------------------------------------------------------

    def storm(self, what: str, count: int) -> list[str]:
        """Send so many notifications as a flapping condition would; return the ids of the incidents, in their order.

        ``what`` is the id of an open incident, or the name of a policy: then its open ones, its last one, or one that
        is made up from its first condition. Each notification closes or opens, and what is opened has a new id.
        Raises ApiError NOT_FOUND.
        """
        told = list[Incident]()
        for _ in range(count):
            going_on = self._flapping({one.id for one in told} or {what})
            told.append(
                self._again(what, told[-1:]) if going_on is None else self.incidents.close(going_on, NO_LONGER_MET)
            )
        self._stir()
        return [one.id for one in told]

    def time_out(self, what: str) -> None:
        """Close an open incident, by its id, as somebody may in the console: it may go on, and then it opens again.

        Raises ApiError NOT_FOUND.
        """
        key = self._flapping({what})
        if key is None:
            raise not_found(f"open incident {what}")
        self._timed_out(self.incidents.close(key, TIMED_OUT))
        self._stir()

    def send_test(self, channel: str) -> None:
        """Send the console's test message to a channel, by its name. Raises ApiError NOT_FOUND."""
        self.sender.send(self.channels.channel(channel).name, console_test())

    def _flapping(self, what: set[str]) -> Hashable | None:
        return next((key for key, one in self.incidents.open.items() if what & {one.id, one.policy.name}), None)

    def _again(self, what: str, told: list[Incident]) -> Incident:
        """Open an incident once more, under a new id."""
        before = [one for one in self.incidents.closed if what in {one.id, one.policy.name}] + told
        if before and before[-1].policy.name in self.policies.all:
            last = before[-1]
            return self.incidents.begin(last.key, last.policy, last.condition, last.reading)
        if what not in self.policies.all:
            raise not_found(f"incident or alert policy {what}")
        policy = self.policies.all[what]
        condition = policy.conditions[0]
        query = condition.condition_prometheus_query_language.query
        metric = metric_type(query, self._monitoring.store) if query else ""
        reading = Reading(TARGET, {"project_id": self._monitoring.project}, metric, {}, 0.0)
        return self.incidents.begin((condition.name, reading.key), policy, condition, reading)

    # Evaluation ----------------------------------------------------------------------------------------------

    def _channel_names(self) -> list[str]:
        return list(self.channels.all)

    def _enabled(self) -> list[Any]:
        return [one for one in self.policies.all.values() if one.enabled.value]

    def _changed(self, name: str) -> None:
        """Take in that a policy is new, another or gone; what is no longer evaluated is closed."""
        policy = self.policies.all.get(name)
        if policy is None:
            self._since.pop(name, None)
        else:
            self._since[name] = self._world.now
        there = {condition.name for one in self._enabled() for condition in one.conditions}
        self._watches = {key: watch for key, watch in self._watches.items() if key in there}
        for key, incident in self.incidents.of(name).items():
            if incident.condition.name not in there:
                self.incidents.close(key, "the policy no longer has the condition")
        self._stir()

    def _stir(self) -> None:
        self._stirred, self._rests = self._world.now, False
        self._plan()

    def _on_data(self) -> None:
        if self._rests:
            self._stir()

    def _plan(self) -> None:
        """Put the next evaluation on the agenda, if there is anything to evaluate and none is planned sooner."""
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None
        soon = milliseconds(self._world.now) // TICK * TICK + TICK
        due = self._resting_until() if self._rests else soon
        if due is not None and self._enabled():
            self._entry = self._world.at(moment(max(due, soon)), self._tick)

    def _resting_until(self) -> int | None:
        """Return when the first incident is closed by its time-out, or a channel is to be reminded."""
        times = [self.incidents.times_out(one) for one in self.incidents.open.values()]
        for one in self.incidents.open.values():
            every = [
                how.renotify_interval.ToTimedelta() for how in one.policy.alert_strategy.notification_channel_strategy
            ]
            times += [(one.told or one.opened) + each for each in every]
        return -(-milliseconds(min(times)) // TICK) * TICK if times else None

    def _tick(self) -> None:
        self._entry = None
        try:
            for policy in self._enabled():
                self._evaluate(policy)
            self._rests = self._nothing_can_change()
        finally:
            self._plan()

    def _evaluate(self, policy: Any) -> None:
        now = self._world.now
        for condition in policy.conditions:
            watch = self._watches.setdefault(condition.name, Watch())
            if milliseconds(now) // 1000 % interval(condition) == 0:
                found = self._look(policy, condition)
                if found is not None:
                    watch.take(condition, found, now)
        for incident in self.incidents.time_out(policy):
            self._timed_out(incident)
        met = {condition.name: self._watches[condition.name].met for condition in policy.conditions}
        self.incidents.settle(policy, violations(policy, met))
        self.incidents.remind(policy)

    def _timed_out(self, incident: Incident) -> None:
        """Let what an incident was about begin anew."""
        self._stirred = self._world.now
        for condition in incident.policy.conditions:
            watch = self._watches.setdefault(condition.name, Watch())
            for key in [key for key, one in watch.met.items() if concerns(incident, condition, one)]:
                watch.restart(key)

    def _look(self, policy: Any, condition: Any) -> Found | None:
        store, now = self._monitoring.store, self._world.now
        try:
            return look(condition, store, now, self._monitoring.project, self._since[policy.name])
        except (EvaluationError, ApiError):
            return None  # as with the real one, what cannot be evaluated stays as it was

    def _nothing_can_change(self) -> bool:
        """Say whether every condition has seen the last of the data, and no clock alone can move it."""
        times = [settled_after(condition) for policy in self._enabled() for condition in policy.conditions]
        longest = timedelta()
        for one in times:
            if one is None:
                return False
            longest = max(longest, one)
        return self._world.now - max(self._stirred, moment(self._monitoring.store.newest)) > longest


def _shown(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "policy": incident.policy.display_name,
        "policy_name": incident.policy.name,
        "condition": incident.condition.display_name,
        "state": incident.state,
        "opened": incident.opened.isoformat(),
        "closed": incident.closed.isoformat() if incident.closed else "",
        "why": incident.why,
        "labels": {**incident.reading.resource, **incident.reading.metric},
        "value": incident.reading.value,
    }
