"""The load of the page: who can be asked, by how many, and what runs.

Streams belong to the cloud, and are kept with it. A stream goes by a sentence that says what it is; the same one runs
only once at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.load import Stream
from infra.local.web.fault_kinds import BadFaultError, Field
from infra.local.web.load_kinds import LENGTHS, SHAPES, LengthKind, ShapeKind
from infra.local.web.load_places import Place, places
from infra.local.web.load_pulse import short
from infra.local.web.load_rates import SIGMA, bears, fitted, longest

LEVELS = ("50 %", "90 %", "130 %", "200 %")
_RATE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*(%?)")
_MOST, _MOST_PERCENT = 500.0, 1000.0
_DAY_MINUTES = 1440


@dataclass(frozen=True)
class _Asked:
    """A load as it was asked for, read and found possible."""

    place: Place
    shape: ShapeKind
    lengths: LengthKind
    level: str
    rate: float
    minutes: float

    @property
    def name(self) -> str:
        """The sentence that it goes by."""
        where = f"{self.place.deployment} in {self.place.region}"
        return f"{where}: {self.shape.title.lower()}, {self.level}, {self.lengths.title.lower()}"


class Loads:
    """Loads on the deployments that serve. Its methods are called inside the cloud's loop."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def shown(self) -> dict[str, Any]:
        """Return who can be asked, what there is to choose from, and what runs or ran."""
        return {
            "places": [_shown(place) for place in self._serving()],
            "shapes": [{"id": one.id, "title": one.title, "help": one.help} for one in SHAPES],
            "lengths": [{"id": one.id, "title": one.title} for one in LENGTHS],
            "levels": list(LEVELS),
            "streams": list(self._streams()),
        }

    def start(self, fields: Mapping[str, Any]) -> str:
        """Begin a load; return what it goes by. Raises BadFaultError or ValueError with what would be right."""
        asked = self._read(fields)
        server, mean = asked.place.servers[0], asked.lengths.mean
        stream = Stream(
            asked.place.model,
            tuple(asked.shape.marks(asked.rate, fitted(mean, server.physics), asked.minutes)),
            gateway=asked.place.gateway,
            region=asked.place.region,
            sigma=SIGMA,
            longest=longest(server.physics),
            repeat=asked.shape.repeat,
            minutes=asked.minutes,
        )
        self._cloud.load.start(asked.name, stream)
        return asked.name

    def stop(self, name: str) -> None:
        """End a load. Raises ValueError when none of this name runs."""
        self._cloud.load.stop(name)

    def _serving(self) -> list[Place]:
        return [place for place in places(self._cloud) if place.servers]

    def _read(self, fields: Mapping[str, Any]) -> _Asked:
        serving = self._serving()
        if not serving:
            raise BadFaultError("no deployment serves now; deploy a model first, and wait until it does")
        deployment = _chosen("deployment", "Deployment", [place.deployment for place in serving], fields)
        here = {place.region: place for place in serving if place.deployment == deployment}
        place = here[_chosen("region", "Region", list(here), fields)]
        shape = {one.id: one for one in SHAPES}[_chosen("shape", "Shape", [one.id for one in SHAPES], fields)]
        lengths = {one.id: one for one in LENGTHS}[_chosen("lengths", "Requests", [one.id for one in LENGTHS], fields)]
        minutes = Field("minutes", "Minutes", "120", most=_DAY_MINUTES).read(fields.get("minutes"))
        level, rate = _rate(str(fields.get("rate") or LEVELS[2]), _bears(place, lengths))
        return _Asked(place, shape, lengths, level, rate, float(minutes))

    def _streams(self) -> Iterator[dict[str, Any]]:
        for name, shown in self._cloud.load.shown().items():
            figures = {**shown, "rate": short(shown["rate"]), "ends": self._moment(shown["ends"])}
            yield {"key": name, **figures}

    def _moment(self, seconds: object) -> str | None:
        """Return a time on the servers' clock as everybody reads it."""
        if not isinstance(seconds, float):
            return None
        left = seconds - self._cloud.controllers.engines.now
        return (self._cloud.world.now + timedelta(seconds=left)).isoformat(timespec="seconds")


def _chosen(name: str, label: str, choices: list[str], fields: Mapping[str, Any]) -> str:
    return Field(name, label, choices[0], list(dict.fromkeys(choices))).read(fields.get(name))


def _rate(text: str, borne: float) -> tuple[str, float]:
    """Return a level in its usual writing, and the requests per second that it means."""
    found = _RATE.fullmatch(text.strip())
    number, relative = (float(found[1]), bool(found[2])) if found else (0.0, False)
    if not 0 < number <= (_MOST_PERCENT if relative else _MOST):
        raise BadFaultError(
            f"How much: {text[:40]} is neither a share of what the region bears, such as 130 %, at most "
            f"{_MOST_PERCENT:g} %, nor requests per second, such as 4.5, at most {_MOST:g}"
        )
    return (f"{number:g} %", borne * number / 100) if relative else (f"{number:g}/s", number)


def _bears(place: Place, lengths: LengthKind) -> float:
    """Return the requests per second that the servers of a place bear together."""
    return sum(bears(one.physics, fitted(lengths.mean, one.physics)) for one in place.servers)


def _shown(place: Place) -> dict[str, Any]:
    borne = {one.id: short(_bears(place, one)) for one in LENGTHS}
    return {"deployment": place.deployment, "region": place.region, "servers": len(place.servers), "bears": borne}
