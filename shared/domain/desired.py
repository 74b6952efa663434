"""The desired state: the platform that all deployments share, and the deployments. Written only by decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.names import GLOBAL, cut

DEFAULT_UTILIZATION = 60
"""Percent of KV cache at which the load balancer starts to prefer another region (the public guides' start value)."""


@dataclass(frozen=True)
class Placement:
    """A deployment's share of one region."""

    replicas: int
    zone: str


@dataclass(frozen=True)
class DeploymentSpec:
    """What a deployment should be. Replaced as a whole by an applied proposal."""

    model: str
    """Id in the catalogue."""
    served_name: str
    """The name that requests carry in ``model``."""
    machine: str
    consumption: str
    regions: Mapping[str, Placement]
    image: str
    """Model server, by digest."""
    picker_image: str
    """Endpoint picker, by digest."""
    probe_image: str
    """What the smoke test runs, by digest."""
    token: str = ""
    """Secret Manager version of the Hugging Face token, ``projects/P/secrets/S/versions/N``; empty: none needed."""
    weights: str = ""
    """``gs://bucket/prefix``; empty: the Hugging Face hub."""
    utilization: int = DEFAULT_UTILIZATION
    utilizations: Mapping[str, int] = field(default_factory=dict)
    """Regions that spill at another percentage."""
    max_num_seqs: int | None = None
    """Requests that one server takes at a time; None: the engine profile's."""
    max_model_len: int | None = None
    """Tokens of one request; None: as many as model and machine allow."""

    def spills_at(self, region: str) -> int:
        """Return the KV-cache utilisation in percent at which this region's traffic spills."""
        return self.utilizations.get(region, self.utilization)


@dataclass(frozen=True)
class PlatformSpec:
    """What a region's platform is there for: it stands as long as a deployment needs it."""

    deployments: frozenset[str]


@dataclass(frozen=True)
class FleetSpec:
    """The one global part. The config cluster's region never moves while any deployment is left."""

    config_region: str
    deployments: frozenset[str]


Spec = DeploymentSpec | PlatformSpec | FleetSpec


@dataclass(frozen=True)
class Desired:
    """One document of desired state. ``spec`` None: it should be gone (the document stays, for its generation)."""

    path: str
    generation: int
    spec: Spec | None
    proposal: str = ""
    previous: Spec | None = None
    """What it was before: what undo proposes."""
    version: str = ""
    """The store's own version; empty while the document does not exist. Not part of the body."""


def deployment_path(name: str) -> str:
    """Return the path of a deployment's document."""
    return f"deployments/{name}"


def platform_path(location: str) -> str:
    """Return the path of a region's platform document, or of the global one."""
    return f"platform/{location}"


FLEET_PATH = platform_path(GLOBAL)


def cluster_name(region: str) -> str:
    """Return the name of our cluster in a region."""
    return cut(f"inferops-{region}")


def namespace_of(deployment: str) -> str:
    """Return the Kubernetes namespace of a deployment; the prefix keeps clear of Kubernetes' own."""
    return cut(f"infer-{deployment}")
