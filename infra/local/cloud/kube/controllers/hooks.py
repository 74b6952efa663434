"""What the controllers ask the rest of the cloud: GKE, Compute, the fleet, registries, storage.

Every callable has a harmless default, so that a part can run on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from infra.local.cloud.monitoring_store import Scraped

GATED = ("meta-llama/", "google/gemma", "mistralai/", "CohereForAI/", "CohereLabs/")


class Node(Protocol):
    """A virtual machine of a node pool, as GKE tells it."""

    @property
    def name(self) -> str:
        """The machine's name."""

    @property
    def pool(self) -> str:
        """The node pool's name."""

    @property
    def zone(self) -> str:
        """Where it stands."""

    @property
    def machine_type(self) -> str:
        """Like ``a3-highgpu-2g``."""

    @property
    def gpus(self) -> int:
        """How many GPUs it has."""

    @property
    def gpu_type(self) -> str:
        """The accelerator type, empty without GPUs."""

    @property
    def cpu(self) -> float:
        """Virtual CPUs."""

    @property
    def memory_gb(self) -> float:
        """Memory in GiB."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Kubernetes labels of the pool."""

    @property
    def taints(self) -> Sequence[Mapping[str, str]]:
        """Kubernetes taints: key, value and effect."""

    @property
    def ready(self) -> bool:
        """Whether its kubelet reports."""


@dataclass(frozen=True)
class Pool:
    """An autoscaled node pool: what its next node would be, how many it has or has asked for, its bounds."""

    name: str
    template: Node
    size: int
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Outcome:
    """How a container that runs to completion has ended."""

    exit_code: int
    log: str = ""
    message: str = ""
    """What the program wrote to its terminationMessagePath."""


@dataclass(frozen=True)
class Hooks:
    """The callables through which the controllers see and move the rest of the cloud."""

    nodes_of: Callable[[str], Sequence[Node]] = lambda cluster: ()  # noqa: ARG005 - no nodes anywhere
    """(cluster) -> the nodes that it has now."""
    pools_of: Callable[[str], Sequence[Pool]] = lambda cluster: ()  # noqa: ARG005 - no autoscaling
    """(cluster) -> its autoscaled pools; one that is not listed is never resized."""
    want_nodes: Callable[[str, str, int], int] = lambda cluster, pool, count: count  # noqa: ARG005 - no pools
    """(cluster, pool, count): ask for the pool to grow to so many nodes -> how many it has or is getting."""
    drop_node: Callable[[str, str, str], object] = lambda cluster, pool, node: None  # noqa: ARG005 - deaf
    """(cluster, pool, node): give an empty node back."""
    image_exists: Callable[[str], bool] = lambda ref: True  # noqa: ARG005 - all images exist
    """(ref) -> whether a registry has the image."""
    image_version: Callable[[str], str | None] = lambda ref: None  # noqa: ARG005 - nothing behind digests
    """(ref) -> the engine's version behind a digest."""
    slowdown: Callable[[str], float] = lambda ref: 1.0  # noqa: ARG005 - every image is as fast as it should be
    """(ref) -> how many times longer the engine's steps take with the image."""
    scrape: Callable[[Mapping[str, str], Iterable[Scraped]], object] | None = None
    """(target's labels, samples): take a scrape of one pod; None: nobody collects, and nothing is scraped."""
    has_addon: Callable[[str, str], bool] = lambda cluster, addon: True  # noqa: ARG005 - all are on
    """(cluster, add-on like ``gcs_fuse_csi_driver_config``) -> whether it is on."""
    may_read: Callable[[str, str, str, str], bool] = lambda cluster, ns, account, bucket: True  # noqa: ARG005 - open
    """(cluster, namespace, service account, bucket) -> whether the account may read the bucket."""
    gated: Callable[[str], bool] = lambda model: model.startswith(GATED)
    """(model id) -> whether Hugging Face gives it only to a token."""
    run_program: Callable[[str, dict[str, Any], dict[str, Any]], Outcome | None] = lambda cluster, pod, container: None  # noqa: ARG005 - knows none
    """(cluster, pod, container) -> how a program ends that is no curl, or None: not known here."""
    config_cluster: Callable[[], str | None] = lambda: None
    """The config cluster, while the multi-cluster ingress feature is ACTIVE and OK."""
    member_clusters: Callable[[], Sequence[str]] = tuple
    """The clusters with a READY membership."""
    subnet_range: Callable[[str], str | None] = lambda region: None  # noqa: ARG005 - no network
    """(region) -> the range that its Gateway address comes from."""
    proxy_subnet: Callable[[str], bool] = lambda region: False  # noqa: ARG005 - no network
    """(region) -> whether it has an ACTIVE GLOBAL_MANAGED_PROXY subnet."""
    network_exists: Callable[[str], bool] = lambda vpc: True  # noqa: ARG005 - all exist
    """(VPC) -> whether it exists."""
    subnet_exists: Callable[[str, str, str], bool] = lambda vpc, subnet, region: True  # noqa: ARG005 - all exist
    """(VPC, subnet, region) -> whether it exists."""
    add_child: Callable[[str, str, str, dict[str, Any]], object] = lambda owner, collection, name, body: None  # noqa: ARG005 - forgets
    """(owner, collection, name, body): make the Compute resource, unless it exists, on behalf of a Gateway."""
    remove_children: Callable[[str], object] = lambda owner: None  # noqa: ARG005 - forgets
    """(owner): remove all that was made for it."""
