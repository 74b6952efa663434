"""What serves: the profile of a model server, down to flags, probes and metric names by version.

Values read from shared/catalog; shared/domain/manifests renders a workload from them and
shared/domain/capacity reads the metric names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")

Version = tuple[int, ...]


def parse_version(tag: str) -> Version | None:
    """Read the version out of an image tag; None for one that moves or has none, which counts as newest."""
    found = _VERSION.match(tag)
    return tuple(int(part) for part in found.group(1).split(".")) if found else None


@dataclass(frozen=True)
class Ranged:
    """A text that holds for versions from `since` on and before `before`; None means no bound."""

    text: str
    since: str | None = None
    before: str | None = None

    def holds(self, version: Version | None) -> bool:
        """Whether it applies to that version; an unreadable version counts as newest."""
        if version is None:
            return self.before is None
        return not (
            (self.since is not None and version < (parse_version(self.since) or ()))
            or (self.before is not None and version >= (parse_version(self.before) or ()))
        )


@dataclass(frozen=True)
class EnvVar:
    """One environment variable of the server."""

    name: str
    value: str


@dataclass(frozen=True)
class Probe:
    """Timing of one probe, in seconds; the path is the engine's health path."""

    initial_delay: int
    period: int
    timeout: int
    failures: int


@dataclass(frozen=True)
class Startup:
    """How long loading may take before the kubelet starts over: too short a budget loops for ever."""

    probe: Probe
    """Its failures are the budget for weights up to 100 GB."""
    extra_failures_per_100_gb: int

    def failures(self, weights_gb: float) -> int:
        """The failure threshold for weights of that size."""
        return self.probe.failures + int(weights_gb // 100) * self.extra_failures_per_100_gb


@dataclass(frozen=True)
class Picker:
    """The endpoint picker (EPP) that goes with this engine version."""

    image: str
    tag: str
    engine_type: str
    """Value of the pod label inference.networking.k8s.io/engine-type."""


@dataclass(frozen=True)
class Token:
    """Where the server finds the Hugging Face token."""

    env: str
    secret: str
    key: str


@dataclass(frozen=True)
class Engine:
    """One model server at the version we deploy."""

    name: str
    title: str
    deploy_policy: Literal["allow", "test_only"]
    image: str
    tag: str
    command: tuple[str, ...]
    args: tuple[Ranged, ...]
    """With {model}, {served_name}, {port}, {tp}, {max_model_len}, {max_num_seqs} and {drain} to fill in."""
    max_num_seqs: int
    """Requests that one server takes at a time, where nobody said otherwise."""
    adapter_args: tuple[Ranged, ...]
    """Added when an adapter (LoRA) is asked for."""
    env: tuple[EnvVar, ...]
    adapter_env: tuple[EnvVar, ...]
    token: Token
    port: int
    port_name: str
    health_path: str
    metrics_path: str
    startup: Startup
    readiness: Probe
    liveness: Probe
    pre_stop_seconds: int
    drain_seconds: int
    grace_seconds: int
    ephemeral_storage: str
    volumes: Mapping[str, str]
    """Mount path of each scratch volume by its name; `shm` is in memory."""
    metrics: Mapping[str, tuple[Ranged, ...]]
    """Metric names by what they mean: kv, queue, running, ttft, itl …"""
    kv_exports: tuple[Ranged, ...]
    """Under which name the KV gauge is exported to the load balancer."""
    picker: Picker
    source: str

    @property
    def version(self) -> Version | None:
        """The version of the profile's own image tag."""
        return parse_version(self.tag)

    def metric(self, meaning: str, version: str | None = None) -> str | None:
        """The name of a metric in that version (an image tag; default our own); None where it has none."""
        at = parse_version(version or self.tag)
        return next((name.text for name in self.metrics.get(meaning, ()) if name.holds(at)), None)

    def kv_metric(self, version: str | None = None) -> str:
        """The gauge of KV cache usage, 0 to 1, in that version."""
        name = self.metric("kv", version)
        if name is None:
            raise LookupError(f"engine {self.name} describes no KV gauge for {version or self.tag}")
        return name

    def kv_export(self, version: str | None = None) -> str:
        """The export name that carries data for that version."""
        at = parse_version(version or self.tag)
        return next(name.text for name in self.kv_exports if name.holds(at))

    def arguments(self, version: str | None = None, *, adapters: bool = False) -> tuple[str, ...]:
        """The flags that version understands, placeholders still open."""
        at = parse_version(version or self.tag)
        wanted = self.args + (self.adapter_args if adapters else ())
        return tuple(arg.text for arg in wanted if arg.holds(at))
