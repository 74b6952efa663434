"""Faults of the services themselves: some stay until they are taken back, some are met once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.durations import SECONDS
from infra.local.cloud.faults import Faults
from infra.local.cloud.regions import REGION_QUOTA, SHAPES, ZONES, zones_of

ANY = "any"
_DOWN = ("gke", "compute", "fleet", "kubernetes", "network")
"""What of a region is gone while it is out."""
_FIRST = ("us-east4", "europe-west3")
"""The regions that the examples speak of come first in every list."""
_CHANGED = ("gke", "compute", "fleet", "kubernetes", "firestore", "slack")
"""Services at which the product changes something."""
Values = Mapping[str, str]


class BadFaultError(Exception):
    """What was asked for cannot be broken; says what can."""


@dataclass(frozen=True)
class Field:
    """One choice of a fault; without ``choices`` it is a number between ``least`` and ``most``."""

    name: str
    label: str
    value: str
    choices: Sequence[str] | None = None
    least: float = 1
    most: float = 1000
    whole: bool = True

    def read(self, given: object) -> str:
        """Return the value that was chosen, or the default. Raises BadFaultError if it is none of the choices."""
        text = self.value if given in {None, ""} else str(given)
        if self.choices is not None and text not in self.choices:
            raise BadFaultError(f"{self.label}: {text} is none of {', '.join(self.choices)}")
        if self.choices is None and not self._fits(text):
            kind = "a whole number" if self.whole else "a number"
            raise BadFaultError(f"{self.label}: {text[:40]} is not {kind} from {self.least:g} to {self.most:g}")
        return text

    def _fits(self, text: str) -> bool:
        if not re.fullmatch(r"\d{1,9}" if self.whole else r"\d{1,9}(\.\d{1,9})?", text):
            return False
        return self.least <= float(text) <= self.most


@dataclass(frozen=True)
class Fault:
    """Something that can be broken; with an ``end`` it stays broken until then."""

    id: str
    title: str
    help: str
    fields: Sequence[Field]
    begin: Callable[[Values], object]
    end: Callable[[Values], object] | None = None
    counted: Callable[[Values], Sequence[str]] | None = None
    """Under which names the world counts its meetings, where it does."""
    armed: Counter[str] | None = None
    """What is still to be met of a fault that is spent, by the value of its first field; others may share it."""
    found: Callable[[Values], Values] | None = None
    """What of the world is meant, found out when it is broken. Raises BadFaultError if there is nothing."""

    def shown(self) -> dict[str, Any]:
        """Return it as the page reads it."""
        fields = [
            {"name": f.name, "label": f.label, "value": f.value, "choices": list(f.choices) if f.choices else None}
            for f in self.fields
        ]
        kind = "switch" if self.end else "once"
        return {"id": self.id, "title": self.title, "help": self.help, "fields": fields, "kind": kind}


def regions() -> list[str]:
    """Return all regions, those of the examples first."""
    return [*_FIRST, *(region for region in ZONES if region not in _FIRST)]


def key_of(fault: Fault, values: Values) -> str:
    """Return what a fault that is on goes by: which it is, and where; not how much."""
    return "/".join([fault.id, *(values[f.name] for f in fault.fields if f.choices is not None)])


def switches(cloud: Cloud, topics: Sequence[str]) -> list[Fault]:
    """Return the faults that stay until they are taken back."""
    faults = cloud.world.faults
    return [_stockout(faults), _quota(faults), _outage(faults), *_delays(faults, topics), _slack_down(faults)]


def _stockout(faults: Faults) -> Fault:
    zones = [zone for region in regions() for zone in zones_of(region)]
    machines = [ANY, *(name for name, shape in SHAPES.items() if shape.gpus)]

    def place(values: Values) -> str:
        return values["zone"] if values["machine"] == ANY else f"{values['zone']}/{values['machine']}"

    return Fault(
        "stockout",
        "Machines sold out",
        "No new machine is to be had in this zone; those that run stay. Pools there cannot be made and cannot grow, "
        "and the deployment's card says what else there is.",
        [Field("zone", "Zone", zones[0], zones), Field("machine", "Machine type", ANY, machines)],
        lambda v: faults.stockout.add(place(v)),
        lambda v: faults.stockout.discard(place(v)),
        lambda v: [f"stockout/{place(v)}"],
    )


def _quota(faults: Faults) -> Fault:
    gpus = [name for name in REGION_QUOTA if name.endswith("_GPUS")]
    return Fault(
        "quota",
        "Quota cut",
        "The project may have fewer GPUs here than it wants. Plans say so before anyone approves; pools that "
        "need more wait, and the card says for what.",
        [
            Field("region", "Region", regions()[0], regions()),
            Field("metric", "Quota", "NVIDIA_H100_GPUS", gpus),
            Field("limit", "Limit", "0", least=0),
        ],
        lambda v: faults.quota.update({(v["region"], v["metric"]): int(v["limit"])}),
        lambda v: faults.quota.pop((v["region"], v["metric"]), None),
    )


def _outage(faults: Faults) -> Fault:
    def parts(values: Values) -> set[str]:
        return {f"{part}/{spot}" for part in _DOWN for spot in (values["region"], *zones_of(values["region"]))}

    return Fault(
        "outage",
        "Region outage",
        "Nothing in this region answers: neither its APIs nor its machines. Traffic goes to the other regions; "
        "the card says what could not be seen. Nothing is deleted.",
        [Field("region", "Region", regions()[0], regions())],
        lambda v: faults.unavailable.update(parts(v)),
        lambda v: faults.unavailable.difference_update(parts(v)),
        lambda v: [f"unavailable/{part}" for part in parts(v)],
    )


def _delays(faults: Faults, topics: Sequence[str]) -> list[Fault]:
    kind = Field("kind", "Operation", "CREATE_NODE_POOL", sorted(SECONDS))
    return [
        Fault(
            "slow",
            "Slow operations",
            "Operations of this kind that begin from now on take so many times as long.",
            [kind, Field("factor", "Times as long", "5", least=0.1, most=100, whole=False)],
            lambda v: faults.slow.update({v["kind"]: float(v["factor"])}),
            lambda v: faults.slow.pop(v["kind"], None),
            lambda v: [f"slow/{v['kind']}"],
        ),
        Fault(
            "late",
            "Messages late",
            "Pub/Sub delivers every message of this topic so many seconds late.",
            [Field("topic", "Topic", topics[0], topics), Field("seconds", "Seconds late", "120", most=86_400)],
            lambda v: faults.late.update({v["topic"]: float(v["seconds"])}),
            lambda v: faults.late.pop(v["topic"], None),
            lambda v: [f"late/{v['topic']}"],
        ),
    ]


def _slack_down(faults: Faults) -> Fault:
    return Fault(
        "slack-down",
        "Slack down",
        "Slack's Web API answers 503: cards stand still while the work goes on, and are put right afterwards.",
        [],
        lambda _: faults.unavailable.add("slack"),
        lambda _: faults.unavailable.discard("slack"),
        lambda _: ["unavailable/slack"],
    )


def once(cloud: Cloud, topics: Sequence[str]) -> list[Fault]:
    """Return the faults that are spent when they are met."""
    faults = cloud.world.faults
    methods = ("chat.update", "chat.postMessage", "views.publish")
    return [
        _spent(
            ("failing", "Operation fails"),
            "The next operations of this kind end in an internal error. They are tried again after a pause.",
            Field("kind", "Operation", "CREATE_NODE_POOL", sorted(SECONDS)),
            faults.failing,
        ),
        _spent(
            ("lost", "Messages lost"),
            "The next messages of this topic are accepted and never delivered. The sweep finds what was forgotten.",
            Field("topic", "Topic", topics[0], topics),
            faults.lost,
        ),
        _spent(
            ("duplicate", "Messages doubled"),
            "The next messages of this topic are delivered twice. Nothing may happen twice because of it.",
            Field("topic", "Topic", topics[0], topics),
            faults.duplicate,
        ),
        _spent(
            ("answer-lost", "Answers lost"),
            "The next changes at this service take effect, but the caller hears only that time ran out.",
            Field("service", "Service", _CHANGED[0], _CHANGED),
            faults.answer_lost,
        ),
        _spent(
            ("rate-limited", "Slack says: too fast"),
            "The next calls of this method are answered 429 with Retry-After.",
            Field("method", "Method", methods[0], methods),
            faults.rate_limited,
        ),
    ]


def _spent(name: tuple[str, str], help_text: str, field: Field, budget: Counter[str]) -> Fault:
    counter = name[0].replace("-", "_")
    return Fault(
        *name,
        help_text,
        [field, Field("count", "How many", "1")],
        lambda v: budget.update({v[field.name]: int(v["count"])}),
        counted=lambda v: [f"{counter}/{v[field.name]}"],
        armed=budget,
    )
