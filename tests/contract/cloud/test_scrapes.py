"""Managed Prometheus' collectors: which pods they scrape, how the series are labelled, and when they end."""

from __future__ import annotations

import pytest

from infra.local.cloud.artifacts import REPOSITORY
from infra.local.cloud.cloud import Cloud
from tests.contract.cloud.clusters_place import EAST, put
from tests.contract.cloud.fleet_place import PICKER
from tests.contract.cloud.load_place import HEAVY, KV, METRICS, MONITORING, US, WEST, LoadPlace


@pytest.fixture(scope="module")
def calm() -> LoadPlace:
    """For tests that change nothing."""
    made = LoadPlace()
    made.deploy()
    made.pass_time(minutes=2)
    return made


@pytest.fixture
def place() -> LoadPlace:
    made = LoadPlace()
    made.deploy()
    return made


def test_an_idle_server_has_series_of_nothing(calm: LoadPlace) -> None:
    found = calm.scraped(EAST)
    for name in (KV, "vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:num_preemptions_total"):
        assert found[name] == 0
    assert found["vllm:time_to_first_token_seconds_count"] == 0


def test_the_target_names_cluster_namespace_and_pod(calm: LoadPlace) -> None:
    (pod,) = (pod["metadata"]["name"] for pod in calm.pods(EAST))
    assert calm.monitoring.targets[pod] == {
        "project_id": "demo",
        "location": US,
        "cluster": EAST,
        "namespace": "default",
        "job": "llm",
        "instance": f"{pod}:http",
    }


def test_series_carry_pod_container_and_controller(calm: LoadPlace) -> None:
    (pod,) = (pod["metadata"]["name"] for pod in calm.pods(EAST))
    usage = next(one for one in calm.monitoring.last[pod] if one.name == KV)
    assert usage.kind == "gauge"
    assert usage.labels == {
        "model_name": "llama", "engine": "0", "pod": pod, "container": "vllm",
        "top_level_controller_name": "llm", "top_level_controller_type": "Deployment",
    }  # fmt: skip


def test_the_size_of_the_cache_stands_in_labels(calm: LoadPlace) -> None:
    (pod,) = (pod["metadata"]["name"] for pod in calm.pods(EAST))
    config = next(one for one in calm.monitoring.last[pod] if one.name == "vllm:cache_config_info")
    assert config.value == 1
    assert int(config.labels["num_gpu_blocks"]) * int(config.labels["block_size"]) == pytest.approx(448_000, rel=0.01)
    assert (config.labels["gpu_memory_utilization"], config.labels["cache_dtype"]) == ("0.9", "auto")


def test_people_see_the_numbers_that_are_scraped(place: LoadPlace) -> None:
    place.stream(rate=10)
    place.pass_time(minutes=3)
    place.load.stop("us")
    place.pass_time(minutes=3)
    exposed, scraped = place.exposed(EAST), place.scraped(EAST)
    for name in ("vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:e2e_request_latency_seconds_sum"):
        assert scraped[name] == next(value for key, value in exposed.items() if key.startswith(f"{name}{{")) > 0


def test_a_pod_shows_its_metrics_to_who_asks_its_address(calm: LoadPlace) -> None:
    (pod,) = calm.pods(EAST)
    answer = calm.controllers.request(pod["status"]["podIP"], 8000, "/metrics", source=EAST)
    body = getattr(answer, "body", b"").decode()
    assert "# TYPE vllm:time_to_first_token_seconds histogram\n" in body
    assert 'vllm:time_to_first_token_seconds_bucket{engine="0",model_name="llama",le="+Inf"} 0.0\n' in body


def test_histograms_add_up(place: LoadPlace) -> None:
    place.stream(rate=10)
    place.pass_time(minutes=3)
    (pod,) = (pod["metadata"]["name"] for pod in place.pods(EAST))
    name = "vllm:request_prompt_tokens"
    buckets = [one for one in place.monitoring.last[pod] if one.name == f"{name}_bucket"]
    counts = [one.value for one in buckets]
    assert [one.labels["le"] for one in buckets][:4] == ["1.0", "2.0", "5.0", "10.0"]
    assert counts == sorted(counts)
    assert counts[-1] == place.scraped(EAST)[f"{name}_count"] > 0


def test_load_is_seen_in_monitoring(place: LoadPlace) -> None:
    place.balance(100)
    place.stream(rate=HEAVY)
    place.pass_time(minutes=5)
    now = place.monitoring.now
    found = {one.labels["cluster"]: one.at(now, 60_000) for one in place.monitoring.store.named(KV)}
    assert found.keys() == {EAST, WEST}
    assert (found[EAST] or 0) > 0.2


@pytest.mark.parametrize(
    ("image", "names"),
    [
        pytest.param("v0.8.5", {"vllm:gpu_cache_usage_perc", "vllm:time_per_output_token_seconds_sum"}, id="0.8.5"),
        pytest.param(
            "v0.11.0",
            {KV, "vllm:time_per_output_token_seconds_sum", "vllm:inter_token_latency_seconds_sum"},
            id="0.11.0",
        ),
        pytest.param("v0.18.1", {KV, "vllm:inter_token_latency_seconds_sum"}, id="0.18.1"),
    ],
)
def test_names_follow_the_engines_version(place: LoadPlace, image: str, names: set[str]) -> None:
    found = place.east.get("Deployment.apps", "default", "llm") or {}
    found["spec"]["template"]["spec"]["containers"][0]["image"] = f"vllm/vllm-openai:{image}"
    place.east.put(found, "test")
    place.pass_time(minutes=30)
    changing = {"vllm:gpu_cache_usage_perc", KV}
    changing |= {f"vllm:{name}_seconds_sum" for name in ("time_per_output_token", "inter_token_latency")}
    assert place.scraped(EAST).keys() & changing == names


def last_seen(place: LoadPlace, pod: str) -> float:
    """Seconds since a pod was scraped."""
    return (place.monitoring.now - place.monitoring.times[pod]) / 1000


@pytest.mark.parametrize("where", [US, EAST])
def test_without_its_exporter_a_cluster_has_no_series_but_serves(place: LoadPlace, where: str) -> None:
    place.pass_time(minutes=1)
    place.stream()
    place.world.faults.unavailable.add(f"exporter/{where}")
    place.pass_time(minutes=5)
    pods = {key: place.pods(key)[0]["metadata"]["name"] for key in (EAST, WEST)}
    assert last_seen(place, pods[EAST]) >= 299
    assert last_seen(place, pods[WEST]) <= 15
    assert place.shown()["served"] > 0
    place.world.faults.unavailable.clear()
    place.pass_time(minutes=1)
    assert last_seen(place, pods[EAST]) <= 15


def test_series_end_with_their_pod_and_come_with_the_next(place: LoadPlace) -> None:
    place.pass_time(minutes=1)
    (pod,) = (pod["metadata"]["name"] for pod in place.pods(EAST))
    place.scale(place.east, "llm", 0)
    place.pass_time(minutes=5)
    assert last_seen(place, pod) > 290
    found = place.east.get("Deployment.apps", "default", "llm") or {}
    place.east.put({**found, "spec": {**found["spec"], "replicas": 1}}, "test")
    place.pass_time(minutes=20)
    assert place.scraped(EAST)[KV] == 0


def test_what_no_monitoring_selects_is_not_scraped(place: LoadPlace) -> None:
    place.east.delete(MONITORING, "default", "llm")
    place.pass_time(minutes=1)
    (pod,) = (pod["metadata"]["name"] for pod in place.pods(EAST))
    place.pass_time(minutes=5)
    assert last_seen(place, pod) >= 300


@pytest.mark.parametrize("endpoint", [{"port": 9000}, {"port": "grpc"}, {"port": "http", "path": "/stats"}])
def test_an_endpoint_that_the_server_has_not_brings_nothing(endpoint: dict[str, object]) -> None:
    place = LoadPlace()
    place.deploy(monitored=False)
    endpoints = [{**endpoint, "interval": "15s"}]
    put(place.east, MONITORING, "llm", {"selector": {"matchLabels": {"app": "llm"}}, "endpoints": endpoints})
    place.pass_time(minutes=5)
    assert place.monitoring.last == {}


def test_an_endpoint_picker_shows_the_means_of_its_pool(place: LoadPlace) -> None:
    listening = {**PICKER, "ports": [{"name": "metrics", "containerPort": 9090}]}
    found = place.east.get("Deployment.apps", "default", "llm-epp") or {}
    found["spec"]["template"]["spec"]["containers"] = [listening]
    place.east.put(found, "test")
    selector = {"matchLabels": {"app": "llm-epp"}}
    put(place.east, MONITORING, "picker", {"selector": selector, "endpoints": [{"port": "metrics", "interval": "10s"}]})
    place.stream(rate=20)
    place.pass_time(minutes=5)
    (pod,) = (pod["metadata"]["name"] for pod in place.pods(EAST, "llm-epp"))
    shown = {one.name: one.value for one in place.monitoring.last[pod]}
    assert shown["inference_pool_ready_pods"] == 1
    assert 0 < shown["inference_pool_average_kv_cache_utilization"] < 1
    assert shown["inference_pool_average_queue_size"] >= 0


def test_an_image_of_the_registry_may_hold_a_bad_release() -> None:
    cloud = Cloud()
    good, bad = f"{REPOSITORY}/vllm-openai:v0.18.1", f"{REPOSITORY}/vllm-openai:v0.18.2"
    digest = cloud.artifacts.push(bad, slowdown=4.0)
    slowdown = cloud.controllers.engines._context.hooks.slowdown
    assert [slowdown(one) for one in (good, bad, f"{REPOSITORY}/vllm-openai@{digest}")] == [1.0, 4.0, 4.0]


def test_the_export_for_balancing_is_there(calm: LoadPlace) -> None:
    assert calm.east.get(METRICS, "default", "cache")
