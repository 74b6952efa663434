"""Incidents: opened and closed as the conditions of a policy say, or for want of data, and told to the channels."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import Any

from google.cloud import monitoring_v3

from infra.local.cloud.alerting_conditions import Key, Reading, last_data
from infra.local.cloud.monitoring_store import Store
from infra.local.cloud.notifications import Incident, message
from infra.local.cloud.notifications_sender import Sender
from infra.local.cloud.world import World

AUTO_CLOSE = timedelta(days=7)
REMEMBERED = 500
NO_LONGER_MET = "the condition is no longer met"
TIMED_OUT = "closed by its time-out"
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_Combiner = monitoring_v3.AlertPolicy.ConditionCombinerType
_CLOSED = monitoring_v3.AlertPolicy.AlertStrategy.NotificationPrompt.CLOSED
Violations = Mapping[Hashable, tuple[Any, Reading]]
"""What there is to open incidents for: the condition that tells of it, and its series."""


def violations(policy: Any, met: Mapping[str, Mapping[Key, Reading]]) -> Violations:
    """Return for what a policy has an incident, by what each condition's series met."""
    every = [(condition, met.get(condition.name, {})) for condition in policy.conditions]
    if policy.combiner == _Combiner.OR or len(every) == 1:
        return {(one.name, key): (one, reading) for one, series in every for key, reading in series.items()}
    if policy.combiner == _Combiner.AND:
        first = next(iter(every[0][1].values()), None)
        return {policy.name: (every[0][0], first)} if first and all(series for _, series in every) else {}
    places = [{_place(reading): reading for reading in series.values()} for _, series in every]
    shared = set(places[0]).intersection(*places[1:])
    return {(policy.name, place): (every[0][0], places[0][place]) for place in shared}


def _place(reading: Reading) -> Key:
    return tuple(sorted({**reading.resource, "": reading.resource_type}.items()))


def concerns(incident: Incident, condition: Any, reading: Reading) -> bool:
    """Say whether a series of a condition is one that an incident was opened for."""
    match incident.policy.combiner:
        case _Combiner.AND if len(incident.policy.conditions) > 1:
            return True
        case _Combiner.AND_WITH_MATCHING_RESOURCE if len(incident.policy.conditions) > 1:
            return _place(incident.reading) == _place(reading)
    return bool(incident.condition.name == condition.name) and incident.reading.key == reading.key


def auto_close(policy: Any) -> timedelta:
    """Return after how long without data an incident of a policy is closed."""
    strategy = policy.alert_strategy
    found: timedelta = strategy.auto_close.ToTimedelta() if strategy.HasField("auto_close") else AUTO_CLOSE
    return found


class Incidents:
    """All incidents of the project."""

    def __init__(self, world: World, store: Store, sender: Sender, project: str, number: str) -> None:
        self.open: dict[Hashable, Incident] = {}
        """By what they are for."""
        self.closed: deque[Incident] = deque(maxlen=REMEMBERED)
        """The last ones, oldest first."""
        self._world = world
        self._store = store
        self._sender = sender
        self._project, self._number = project, number
        self._made = 0

    def of(self, policy: str) -> dict[Hashable, Incident]:
        """Return the open incidents of a policy."""
        return {key: one for key, one in self.open.items() if one.policy.name == policy}

    def settle(self, policy: Any, found: Violations) -> None:
        """Open and close what a policy's conditions say."""
        for key, incident in self.of(policy.name).items():
            incident.policy = policy
            if key in found:
                incident.condition, incident.reading = found[key]
            else:
                self.close(key, NO_LONGER_MET)
        for key, (condition, reading) in found.items():
            if key not in self.open:
                self.begin(key, policy, condition, reading)

    def begin(self, key: Hashable, policy: Any, condition: Any, reading: Reading) -> Incident:
        """Open an incident and tell its channels."""
        self._made += 1
        dice = self._world.dice(f"incident {self._made}")
        name = "0." + "".join(dice.choices(_LETTERS, k=12))
        incident = Incident(name, policy, condition, reading, key, opened=self._world.now)
        self.open[key] = incident
        self.tell(incident)
        return incident

    def close(self, key: Hashable, why: str) -> Incident:
        """Close an incident and tell its channels."""
        incident = self.open.pop(key)
        incident.closed, incident.why = self._world.now, why
        self.closed.append(incident)
        self.tell(incident)
        return incident

    def time_out(self, policy: Any) -> list[Incident]:
        """Close what has had no data for too long, and return it. What goes on being measured is never closed so."""
        late = [key for key, one in self.of(policy.name).items() if self.times_out(one) <= self._world.now]
        return [self.close(key, TIMED_OUT) for key in late]

    def times_out(self, incident: Incident) -> datetime:
        """Return when an open incident is closed by its time-out if no more data come."""
        wait = auto_close(incident.policy)
        if self._world.now < incident.opened + wait:
            return incident.opened + wait  # whatever the data, which cost more to look for
        seen = last_data(incident.condition, incident.reading, self._store)
        return max(incident.opened, seen or incident.opened) + wait

    def remind(self, policy: Any) -> None:
        """Tell the channels that want to be reminded of what is still open."""
        for one in policy.alert_strategy.notification_channel_strategy:
            every = one.renotify_interval.ToTimedelta()
            for incident in self.of(policy.name).values():
                if incident.told is not None and self._world.now - incident.told >= every:
                    self.tell(incident, set(one.notification_channel_names))

    def tell(self, incident: Incident, only: set[str] | None = None) -> None:
        """Send an incident's state to its policy's channels, or to ``only`` these."""
        prompts = list(incident.policy.alert_strategy.notification_prompts)
        if incident.closed and prompts and _CLOSED not in prompts:
            return
        incident.told = self._world.now
        body = message(incident, self._project, self._number)
        for channel in incident.policy.notification_channels:
            if only is None or channel in only:
                self._sender.send(channel, body)
