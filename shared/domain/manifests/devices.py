"""How a node's additional network cards reach pods: Network and GKENetworkParamSet, one of each per card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.names import canonical

GROUP = "networking.gke.io"


def parameters(name: str, labels: Mapping[str, str], vpc: str, subnetwork: str, *, rdma: bool) -> Manifest:
    """Return which network and subnetwork a card is in, and what kind of card it is."""
    spec = {"vpc": vpc, "vpcSubnet": subnetwork, "deviceMode": "RDMA" if rdma else "NetDevice"}
    return manifest(f"{GROUP}/v1", "GKENetworkParamSet", name, labels, spec=spec)


def device_network(name: str, labels: Mapping[str, str]) -> Manifest:
    """Return the Network that pods name to get the card with the parameters of the same name."""
    reference = {"group": GROUP, "kind": "GKENetworkParamSet", "name": name}
    return manifest(f"{GROUP}/v1", "Network", name, labels, spec={"type": "Device", "parametersRef": reference})


def pod_annotations(networks: Sequence[str]) -> dict[str, str]:
    """Return what gives a pod these cards, as eth2 and up: eth1 is the node's second ordinary card, left out."""
    cards = [{"interfaceName": f"eth{index}", "network": name} for index, name in enumerate(networks, start=2)]
    interfaces = [{"interfaceName": "eth0", "network": "default"}, *cards]
    return {
        "networking.gke.io/default-interface": "eth0",
        "networking.gke.io/interfaces": canonical(interfaces),
    }
