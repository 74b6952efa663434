"""The menu of faults: what can be broken by hand, and how to take it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.web.accidents import accidents
from infra.local.web.fault_kinds import ANY, BadFaultError, Fault, Field, once, switches

__all__ = ["ANY", "BadFaultError", "Fault", "Field", "Menu"]
Kill = Callable[[str], None]


@dataclass(frozen=True)
class _Active:
    """A fault that is on: which, with which choices."""

    fault: str
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        return "/".join([self.fault, *self.values.values()])

    @property
    def detail(self) -> str:
        return ", ".join(value for value in self.values.values() if value != ANY)


class Menu:
    """Faults by id. ``targets`` are the functions that ``kill`` can end in the middle of their next invocation."""

    def __init__(
        self, cloud: Cloud, topics: Sequence[str], targets: Sequence[str] = (), kill: Kill | None = None
    ) -> None:
        self._cloud = cloud
        every = [*switches(cloud, topics), *once(cloud, topics), *accidents(cloud, targets, kill)]
        self._faults = {fault.id: fault for fault in every}
        self._active: dict[str, _Active] = {}

    def shown(self) -> dict[str, Any]:
        """Return the menu, what is on, and how often each kind of fault was really met."""
        active = [{"key": key, **self._shown(one)} for key, one in self._active.items()]
        met = {name: count for name, count in sorted(self._cloud.world.faults.seen.items()) if count}
        return {"menu": [fault.shown() for fault in self._faults.values()], "active": active, "met": met}

    def _shown(self, one: _Active) -> dict[str, Any]:
        fault = self._faults[one.fault]
        met = self._cloud.world.faults.seen[fault.counted_as]
        return {"id": fault.id, "title": fault.title, "detail": one.detail, "met": met}

    def set(self, fault_id: str, given: Mapping[str, Any]) -> None:
        """Break something. Raises BadFaultError with what would be right."""
        fault = self._faults.get(fault_id)
        if fault is None:
            raise BadFaultError(f"there is no fault {fault_id}; there is: {', '.join(self._faults)}")
        values = {field.name: field.read(given.get(field.name)) for field in fault.fields}
        fault.begin(values)
        if fault.end is not None:
            one = _Active(fault.id, values)
            self._active[one.key] = one

    def take_back(self, key: str) -> None:
        """Mend what was broken. Raises BadFaultError if nothing of that key is on."""
        one = self._active.pop(key, None)
        if one is None:
            raise BadFaultError(f"no such fault is on: {key}")
        end = self._faults[one.fault].end
        if end is not None:
            end(one.values)
