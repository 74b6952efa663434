"""How one unit stands, in words: capacity, workload, traffic, what is under way, and what a person must do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shared.blocks.kit import lines, safe
from shared.blocks.view import Work
from shared.domain.conditions import Condition, ConditionType, Reason, Truth, find
from shared.domain.inventory import Status, Unit
from shared.domain.names import GLOBAL

REMEDY = ". To mend it: "
"""Separates what is wrong from what to do in the message of Stalled."""
_COMMAND = re.compile(r"\b(?:gcloud|kubectl) .+")
_ASPECTS = (
    (ConditionType.CAPACITY_READY, "Capacity"),
    (ConditionType.WORKLOAD_READY, "Workload"),
    (ConditionType.TRAFFIC_READY, "Traffic"),
)


def unit_text(work: Work) -> str:
    """Return the paragraph about one unit."""
    if work.status is None or not work.status.conditions:
        return f"*{unit_name(work.unit)}:* not started yet"
    aspects = _aspects(work.status)
    said = [f"*{unit_name(work.unit)}:* {headline(work)}", *aspects]
    said += [_under_way(work.status, "\n".join(aspects))] if not work.done else []
    if work.trouble:
        said.append(trouble_text(work.trouble))
    return "\n".join(line for line in said if line)


def unit_name(unit: Unit) -> str:
    """Return a unit's name for people: the region, or what is behind it."""
    if unit.is_platform:
        return "project and fleet" if unit.location == GLOBAL else f"{safe(unit.location)} cluster"
    return "traffic between regions" if unit.location == GLOBAL else safe(unit.location)


def headline(work: Work) -> str:
    """Return how a unit stands in a few words, the word before the picture."""
    if work.status is None or not work.status.conditions:
        return "Not started yet"
    ready = find(work.status.conditions, ConditionType.READY)
    if work.done:
        gone = ready is not None and ready.reason is Reason.REMOVED
        return "Removed :white_check_mark:" if gone else "Ready :white_check_mark:"
    if work.trouble:
        return "Waits for a person :warning:"
    progress = work.status.report.get("progress", "")
    done, _, wanted = progress.partition("/")
    return f"In progress, {safe(done)} of {safe(wanted)} parts as wanted" if wanted else "In progress"


def _aspects(status: Status) -> list[str]:
    found = ((find(status.conditions, kind), name) for kind, name in _ASPECTS)
    return [f"{name}: {condition_text(condition)}" for condition, name in found if condition]


def condition_text(condition: Condition) -> str:
    """Say what a condition means: the word first, then the reason in a sentence."""
    if condition.reason is Reason.REMOVED:
        return "removed"
    word = {Truth.TRUE: "ready", Truth.FALSE: "not yet", Truth.UNKNOWN: "cannot be seen"}[condition.status]
    why = condition.message if condition.status is not Truth.TRUE else ""
    return f"{word}: {safe(why, 400)}" if why else word


def _under_way(status: Status, above: str) -> str:
    """Say what is under way beside what stands above already."""
    found = find(status.conditions, ConditionType.RECONCILING)
    if found is None or found.status is not Truth.TRUE:
        return ""
    more = [part for part in found.message.split("; ") if part and safe(part, 400) not in above]
    return f"Under way: {safe('; '.join(more), 600)}" if more else ""


def trouble_text(message: str) -> str:
    """Return what is wrong, and what to do about it in full, ready to be copied."""
    said = ["*A person is needed:*"]
    for line in message.split("\n"):
        wrong, _, remedy = line.partition(REMEDY)
        said.append(safe(wrong, 600))
        said += _mend(remedy)
    return lines(said, 2400)


def _mend(remedy: str) -> list[str]:
    """Return what to do as a sentence, and a command in it apart, so that it can be copied."""
    found = _COMMAND.search(remedy)
    if found is None:
        return [f"To mend it: {safe(remedy, 1200)}"] if remedy else []
    words = remedy[: found.start()].strip()
    return [*([f"To mend it: {safe(words, 600)}"] if words else []), f"```{safe(found[0], 1200)}```"]


def addresses(statuses: Iterable[Status]) -> list[tuple[str, str]]:
    """Return place and address of every endpoint that the statuses report, in order and once."""
    found: dict[tuple[str, str], None] = {}
    for status in sorted(statuses, key=lambda status: status.unit):
        for key, value in sorted(status.report.items()):
            word, _, place = key.partition("/")
            if word == "address" and value:
                found[place or status.unit.location, value] = None
    return list(found)
