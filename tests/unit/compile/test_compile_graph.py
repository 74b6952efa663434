"""Needs: complete, acyclic, and in the order that avoids trouble on the way up and on the way down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalog.load import load
from shared.domain.compile import compile_desired, regions_of
from shared.domain.desired import DeploymentSpec, FleetSpec, Placement, PlatformSpec, cluster_name
from shared.domain.errors import PreconditionError
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.names import GLOBAL, Kind, ResourceKey, canonical
from shared.domain.site import Site

CATALOG = load()
SITE = Site("demo", "123456789012")
PLATFORM = PlatformSpec(frozenset())


def _specs() -> st.SearchStrategy[DeploymentSpec]:
    models = [model for model in CATALOG.models.values() if model.options]
    options = [(model.id, option.machine) for model in models for option in model.options]
    return st.sampled_from(options).flatmap(_spec)


def _spec(option: tuple[str, str]) -> st.SearchStrategy[DeploymentSpec]:
    machine = CATALOG.machine(option[1])
    zones = {region.name: CATALOG.zones_for(machine, region)[0] for region in CATALOG.where(machine)}
    placements = st.dictionaries(st.sampled_from(sorted(zones)), st.integers(0, 9), min_size=1, max_size=4)
    return st.builds(
        DeploymentSpec,
        model=st.just(option[0]),
        served_name=st.just("m"),
        machine=st.just(option[1]),
        consumption=st.sampled_from([str(way) for way in machine.sold]),
        regions=placements.map(lambda counts: {r: Placement(n, zones[r]) for r, n in counts.items()}),
        image=st.just("r/vllm@sha256:0"),
        picker_image=st.just("r/epp@sha256:0"),
        probe_image=st.just("r/curl@sha256:0"),
        token=st.sampled_from(["", "projects/p/secrets/s/versions/1"]),
        weights=st.sampled_from(["", "gs://bucket/prefix", "gs://bucket-{region}"]),
    )


def _compile(spec: DeploymentSpec, config: str) -> tuple[ResourceGraph, ResourceGraph]:
    """Return the deployment's graph and everything the platforms hold for it."""
    fleet = FleetSpec(config, frozenset({"m"}))
    graph = compile_desired("deployments/m", spec, fleet, SITE, CATALOG)
    platform = compile_desired("platform/global", fleet, fleet, SITE, CATALOG)
    for region in {config, *spec.regions}:
        platform |= compile_desired(f"platform/{region}", PLATFORM, fleet, SITE, CATALOG)
    return graph, platform


@given(_specs(), st.sampled_from(sorted(CATALOG.regions)))
def test_every_need_is_compiled_somewhere_and_nothing_needs_itself(spec: DeploymentSpec, config: str) -> None:
    graph, platform = _compile(spec, config)
    everything = graph | platform
    assert everything.outside == frozenset()
    order = TopologicalSorter({r.key: r.needs | r.any_of for r in everything.resources.values()})
    assert len(list(order.static_order())) == len(everything)


@given(_specs())
def test_platforms_need_nothing_of_deployments(spec: DeploymentSpec) -> None:
    _, platform = _compile(spec, "us-central1")
    assert platform.outside == frozenset()


@given(_specs())
def test_everything_is_plain_json_and_the_same_again(spec: DeploymentSpec) -> None:
    texts = [canonical([r.spec for _, r in sorted(_compile(spec, "us-east4")[0].resources.items())]) for _ in "12"]
    assert texts[0] == texts[1]
    assert json.loads(texts[0])


@given(_specs())
def test_what_lives_in_a_cluster_goes_before_the_cluster(spec: DeploymentSpec) -> None:
    graph, platform = _compile(spec, "us-central1")
    every = {**graph.resources, **platform.resources}
    for resource in (r for r in every.values() if r.key.within):
        assert resource.key.container in _all_needs(resource, every), resource.key


def _all_needs(resource: Resource, every: dict[ResourceKey, Resource]) -> set[ResourceKey]:
    """Return what it needs in the end. A check keeps nothing from going, so nothing counts through one."""
    found, left = set[ResourceKey](), list(resource.needs)
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += [] if every[key].is_check else every[key].needs
    return found


@given(_specs())
def test_names_keep_within_what_the_clouds_allow(spec: DeploymentSpec) -> None:
    graph, platform = _compile(spec, "us-central1")
    longest = {Kind.CLUSTER: 40, Kind.NODE_POOL: 40, Kind.NETWORK: 63, Kind.SUBNETWORK: 63, Kind.FIREWALL: 63}
    for key in (graph | platform).resources:
        assert len(key.name) <= longest.get(key.kind, 253), key


def test_the_same_in_every_process() -> None:
    """Names and specs hang on hashes of our own, never on Python's, which differ by process."""
    code = "import test_compile_graph as t; print(t.fingerprint())"
    prints = {_run(code, seed) for seed in ("1", "2")}
    assert len(prints) == 1


def fingerprint() -> str:
    regions = {"us-east4": Placement(1, "us-east4-b"), "us-central1": Placement(1, "us-central1-b")}
    values: dict[str, Any] = {"image": "v", "picker_image": "e", "probe_image": "c"}
    spec = DeploymentSpec("deepseek-v3", "m", "a3-ultragpu-8g", "spot", regions, **values)
    graph = _compile(spec, "us-east4")[0]
    return canonical([[str(key), graph.resources[key].spec] for key in sorted(graph.resources)])


def _run(code: str, seed: str) -> str:
    path = os.pathsep.join([str(Path(__file__).parent), str(Path.cwd())])
    env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours


def test_no_spec_is_an_empty_graph() -> None:
    assert not compile_desired("deployments/m", None, None, SITE, CATALOG).resources


def test_a_deployment_without_a_fleet_says_what_is_missing(compiled: Any) -> None:
    with pytest.raises(PreconditionError, match="no config cluster"):
        compiled(fleet=None)


@pytest.mark.parametrize(
    ("spec", "regions"),
    [
        pytest.param(None, (), id="nothing"),
        pytest.param(PLATFORM, (), id="a platform's region is in its path"),
        pytest.param(FleetSpec("us-east4", frozenset()), ("us-east4",), id="the config region"),
    ],
)
def test_regions_of(spec: Any, regions: tuple[str, ...]) -> None:
    assert regions_of(spec) == regions


def test_the_picker_waits_for_its_pool_and_the_pool_only_for_the_pickers_service(compiled: Any) -> None:
    graph = compiled().at("us-east4").resources
    pool = next(r for r in graph.values() if r.key.kind is Kind.INFERENCE_POOL)
    picker = next(r for r in graph.values() if r.key.short_name == "llama3-8b-epp" and r.key.kind is Kind.WORKLOAD)
    assert pool.key in picker.needs
    assert {key.kind for key in pool.needs} == {Kind.NAMESPACE, Kind.SERVICE, Kind.MEMBERSHIP}


def test_an_import_from_any_region_is_enough(compiled: Any) -> None:
    found = next(r for r in compiled().resources.values() if r.key.kind is Kind.INFERENCE_POOL_IMPORT)
    assert {key.location for key in found.any_of} == {"us-east4", "europe-west3"}


def test_a_gateway_is_gone_before_the_feature_behind_it(compiled: Any) -> None:
    kinds = {Kind.GATEWAY, Kind.HTTP_ROUTE}
    found = [r for r in compiled().at(GLOBAL).resources.values() if r.key.kind in kinds]
    assert all(Kind.FEATURE in {key.kind for key in r.needs} for r in found)


def test_the_gateway_waits_for_a_proxy_subnet_in_each_region(compiled: Any) -> None:
    gateway = next(r for r in compiled().resources.values() if r.key.kind is Kind.GATEWAY)
    assert {k.location for k in gateway.needs if k.kind is Kind.SUBNETWORK} == {"us-east4", "europe-west3"}


def test_the_namespace_is_global_where_the_config_region_serves_nothing(compiled: Any) -> None:
    graph = compiled(fleet=FleetSpec("us-central1", frozenset()))
    within = f"us-central1/{cluster_name('us-central1')}"
    assert ResourceKey(GLOBAL, Kind.NAMESPACE, "infer-llama3-8b", within) in graph
