"""Where requests go: from each Gateway address to the regions whose servers take them, and what these do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.kube.controllers.answers import Answer
from infra.local.cloud.kube.values import at
from infra.local.web.clusters import OURS
from infra.local.web.load_places import Place, places
from infra.local.web.load_pulse import short

_SERVED_BY = "x-served-by"
_OK = 200
Signals = Mapping[tuple[str, str], Mapping[str, Any]]
"""What the model servers of a deployment and region do."""


def traffic(cloud: Cloud, signals: Signals) -> list[dict[str, Any]]:
    """Return each Gateway's address: what comes there, and the part of it that each region takes.

    Where no load runs, a single request finds out which region answers.
    """
    streams = [one for one in cloud.load.shown().values() if one["runs"]]
    every = places(cloud)
    backends = {name: _backends(cloud, name, signals) for name in {one.deployment for one in every}}
    return [_row(cloud, place, streams, backends[place.deployment]) for place in every]


def _row(cloud: Cloud, place: Place, streams: list[dict[str, Any]], backends: list[dict[str, Any]]) -> dict[str, Any]:
    here = [one for one in streams if one["aim"] == place.address]
    taken = sum((Counter(one["regions"]) for one in here), Counter[str]())
    server = _serving(cloud, place.address)
    parts = taken or Counter({server: 1})
    shares = {region: round(count / parts.total(), 2) for region, count in parts.items()}
    return {
        "deployment": place.deployment,
        "region": place.region,
        "address": place.address,
        "state": "answers" if server else "no answer",
        "arriving": short(sum(one["rate"] for one in here)),
        "spilt": round(1 - shares.get(place.region, 0.0), 2) if taken else None,
        "backends": [{**one, "share": shares.get(one["region"], 0.0)} for one in backends],
    }


def _backends(cloud: Cloud, name: str, signals: Signals) -> list[dict[str, Any]]:
    found = []
    for key, objects in sorted(cloud.kube.clusters.items()):
        server = objects.find("Deployment.apps", f"{OURS}{name}", name)
        if server is not None:
            region = key.split("/")[3]
            ready, wanted = at(server, "status", "readyReplicas") or 0, at(server, "spec", "replicas") or 0
            does = signals.get((name, region))
            found.append({"region": region, "ready": ready, "wanted": wanted, "does": does})
    return found


def _serving(cloud: Cloud, address: str) -> str:
    """Ask through the Gateway for its models; return the region whose server answered, or the empty string."""
    with cloud.world.faults.uncounted():
        answer = cloud.controllers.request(address, 80, "/v1/models")
    good = isinstance(answer, Answer) and answer.status == _OK
    return str(answer.headers.get(_SERVED_BY, "")).rsplit("/", 1)[-1] if good else ""  # type: ignore[union-attr]  # good says so
