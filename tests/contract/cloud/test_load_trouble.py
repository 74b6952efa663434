"""Streams of requests meet trouble: pods that go, machines that break, bad releases, engines that hang."""

from __future__ import annotations

import pytest

from infra.local.cloud.load import Stream
from infra.local.cloud.load_shapes import Asked
from tests.contract.cloud.clusters_place import POOL
from tests.contract.cloud.load_place import EAST, EUROPE, US, WEST, LoadPlace


@pytest.fixture
def plain() -> LoadPlace:
    """Nobody scrapes here."""
    made = LoadPlace()
    made.deploy(monitored=False)
    return made


def test_without_healthy_pods_another_region_takes_over(plain: LoadPlace) -> None:
    plain.stream()
    plain.pass_time(minutes=1)
    plain.scale(plain.east, "llm", 0)
    assert plain.away(minutes=1) == 1
    assert plain.shown()["refused"] == {}


def test_pods_that_go_finish_what_they_have(plain: LoadPlace) -> None:
    requests = tuple(Asked(0.0, 500, 200) for _ in range(20))
    plain.load.start("burst", Stream("llama", requests=requests, address=plain.address(US)))
    plain.pass_time(seconds=1)
    assert plain.shown("burst")["waiting"] == 20
    found = plain.east.get("Deployment.apps", "default", "llm") or {}
    plain.east.put({**found, "spec": {**found["spec"], "replicas": 0}}, "test")
    plain.pass_time(minutes=5)
    assert plain.pods(EAST) == []
    assert (plain.shown("burst")["served"], plain.shown("burst")["lost"]) == (20, 0)


def test_what_is_in_a_machine_that_breaks_is_lost(plain: LoadPlace) -> None:
    requests = tuple(Asked(0.0, 500, 2000) for _ in range(20))
    plain.load.start("burst", Stream("llama", requests=requests, address=plain.address(US)))
    plain.pass_time(seconds=2)
    plain.machines[EAST] = []
    plain.controllers.sync_nodes(EAST)
    plain.pass_time(minutes=1)
    assert plain.shown("burst")["lost"] == 20


def test_a_bad_release_is_slower_and_otherwise_the_same(plain: LoadPlace) -> None:
    plain.slow["vllm/vllm-openai:v0.18.2"] = 3.0
    found = plain.east.get("Deployment.apps", "default", "llm") or {}
    found["spec"]["template"]["spec"]["containers"][0]["image"] = "vllm/vllm-openai:v0.18.2"
    plain.east.put(found, "test")
    plain.pass_time(minutes=30)
    gaps = []
    for name, region, key in (("a", US, EAST), ("b", EUROPE, WEST)):
        plain.stream(name, rate=1.0, region=region)
        plain.pass_time(minutes=5)
        gaps.append(plain.replica(key).server.token_gap)
    assert gaps[0].total / gaps[0].count > 2.5 * gaps[1].total / gaps[1].count


@pytest.mark.parametrize("where", [US, EAST])
def test_a_server_that_hangs_stays_ready_and_makes_nothing(plain: LoadPlace, where: str) -> None:
    plain.stream()
    plain.pass_time(minutes=1)
    plain.world.faults.unavailable.add(f"engine/{where}")
    plain.pass_time(seconds=2)
    made = plain.gauge(EAST, "vllm:generation_tokens_total")
    plain.pass_time(minutes=2)
    assert plain.gauge(EAST, "vllm:generation_tokens_total") == made
    assert plain.gauge(EAST, "vllm:num_requests_waiting") > 0
    assert plain.gauge(EAST, "vllm:kv_cache_usage_perc") > 0
    (pod,) = plain.pods(EAST)
    assert {c["type"]: c["status"] for c in pod["status"]["conditions"]}["Ready"] == "True"
    assert plain.ask(US).status == 504


def test_after_the_hang_it_goes_on(plain: LoadPlace) -> None:
    plain.stream()
    plain.world.faults.unavailable.add(f"engine/{EAST}")
    plain.pass_time(minutes=2)
    plain.world.faults.unavailable.clear()
    plain.load.stop("us")
    plain.pass_time(minutes=10)
    assert plain.shown()["served"] == plain.shown()["sent"] > 0


def test_the_picker_lets_the_replicas_of_a_region_share_the_load(plain: LoadPlace) -> None:
    plain.scale(plain.east, "llm", 2)
    plain.pass_time(minutes=20)
    plain.stream(rate=20)
    plain.pass_time(minutes=5)
    made = [one.server.generation_tokens for one in plain.controllers.engines if one.cluster == EAST]
    assert len(made) == 2
    assert made[0] == pytest.approx(made[1], rel=0.1)


@pytest.mark.parametrize(("mode", "refused"), [("FailOpen", set()), ("FailClose", {"500"})])
def test_without_its_picker_a_pool_is_open_or_closed(plain: LoadPlace, mode: str, refused: set[str]) -> None:
    pool = plain.east.get(POOL, "default", "llm") or {}
    pool["spec"]["endpointPickerRef"]["failureMode"] = mode
    plain.east.put(pool, "test")
    plain.scale(plain.east, "llm-epp", 0)
    plain.stream()
    plain.pass_time(minutes=1)
    assert plain.shown()["refused"].keys() == refused
