"""The node pool: what makes a new one, what only drifts, how each way of buying shows."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.desired import Placement
from shared.domain.graph import Resource, ResourceGraph, difference
from shared.domain.names import Kind
from shared.domain.observations import differences


def _pool(graph: ResourceGraph) -> Resource:
    return next(r for key, r in graph.resources.items() if key.kind is Kind.NODE_POOL and key.location == "us-east4")


def _in(zone: str, replicas: int = 3) -> dict[str, Placement]:
    return {"us-east4": Placement(replicas, zone)}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"machine": "a3-highgpu-1g"}, id="machine"),
        pytest.param({"consumption": "flex_start"}, id="way of buying"),
        pytest.param({"regions": _in("us-east4-b")}, id="zone"),
    ],
)
def test_what_cannot_change_in_place_makes_another_pool(compiled: Any, change: dict[str, Any]) -> None:
    assert _pool(compiled(**change)).key != _pool(compiled()).key


def test_scaling_keeps_the_pool_and_raises_its_limit(compiled: Any) -> None:
    before, after = (_pool(compiled(regions=_in("us-east4-a", count))) for count in (3, 5))
    assert before.key == after.key
    assert differences(after.spec, before.spec) == ("autoscaling.total_max_node_count",)


def test_nodes_are_replicas_by_gpus_rounded_up(compiled: Any) -> None:
    pool = _pool(compiled(regions=_in("us-east4-a", 3))).spec
    assert pool["autoscaling"]["total_max_node_count"] == 2
    assert pool["_create_only"] == {"initial_node_count": 2}


def test_a_flexible_start_begins_empty_and_is_not_repaired(compiled: Any) -> None:
    pool = _pool(compiled(consumption="flex_start")).spec
    assert pool["_create_only"] == {"initial_node_count": 0}
    assert pool["management"]["auto_repair"] is False
    assert pool["config"]["reservation_affinity"] == {"consume_reservation_type": "NO_RESERVATION"}
    assert pool["config"]["flex_start"] is True


def test_on_demand_names_no_way_of_buying(compiled: Any) -> None:
    config = _pool(compiled(machine="g2-standard-12", consumption="on_demand")).spec["config"]
    assert not {"spot", "flex_start", "reservation_affinity"} & config.keys()


def test_without_local_ssds_the_boot_disk_holds_what_pods_ask_for(compiled: Any) -> None:
    config = _pool(compiled(machine="g2-standard-12", consumption="spot")).spec["config"]
    assert config["disk_size_gb"] >= 200
    assert "ephemeral_storage_local_ssd_config" not in config


def test_the_model_server_runs_on_its_own_pool_alone(compiled: Any) -> None:
    graph = compiled()
    pool = _pool(graph)
    server = next(
        r.spec
        for key, r in graph.at("us-east4").resources.items()
        if key.kind is Kind.WORKLOAD and key.short_name == "llama3-8b"
    )
    chosen = server["spec"]["template"]["spec"]["nodeSelector"]
    assert chosen == {"inferops.dev/pool": pool.key.name}
    assert chosen.items() <= pool.spec["config"]["labels"].items()


def test_a_change_of_scale_touches_pool_and_workload_only(compiled: Any) -> None:
    changed = difference(compiled(regions=_in("us-east4-a", 3)), compiled(regions=_in("us-east4-a", 5)))
    assert not changed.create
    assert not changed.delete
    assert {after.key.kind for _, after in changed.update} == {Kind.NODE_POOL, Kind.WORKLOAD}
