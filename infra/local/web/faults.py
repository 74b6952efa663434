"""The menu of faults: what can be broken by hand, and how to take it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.web.accidents import accidents
from infra.local.web.alert_faults import alert_faults
from infra.local.web.fault_kinds import ANY, BadFaultError, Fault, key_of, once, switches

__all__ = ["BadFaultError", "Menu"]


class Menu:
    """Faults by id. ``targets`` are the functions whose next invocations die as often as ``doomed`` says.

    What is on is kept with the world, so a cloud that was kept still knows it.
    """

    def __init__(
        self, cloud: Cloud, topics: Sequence[str], targets: Sequence[str] = (), doomed: Counter[str] | None = None
    ) -> None:
        self._world = cloud.world
        services = [*switches(cloud, topics), *once(cloud, topics)]
        every = [*services, *accidents(cloud, targets, doomed), *alert_faults(cloud)]
        self._faults = {fault.id: fault for fault in every}

    def shown(self) -> dict[str, Any]:
        """Return the menu, and what is on or still to come."""
        menu = [{**fault.shown(), "met": self._ever(fault)} for fault in self._faults.values()]
        return {"menu": menu, "active": [*self._on(), *self._to_come()]}

    def _on(self) -> Iterator[dict[str, Any]]:
        for key, (name, values, before) in self._world.faults.by_hand.items():
            fault, detail = self._faults[name], ", ".join(value for value in values.values() if value != ANY)
            met = self._count(fault, values)
            since = None if met is None else met - before
            yield {"key": key, "id": name, "title": fault.title, "detail": detail, "met": since, "left": None}

    def _to_come(self) -> Iterator[dict[str, Any]]:
        for fault in self._faults.values():
            for value, left in sorted((fault.armed or {}).items()):
                if left > 0 and value in (fault.fields[0].choices or ()):
                    about = {"id": fault.id, "title": fault.title, "detail": value, "met": None, "left": left}
                    yield {"key": f"{fault.id}/{value}", **about}

    def _count(self, fault: Fault, values: Mapping[str, str]) -> int | None:
        if fault.counted is None:
            return None
        return sum(self._world.faults.seen[name] for name in fault.counted(values))

    def _ever(self, fault: Fault) -> int | None:
        """Return how often a fault was met at all, wherever."""
        if fault.counted is None:
            return None
        kinds = {name.partition("/")[0] for name in fault.counted({f.name: f.value for f in fault.fields})}
        if "unavailable" in kinds:
            return None  # several faults are met as that: the active ones say how often each was
        return sum(self._world.faults.seen[kind] for kind in kinds)

    def set(self, fault_id: str, given: Mapping[str, Any]) -> None:
        """Break something; what is on already is replaced. Raises BadFaultError with what would be right."""
        fault = self._faults.get(fault_id)
        if fault is None:
            raise BadFaultError(f"there is no fault {fault_id}; there is: {', '.join(self._faults)}")
        values = {field.name: field.read(given.get(field.name)) for field in fault.fields}
        if fault.end is None:
            fault.begin(values)
            return
        key, by_hand = key_of(fault, values), self._world.faults.by_hand
        if key in by_hand:
            self.take_back(key)
        values |= fault.found(values) if fault.found else {}
        fault.begin(values)
        by_hand[key] = (fault.id, values, self._count(fault, values) or 0)

    def take_back(self, key: str) -> None:
        """Mend what was broken, or have no more of it. Raises BadFaultError if nothing of that key is on."""
        name, _, value = key.partition("/")
        one, fault = self._world.faults.by_hand.pop(key, None), self._faults.get(name)
        if one is not None and fault is not None and fault.end is not None:
            fault.end(one[1])
        elif fault is not None and fault.armed is not None and fault.armed[value] > 0:
            del fault.armed[value]
        else:
            raise BadFaultError(f"no such fault is on: {key}")
