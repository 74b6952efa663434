"""Specs of what the cloud builds, against the message types of Google's own clients: no field is made up."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud import compute_v1, container_v1, gkehub_v1
from google.protobuf import json_format

from shared.catalog.load import load
from shared.domain.compile import compile_desired
from shared.domain.desired import DeploymentSpec, FleetSpec, Placement, PlatformSpec
from shared.domain.graph import ResourceGraph
from shared.domain.names import Kind
from shared.domain.observations import differences
from shared.domain.site import Site

SITE = Site("demo", "123456789012")
FLEET = FleetSpec("us-east4", frozenset())
MESSAGES = {
    Kind.CLUSTER: container_v1.Cluster,
    Kind.NODE_POOL: container_v1.NodePool,
    Kind.NETWORK: compute_v1.Network,
    Kind.SUBNETWORK: compute_v1.Subnetwork,
    Kind.FIREWALL: compute_v1.Firewall,
    Kind.MEMBERSHIP: gkehub_v1.Membership,
    Kind.FEATURE: gkehub_v1.Feature,
}
WAYS = {"spot": "a3-ultragpu-8g", "flex_start": "a3-ultragpu-8g", "reservation": "a3-ultragpu-8g"}


def _graph(machine: str, way: str) -> ResourceGraph:
    spec = DeploymentSpec(
        model="llama-3.1-8b",
        served_name="m",
        machine=machine,
        consumption=way,
        regions={"us-east4": Placement(2, "us-east4-b")},
        image="v",
        picker_image="e",
        probe_image="c",
    )
    documents: list[tuple[str, Any]] = [
        ("deployments/m", spec),
        ("platform/us-east4", PlatformSpec(frozenset())),
        ("platform/global", FLEET),
    ]
    graph = ResourceGraph()
    for path, document in documents:
        graph |= compile_desired(path, document, FLEET, SITE, load())
    return graph


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("kind", list(MESSAGES))
def test_a_spec_is_a_message_of_the_api_and_reads_back_as_wanted(kind: Kind, way: str) -> None:
    specs = [r.spec for key, r in _graph(WAYS[way], way).resources.items() if key.kind is kind]
    assert specs
    for spec in specs:
        wanted = {key: value for key, value in spec.items() if not key.startswith("_")}
        message = json_format.ParseDict({**wanted, **spec.get("_create_only", {})}, MESSAGES[kind].pb(MESSAGES[kind]()))
        seen = json_format.MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        assert differences(wanted, _numbers(seen, wanted)) == ()


def _numbers(seen: Any, wanted: Any) -> Any:
    """Return what was read back with 64-bit numbers as numbers: JSON carries them as text."""
    if isinstance(seen, dict) and isinstance(wanted, dict):
        return {key: _numbers(value, wanted.get(key)) for key, value in seen.items()}
    if isinstance(seen, list) and isinstance(wanted, list):
        return [_numbers(value, part) for value, part in zip(seen, wanted, strict=True)]
    return int(seen) if isinstance(wanted, int) and isinstance(seen, str) else seen
