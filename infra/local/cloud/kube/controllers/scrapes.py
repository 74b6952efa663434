"""Managed Prometheus' collectors: they scrape the pods that each PodMonitoring selects, and hand on what these show.

There is one entry on the agenda for each cluster and interval, and none while nothing is to be scraped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import ClassVar

from infra.local.cloud.kube.controllers import command
from infra.local.cloud.kube.controllers.engines import Engines, short_name
from infra.local.cloud.kube.controllers.fleet import POOL
from infra.local.cloud.kube.controllers.loop import Context, Controller, Site
from infra.local.cloud.kube.controllers.pods import POD
from infra.local.cloud.kube.controllers.small import MONITORING
from infra.local.cloud.kube.controllers.values import holds, labels_of, owner_of, ready, selects
from infra.local.cloud.kube.values import Object, at, meta
from infra.local.cloud.monitoring_store import Scraped

_PICKER_PORT = 9090
_DURATION = re.compile(r"(\d+)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DEFAULT = "15s"


class Scrapes(Controller):
    """Scrapes model servers and endpoint pickers for as long as they are Ready and selected."""

    kinds: ClassVar = (MONITORING, POD)

    def __init__(self, context: Context, engines: Engines) -> None:
        super().__init__(context)
        self._engines = engines
        self._armed: set[tuple[str, float]] = set()
        """Clusters and intervals, in seconds, that are on the agenda."""

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Begin to scrape when there is something to."""
        del event
        if self.hooks.scrape is not None and (kind == MONITORING or ready(obj)):
            self.look(site, "", "")

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Put the next scrapes on the agenda, unless they are on it."""
        del namespace, name
        for interval in {seconds(one) for _, one in _endpoints(site)}:
            if (site.key, interval) not in self._armed:
                self._armed.add((site.key, interval))
                self.world.after(timedelta(seconds=interval), partial(self._round, site, interval))

    def detached(self, site: Site) -> None:
        """Forget a cluster that has gone."""
        super().detached(site)
        self._armed = {key for key in self._armed if key[0] != site.key}

    def _round(self, site: Site, interval: float) -> None:
        """Scrape all pods of a cluster that are due; come again if there were any."""
        if self.context.sites.get(site.key) is not site:
            return
        self._armed.discard((site.key, interval))
        wanted = [(monitor, one) for monitor, one in _endpoints(site) if seconds(one) == interval]
        targets = [(monitor, one, pod) for monitor, one in wanted for pod in _pods(site, monitor, one)]
        if not targets:
            return
        self._armed.add((site.key, interval))
        self.world.after(timedelta(seconds=interval), partial(self._round, site, interval))
        faults = self.world.faults
        if faults.is_down(f"exporter/{site.region}") or faults.is_down(f"exporter/{short_name(site)}"):
            return
        self._engines.advance()
        for target in targets:
            self._scrape(site, *target)

    def _scrape(self, site: Site, monitor: Object, endpoint: Object, pod: Object) -> None:
        head, take = meta(pod), self.hooks.scrape
        target = {
            "project_id": site.project,
            "location": site.location,
            "cluster": short_name(site),
            "namespace": head["namespace"],
            "job": meta(monitor)["name"],
            "instance": f"{head['name']}:{endpoint['port']}",
        }
        if take is not None:
            take(target, self._samples(site, monitor, pod))

    def _samples(self, site: Site, monitor: Object, pod: Object) -> Sequence[Scraped]:
        container = command.engine_of(pod) or _picker(pod) or {}
        labels = _labels(site, monitor, pod, container.get("name", ""))
        replica = self._engines.of(site, pod)
        if replica is not None:
            return replica.series(labels).read()
        return self._of_picker(site, pod, container, labels)

    def _of_picker(self, site: Site, pod: Object, container: Object, labels: dict[str, str]) -> list[Scraped]:
        """Return what an endpoint picker shows of its pool."""
        line = command.words(container)
        name = command.flag(line, "--pool-name")[0]
        namespace = (command.flag(line, "--pool-namespace") or [meta(pod)["namespace"]])[0]
        pool = site.objects.find(POOL, namespace, name) or {}
        wanted = at(pool, "spec", "selector", "matchLabels") or {}
        pods = [one for one in site.objects.all(POD, namespace) if wanted and wanted.items() <= labels_of(one).items()]
        servers = [replica.server for one in pods if (replica := self._engines.of(site, one)) is not None]
        count = len(servers)
        own = {"name": name, **labels}
        values = {
            "inference_pool_average_kv_cache_utilization": sum(one.kv_usage for one in servers) / max(count, 1),
            "inference_pool_average_queue_size": sum(one.waiting for one in servers) / max(count, 1),
            "inference_pool_ready_pods": float(count),
        }
        return [Scraped(metric, "gauge", own, value) for metric, value in values.items()]


def seconds(endpoint: Object) -> float:
    """Return the interval of an endpoint."""
    parts = _DURATION.findall(endpoint.get("interval") or _DEFAULT)
    return sum(int(number) * _SECONDS[unit] for number, unit in parts) or _SECONDS["m"]


def _endpoints(site: Site) -> Iterator[tuple[Object, Object]]:
    for monitor in site.objects.all(MONITORING):
        if holds(monitor, "ConfigurationCreateSuccess"):
            yield from ((monitor, one) for one in at(monitor, "spec", "endpoints") or ())


def _pods(site: Site, monitor: Object, endpoint: Object) -> list[Object]:
    """Return the Ready pods that an endpoint of a PodMonitoring is about."""
    selector, path = at(monitor, "spec", "selector"), endpoint.get("path") or "/metrics"
    if path != "/metrics":
        return []
    pods = site.objects.all(POD, meta(monitor)["namespace"])
    return [pod for pod in pods if ready(pod) and selects(selector, labels_of(pod)) and _listens(pod, endpoint["port"])]


def _listens(pod: Object, port: object) -> bool:
    container = command.engine_of(pod)
    if container is not None:
        return command.port_number(container, port) == command.serving_port(container)
    picker = _picker(pod)
    return picker is not None and command.port_number(picker, port) == _metrics_port(picker)


def _picker(pod: Object) -> Object | None:
    return next((c for c in pod["spec"].get("containers", ()) if command.is_picker(c)), None)


def _metrics_port(picker: Object) -> int:
    values = command.flag(command.words(picker), "--metrics-port")
    return int(values[0]) if values else _PICKER_PORT


def _labels(site: Site, monitor: Object, pod: Object, container: str) -> dict[str, str]:
    """Return the labels that the collector adds to every series of a pod."""
    wanted = at(monitor, "spec", "targetLabels", "metadata")
    top_kind, top_name = _top(site, pod)
    known = {
        "pod": meta(pod)["name"],
        "container": container,
        "node": at(pod, "spec", "nodeName") or "",
        "top_level_controller_name": top_name,
        "top_level_controller_type": top_kind,
    }
    asked = ("pod", "container", "top_level_controller_name", "top_level_controller_type") if wanted is None else wanted
    labels = {name: known[name] for name in asked if known.get(name)}
    for one in at(monitor, "spec", "targetLabels", "fromPod") or ():
        if one["from"] in labels_of(pod):
            labels[one.get("to") or one["from"]] = labels_of(pod)[one["from"]]
    return labels


def _top(site: Site, pod: Object) -> tuple[str, str]:
    """Return kind and name of the controller at the top of a pod's owners."""
    owner = owner_of(pod, "ReplicaSet")
    found = site.objects.find("ReplicaSet.apps", meta(pod)["namespace"], owner["name"]) if owner else None
    top = owner_of(found, "Deployment") if found else None
    chosen = top or owner or next(iter(meta(pod).get("ownerReferences") or ()), {})
    return chosen.get("kind", ""), chosen.get("name", "")
