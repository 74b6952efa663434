"""The networks of a machine with RDMA cards: one ordinary VPC, one RoCE VPC with a subnetwork per card.

They belong to one deployment in one zone, because a RoCE VPC is bound to its zone; their names carry both. Cards
appear in the node and in the pool in one order: the ordinary card first, then the RDMA cards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.domain.compile_addresses import FABRIC, fabric_range
from shared.domain.compile_frame import Frame
from shared.domain.compile_place import description, network_path
from shared.domain.graph import Resource
from shared.domain.manifests.devices import device_network, parameters, pod_annotations
from shared.domain.names import Kind, ResourceKey, cut, short_hash

_FIREWALL = ({"I_p_protocol": "tcp", "ports": ["0-65535"]}, {"I_p_protocol": "udp", "ports": ["0-65535"]})


@dataclass(frozen=True)
class Fabric:
    """What an RDMA pool stands on. Empty for machines without such cards."""

    resources: tuple[Resource, ...] = ()
    cards: tuple[dict[str, str], ...] = ()
    """The pool's additional networks, in order."""
    pool_needs: frozenset[ResourceKey] = frozenset()
    pod_needs: frozenset[ResourceKey] = frozenset()
    annotations: tuple[tuple[str, str], ...] = ()
    """Of the pods."""


@dataclass(frozen=True)
class _Card:
    """One additional network card of every node."""

    index: int
    rdma: bool
    label: str
    """``gvnic-1``, ``rdma-0`` and so on."""
    network: str
    subnetwork: str
    device: str
    """Name of its Kubernetes objects."""


def fabric(frame: Frame) -> Fabric:
    """Return networks, subnetworks, firewall and Kubernetes objects of the region's pool."""
    if not frame.fit.machine.rdma:
        return Fabric()
    cards = list(_cards(frame))
    clouds = [*_networks(frame, cards), *(_subnetwork(frame, card) for card in cards), _firewall(frame, cards[0])]
    objects = [resource for card in cards for resource in _objects(frame, card)]
    return Fabric(
        (*clouds, *objects),
        tuple({"network": card.network, "subnetwork": card.subnetwork} for card in cards),
        frozenset(resource.key for resource in clouds),
        frozenset(resource.key for resource in objects),
        tuple(_annotations(frame, cards)),
    )


def _cards(frame: Frame) -> Iterable[_Card]:
    networks = frame.fit.machine.networks
    zone = frame.spec.regions[frame.region].zone
    tag = short_hash([frame.name, zone])
    base = cut(f"inferops-{zone}-{tag}", 50)
    for index in range(networks.regular + networks.rdma_subnets):
        rdma = index >= networks.regular
        label = f"rdma-{index - networks.regular}" if rdma else f"gvnic-{index + 1}"
        network = f"{base}-roce" if rdma else f"{base}-{label}"
        yield _Card(index, rdma, label, network, f"{base}-{label}", f"{frame.name}-{tag}-{label}")


def _networks(frame: Frame, cards: list[_Card]) -> Iterable[Resource]:
    profile = frame.fit.machine.networks.profile_in(frame.spec.regions[frame.region].zone)
    for name, rdma in dict.fromkeys((card.network, card.rdma) for card in cards):
        spec: dict[str, Any] = {
            "name": name,
            "description": description(frame.site),
            "auto_create_subnetworks": False,
            "mtu": frame.fit.machine.networks.mtu,
        }
        if rdma:
            spec["network_profile"] = f"projects/{frame.site.project}/global/networkProfiles/{profile}"
        yield Resource(ResourceKey(frame.region, Kind.NETWORK, name), spec)


def _subnetwork(frame: Frame, card: _Card) -> Resource:
    spec = {
        "name": card.subnetwork,
        "description": description(frame.site),
        "network": network_path(frame.site, card.network),
        "ip_cidr_range": fabric_range(card.index),
    }
    return Resource(_subnetwork_key(frame, card), spec, frozenset({_network_key(frame, card)}))


def _firewall(frame: Frame, card: _Card) -> Resource:
    """Return the rule that lets the ordinary cards talk; a RoCE VPC takes no firewall rules and needs none."""
    name = f"{card.network}-internal"
    spec = {
        "name": name,
        "description": description(frame.site),
        "network": network_path(frame.site, card.network),
        "direction": "INGRESS",
        "source_ranges": [FABRIC],
        "allowed": [*(dict(each) for each in _FIREWALL), {"I_p_protocol": "icmp"}],
    }
    return Resource(ResourceKey(frame.region, Kind.FIREWALL, name), spec, frozenset({_network_key(frame, card)}))


def _objects(frame: Frame, card: _Card) -> tuple[Resource, Resource]:
    labels = frame.labels
    settings = frame.here.resource(
        parameters(card.device, labels, card.network, card.subnetwork, rdma=card.rdma),
        {_subnetwork_key(frame, card)},
    )
    return settings, frame.here.resource(device_network(card.device, labels), {settings.key})


def _annotations(frame: Frame, cards: list[_Card]) -> Iterable[tuple[str, str]]:
    """Cards go to one pod as a whole, so only a replica that takes the whole machine gets them."""
    if frame.fit.option.tp < frame.fit.machine.accelerator.count:
        return ()
    return pod_annotations([card.device for card in cards if card.rdma]).items()


def _network_key(frame: Frame, card: _Card) -> ResourceKey:
    return ResourceKey(frame.region, Kind.NETWORK, card.network)


def _subnetwork_key(frame: Frame, card: _Card) -> ResourceKey:
    return ResourceKey(frame.region, Kind.SUBNETWORK, card.subnetwork)
