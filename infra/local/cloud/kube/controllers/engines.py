"""The model servers that run in pods: made when a pod is first looked at, gone with their container."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.local.cloud.engine.exposition import Exposition, Version, gauge
from infra.local.cloud.engine.physics import Options, physics_of
from infra.local.cloud.engine.server import Server
from infra.local.cloud.kube.controllers import command
from infra.local.cloud.kube.controllers.hooks import Hooks
from infra.local.cloud.kube.controllers.loop import Context, Site
from infra.local.cloud.kube.controllers.values import labels_of, ready
from infra.local.cloud.kube.values import Object, at, meta

_ACCELERATORS = ("cloud.google.com/gke-accelerator", "cloud.google.com/gke-tpu-accelerator")
_NEWEST = (999,)
_THOUSANDS = {"k": 1000, "K": 1024, "m": 1_000_000, "M": 1024 * 1024}


@dataclass
class Replica:
    """One run of one model server's container."""

    server: Server
    region: str
    cluster: str
    pod: str
    version: Version
    names: list[str]
    """The model names that it answers to."""
    collected: dict[tuple[tuple[str, str], ...], Exposition] = field(default_factory=dict)
    """Labels that a collector adds -> the same series with them."""

    def gauge(self, name: str) -> float | None:
        """Return what one of its gauges shows; None when it has none of that name."""
        return gauge(self.server, self.version, name)

    def series(self, labels: Mapping[str, str]) -> Exposition:
        """Return its series with the labels that a collector adds."""
        key = tuple(labels.items())
        if key not in self.collected:
            self.collected[key] = Exposition(self.server, self.version, self.names[0], labels)
        return self.collected[key]


class Engines:
    """All model servers of all clusters. Their clock is seconds since this world began."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._begun: datetime = context.world.now
        self._replicas: dict[tuple[str, str, int], Replica] = {}
        """By cluster, the pod's uid, and how often its container was started again."""
        self.known_until: float | None = None
        """Up to when all requests have been sent, while there are streams of them; no server goes further."""

    @property
    def now(self) -> float:
        """The time on the servers' clock."""
        return (self._context.world.now - self._begun).total_seconds()

    @property
    def busy(self) -> bool:
        """Whether any client waits for an answer."""
        return any(replica.server.busy for replica in self._replicas.values())

    def __iter__(self) -> Iterator[Replica]:
        return iter(tuple(self._replicas.values()))

    def of(self, site: Site, pod: Object) -> Replica | None:
        """Return the model server in a pod; None when it has none, or is not Ready."""
        container = command.engine_of(pod)
        if container is None or not ready(pod):
            return None
        key = (site.key, meta(pod)["uid"], _restarts(pod, container["name"]))
        if key not in self._replicas:
            self._replicas[key] = self._made(site, pod, container)
        return self._replicas[key]

    def advance(self) -> None:
        """Bring all servers to this moment, or as far as their requests are known; forget those that are gone."""
        until = self.now if self.known_until is None else self.known_until
        for key, replica in tuple(self._replicas.items()):
            replica.server.hang(until, on=self.hangs(replica))
            replica.server.advance(until)
            if not self._there(key):
                replica.server.close()
                del self._replicas[key]

    def hangs(self, replica: Replica) -> bool:
        """Say whether a fault makes the engine hang: by its region, its cluster or its pod."""
        faults = self._context.world.faults
        places = (replica.region, replica.cluster, replica.pod) if faults.unavailable else ()
        return any(faults.is_down(f"engine/{place}") for place in places)

    def _there(self, key: tuple[str, str, int]) -> bool:
        site = self._context.sites.get(key[0])
        home = site.objects.owner(key[1]) if site else None
        pod = site.objects.find(*home) if site and home else None
        container = command.engine_of(pod) if pod else None
        return pod is not None and container is not None and _restarts(pod, container["name"]) == key[2]

    def _made(self, site: Site, pod: Object, container: Mapping[str, Any]) -> Replica:
        image = container.get("image", "")
        hooks = self._context.hooks
        begun = self.now if self.known_until is None else self.known_until
        server = Server(physics_of(options_of(container), _gpu(site, pod)), begun, hooks.slowdown(image))
        version, names = version_of(image, hooks), command.served_names(container)
        return Replica(server, site.region, short_name(site), meta(pod)["name"], version, names)


def short_name(site: Site) -> str:
    """Return a cluster's own name."""
    return site.key.rsplit("/", 1)[-1]


def version_of(image: str, hooks: Hooks) -> Version:
    """Return the engine's version by its image's tag, or by what stands behind the digest; unknown counts as newest."""
    tag = re.search(r":v?(\d+(?:\.\d+)+)", image)
    text = tag[1] if tag else (hooks.image_version(image) or "").removeprefix("v")
    return tuple(int(number) for number in re.findall(r"\d+", text)) or _NEWEST


def options_of(container: Mapping[str, Any]) -> Options:
    """Read a model server's command line."""
    line = command.words(container)

    def number(*names: str) -> int | None:
        values = [value for name in names for value in command.flag(line, name)]
        return _number(values[0]) if values else None

    utilization = command.flag(line, "--gpu-memory-utilization")
    tensor = number("--tensor-parallel-size", "-tp") or 1
    return Options(
        command.model_of(container),
        max_model_len=number("--max-model-len"),
        max_num_seqs=number("--max-num-seqs", "--max-num-seq"),
        max_num_batched_tokens=number("--max-num-batched-tokens"),
        gpu_memory_utilization=float(utilization[0]) if utilization else 0.9,
        gpus=tensor * (number("--pipeline-parallel-size", "-pp") or 1),
        kv_cache_dtype=next(iter(command.flag(line, "--kv-cache-dtype")), "auto"),
        quantization=next(iter(command.flag(line, "--quantization")), ""),
    )


def _number(text: str) -> int | None:
    """Return a whole number as vLLM reads it, like 8192 or 8k; None for what it would find by itself."""
    scale = _THOUSANDS.get(text[-1:], 1)
    digits = text[:-1] if scale > 1 else text
    return int(float(digits) * scale) if digits.replace(".", "", 1).isdigit() else None


def _gpu(site: Site, pod: Object) -> str:
    node = site.objects.find("Node", "", at(pod, "spec", "nodeName") or "") or {}
    labels = labels_of(node)
    return next((labels[name] for name in _ACCELERATORS if name in labels), "")


def _restarts(pod: Object, container: str) -> int:
    states = at(pod, "status", "containerStatuses") or ()
    return next((int(one.get("restartCount", 0)) for one in states if one["name"] == container), 0)
