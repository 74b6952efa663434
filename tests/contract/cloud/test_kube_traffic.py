"""Requests through the Gateway, from a Job as the smoke test sends them, and what is left of its containers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.cloud.kube.controllers.answers import NoAnswer
from tests.contract.cloud.clusters_place import EAST, POOL, REGIONS, WEST, Object, condition, put, server
from tests.contract.cloud.fleet_place import ASK, BACKEND, HEALTH, TARGET, Fleet, health

US, EUROPE = REGIONS[EAST], REGIONS[WEST]
JOB = "Job.batch"
LOG = "/dev/termination-log"


@pytest.fixture(scope="module")
def calm() -> Fleet:
    """A deployed fleet for tests that change nothing of it."""
    fleet = Fleet()
    fleet.deploy()
    return fleet


@pytest.fixture
def fleet() -> Fleet:
    fleet = Fleet()
    fleet.deploy()
    return fleet


@pytest.mark.parametrize("region", [US, EUROPE])
def test_each_address_is_answered_by_its_own_region(calm: Fleet, region: str) -> None:
    answer = calm.ask(region)
    assert answer.status == 200
    assert answer.headers["x-served-by"].endswith(f"/{region}")
    assert json.loads(answer.body)["system_fingerprint"].endswith(f"/{region}")


def test_another_region_answers_when_the_own_one_has_no_ready_pods(fleet: Fleet) -> None:
    fleet.scale(fleet.east, "llm", 0)
    answer = fleet.ask(US)
    assert answer.status == 200
    assert answer.headers["x-served-by"].endswith(f"/{EUROPE}")


def test_nobody_answers_when_no_region_has_ready_pods(fleet: Fleet) -> None:
    for objects in (fleet.east, fleet.west):
        fleet.scale(objects, "llm", 0)
    assert fleet.ask(US).status == 503


def test_a_drained_region_gets_no_traffic(fleet: Fleet) -> None:
    scope = {"selector": {"gke.io/region": US}, "capacityScalerPercent": 0}
    put(fleet.west, BACKEND, "drain", {"targetRef": TARGET, "default": {"timeoutSec": 600}, "scopes": [scope]})
    fleet.pass_time(minutes=1)
    assert fleet.ask(US).headers["x-served-by"].endswith(f"/{EUROPE}")


@pytest.mark.parametrize("broken", ["no policy", "wrong path"])
def test_without_a_right_health_check_all_pods_count_as_unhealthy(fleet: Fleet, broken: str) -> None:
    if broken == "no policy":
        fleet.west.delete(HEALTH, "default", "health")
    else:
        health(fleet.west, "/healthz")
    fleet.pass_time(minutes=1)
    assert fleet.ask(US).status == 503


@pytest.mark.parametrize(("mode", "status"), [("FailOpen", 200), ("FailClose", 500)])
def test_a_dead_endpoint_picker(fleet: Fleet, mode: str, status: int) -> None:
    pool = fleet.east.get(POOL, "default", "llm") or {}
    pool["spec"]["endpointPickerRef"]["failureMode"] = mode
    fleet.east.put(pool, "test")
    fleet.scale(fleet.east, "llm-epp", 0)
    assert fleet.ask(US).status == status


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("/v1/completions", {"model": "gpt", "prompt": "x"}, 404, id="a model it does not serve"),
        pytest.param("/v1/completions", {"model": "llama"}, 400, id="no prompt"),
        pytest.param("/v1/chat/completions", {"model": "llama", "messages": [{"role": "user"}]}, 200, id="chat"),
        pytest.param("/v2/completions", {}, 404, id="a path it does not have"),
    ],
)
def test_what_the_model_server_says(calm: Fleet, path: str, body: Object, status: int) -> None:
    assert calm.ask(US, path, json.dumps(body).encode()).status == status


def test_a_slow_answer_is_cut_off_by_the_policys_timeout(fleet: Fleet) -> None:
    fleet.world.faults.slow["answer"] = 200
    assert fleet.ask(US).status == 504
    put(fleet.west, BACKEND, "patience", {"targetRef": TARGET, "default": {"timeoutSec": 600}})
    fleet.pass_time(minutes=1)
    assert fleet.ask(US).status == 200


def test_a_wrong_port_or_address_gets_no_answer_at_all(calm: Fleet) -> None:
    assert calm.controllers.request(calm.address(US), 8080, "/") is NoAnswer.SILENCE
    assert calm.controllers.request("10.200.0.1", 80, "/") is NoAnswer.SILENCE


@pytest.mark.parametrize(
    ("image", "names"),
    [
        pytest.param("vllm/vllm-openai:v0.8.5", {"gpu"}, id="0.8.5"),
        pytest.param("vllm/vllm-openai:v0.10.2", {"gpu", "kv"}, id="0.10.2"),
        pytest.param("vllm/vllm-openai:v0.18.1", {"kv"}, id="0.18.1"),
    ],
)
def test_the_name_of_the_cache_metric_follows_the_engines_version(calm: Fleet, image: str, names: set[str]) -> None:
    found = calm.east.get("Deployment.apps", "default", "llm") or {}
    found["spec"]["template"]["spec"]["containers"] = [server(image)]
    calm.east.put(found, "test")
    calm.pass_time(minutes=30)
    (pod,) = calm.pods(EAST)
    text = calm.controllers.pod_metrics(EAST, "default", pod["metadata"]["name"]) or ""
    assert {name for name in ("gpu", "kv") if f"vllm:{name}_cache_usage_perc{{" in text} == names


# Jobs ------------------------------------------------------------------------------------------------------


def run(fleet: Fleet, container: Object, **spec: Any) -> tuple[Object, list[Object]]:
    """Run a Job to its end; return it and its pods' terminated containers."""
    containers = [{"name": "check", "image": "curlimages/curl:8.15.0", **container}]
    template = {"spec": {"restartPolicy": "Never", "containers": containers}}
    fleet.east.delete(JOB, "default", "smoke")
    put(fleet.east, JOB, "smoke", {"template": template, "backoffLimit": 0, **spec})
    fleet.pass_time(minutes=30)
    job = fleet.east.get(JOB, "default", "smoke") or {}
    pods = fleet.east.list("Pod", "default", {"job-name": "smoke"})
    return job, [p["status"]["containerStatuses"][0]["state"]["terminated"] for p in pods]


def curl(*words: str) -> Object:
    return {"command": ["curl"], "args": list(words)}


def test_a_smoke_test_leaves_the_answer_in_the_termination_message(calm: Fleet) -> None:
    url = f"http://{calm.address(US)}/v1/completions"
    job, ended = run(calm, curl("-sS", "--fail", "--json", ASK.decode(), "-o", LOG, url))
    assert condition(job, "Complete")["status"] == "True"
    assert job["status"]["succeeded"] == 1
    assert json.loads(ended[0]["message"])["system_fingerprint"].endswith(US)


def test_names_of_the_environment_are_filled_in(calm: Fleet) -> None:
    env = [{"name": "WHERE", "value": calm.address(US)}]
    _, ended = run(calm, {**curl("-s", "-o", LOG, "http://$(WHERE)/v1/models"), "env": env})
    assert json.loads(ended[0]["message"])["data"][0]["id"] == "llama"


def test_a_shell_may_redirect_the_code_and_the_region(calm: Fleet) -> None:
    url = f"http://{calm.address(EUROPE)}/v1/models"
    script = f"curl -s -o /dev/null -w '%{{http_code}} %header{{x-served-by}}' {url} > {LOG}"
    _, ended = run(calm, {"command": ["sh", "-c"], "args": [script]})
    assert ended[0]["message"].startswith("200 ")
    assert ended[0]["message"].endswith(EUROPE)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["-sSf", "http://{us}/nowhere"], 22, id="404 with --fail"),
        pytest.param(["-sS", "http://{us}/nowhere"], 0, id="404 without"),
        pytest.param(["-sS", "--connect-timeout", "5", "http://10.200.0.1/"], 28, id="nobody there"),
        pytest.param(["-sS", "http://nobody.default.svc/"], 6, id="unknown name"),
        pytest.param(["-sS", "http://llm-epp.default.svc:9002/"], 7, id="not HTTP"),
    ],
)
def test_curls_exit_codes(calm: Fleet, words: list[str], code: int) -> None:
    _, ended = run(calm, curl(*[word.format(us=calm.address(US)) for word in words]))
    assert ended[0]["exitCode"] == code


def test_a_failure_falls_back_to_the_log_only_when_asked(calm: Fleet) -> None:
    failing = curl("-sSf", f"http://{calm.address(US)}/nowhere")
    assert "message" not in run(calm, failing)[1][0]
    _, ended = run(calm, {**failing, "terminationMessagePolicy": "FallbackToLogsOnError"})
    assert ended[0]["message"] == "curl: (22) The requested URL returned error: 404\n"


def test_a_job_gives_up_after_its_back_off_limit(calm: Fleet) -> None:
    job, ended = run(calm, curl("-sf", f"http://{calm.address(US)}/nowhere"), backoffLimit=2)
    assert (job["status"]["failed"], len(ended)) == (3, 3)
    assert condition(job, "Failed")["reason"] == "BackoffLimitExceeded"


def test_a_job_ends_at_its_deadline(calm: Fleet) -> None:
    slow = curl("-s", "--retry", "50", "--retry-delay", "60", "--retry-all-errors", "-f", "http://10.200.0.1/")
    job, _ = run(calm, slow, activeDeadlineSeconds=120)
    assert condition(job, "Failed")["reason"] == "DeadlineExceeded"


def test_a_program_that_nobody_can_run_here_fails_openly(calm: Fleet) -> None:
    unknown = {"command": ["python3", "-c", "print()"], "terminationMessagePolicy": "FallbackToLogsOnError"}
    _, ended = run(calm, unknown)
    assert ended[0]["exitCode"] == 127
    assert "cannot run" in ended[0]["message"]


def test_curl_retries_what_is_transient(fleet: Fleet) -> None:
    for objects in (fleet.west, fleet.east):
        fleet.scale(objects, "llm", 0)
    found = fleet.east.get("Deployment.apps", "default", "llm") or {}
    fleet.east.put({**found, "spec": {**found["spec"], "replicas": 1}}, "test")
    assert fleet.ask(US).status == 503
    words = ("-sf", "--retry", "20", "--retry-delay", "60", f"http://{fleet.address(US)}/v1/models")
    job, _ = run(fleet, curl(*words))
    assert condition(job, "Complete")["status"] == "True"


def test_a_finished_job_stays_unless_it_has_a_time_to_live(calm: Fleet) -> None:
    job, _ = run(calm, curl("-s", "http://llm-epp.default.svc:9002/"))
    assert job
    job, _ = run(calm, curl("-s", "http://llm-epp.default.svc:9002/"), ttlSecondsAfterFinished=60)
    assert not job
