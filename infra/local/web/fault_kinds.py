"""Faults of the services themselves: some stay until they are taken back, some are met once."""

from __future__ import annotations

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
    """One choice of a fault; without ``choices`` it is a number."""

    name: str
    label: str
    value: str
    choices: Sequence[str] | None = None

    def read(self, given: object) -> str:
        """Return the value that was chosen, or the default. Raises BadFaultError if it is none of the choices."""
        text = self.value if given in {None, ""} else str(given)
        if self.choices is not None and text not in self.choices:
            raise BadFaultError(f"{self.label}: {text} is none of {', '.join(self.choices)}")
        if self.choices is None and not text.replace(".", "", 1).isdigit():
            raise BadFaultError(f"{self.label}: {text} is not a number")
        return text


@dataclass(frozen=True)
class Fault:
    """Something that can be broken; with an ``end`` it stays broken until then."""

    id: str
    title: str
    help: str
    fields: Sequence[Field]
    begin: Callable[[Values], object]
    end: Callable[[Values], object] | None = None
    counted_as: str = ""
    """Under which name the world counts its meetings."""

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
        "stockout",
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
            Field("limit", "Limit", "0"),
        ],
        lambda v: faults.quota.update({(v["region"], v["metric"]): int(float(v["limit"]))}),
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
        "unavailable",
    )


def _delays(faults: Faults, topics: Sequence[str]) -> list[Fault]:
    kind = Field("kind", "Operation", "CREATE_NODE_POOL", sorted(SECONDS))
    return [
        Fault(
            "slow",
            "Slow operations",
            "Operations of this kind that begin from now on take so many times as long.",
            [kind, Field("factor", "Times as long", "5")],
            lambda v: faults.slow.update({v["kind"]: float(v["factor"])}),
            lambda v: faults.slow.pop(v["kind"], None),
            "slow",
        ),
        Fault(
            "late",
            "Messages late",
            "Pub/Sub delivers every message of this topic so many seconds late.",
            [Field("topic", "Topic", topics[0], topics), Field("seconds", "Seconds late", "120")],
            lambda v: faults.late.update({v["topic"]: float(v["seconds"])}),
            lambda v: faults.late.pop(v["topic"], None),
            "late",
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
        "unavailable",
    )


def once(cloud: Cloud, topics: Sequence[str]) -> list[Fault]:
    """Return the faults that are spent when they are met."""
    faults = cloud.world.faults
    number = Field("count", "How many", "1")

    def count(values: Values) -> int:
        return int(float(values["count"]))

    return [
        Fault(
            "failing",
            "Operation fails",
            "The next operations of this kind end in an internal error. They are tried again after a pause.",
            [Field("kind", "Operation", "CREATE_NODE_POOL", sorted(SECONDS)), number],
            lambda v: faults.failing.update({v["kind"]: count(v)}),
        ),
        Fault(
            "lost",
            "Messages lost",
            "The next messages of this topic are accepted and never delivered. The sweep finds what was forgotten.",
            [Field("topic", "Topic", topics[0], topics), number],
            lambda v: faults.lost.update({v["topic"]: count(v)}),
        ),
        Fault(
            "duplicate",
            "Messages doubled",
            "The next messages of this topic are delivered twice. Nothing may happen twice because of it.",
            [Field("topic", "Topic", topics[0], topics), number],
            lambda v: faults.duplicate.update({v["topic"]: count(v)}),
        ),
        Fault(
            "answer-lost",
            "Answers lost",
            "The next changes at this service take effect, but the caller hears only that time ran out.",
            [Field("service", "Service", _CHANGED[0], _CHANGED), number],
            lambda v: faults.answer_lost.update({v["service"]: count(v)}),
        ),
        Fault(
            "rate-limited",
            "Slack says: too fast",
            "The next calls of this method are answered 429 with Retry-After.",
            [Field("method", "Method", "chat.update", ("chat.update", "chat.postMessage", "views.publish")), number],
            lambda v: faults.rate_limited.update({v["method"]: count(v)}),
        ),
    ]
