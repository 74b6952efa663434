"""The real kubectl while a whole cluster runs, with its controllers. Skipped where kubectl is not installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.cloud.kube.controllers import Controllers, Hooks
from tests.contract.cloud import kube_place
from tests.contract.cloud.clusters_place import Machine
from tests.contract.cloud.kube_place import KEY, Place, deployment, pool

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
MACHINES = [Machine("one", "system", "us-east4-a")]
SOON = "--timeout=50s"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with kube_place.running(tmp_path_factory.mktemp("kube")) as running:
        controllers = Controllers(running.world, Hooks(nodes_of=lambda _: MACHINES))
        running.server.run(lambda: controllers.attach(KEY, running.objects, "us-east4", "demo"))
        yield running


def run(place: Place, *words: str, stdin: Any = None) -> subprocess.CompletedProcess[str]:
    return place.kubectl(*words, stdin="" if stdin is None else json.dumps(stdin))


def done(place: Place, *words: str, stdin: Any = None) -> str:
    """What kubectl prints when it succeeds."""
    result = run(place, *words, stdin=stdin)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(place: Place, *words: str, stdin: Any = None) -> str:
    """What kubectl says when it fails."""
    result = run(place, *words, stdin=stdin)
    assert result.returncode != 0, result.stdout
    return result.stderr


def rolled_out(place: Place, name: str) -> None:
    done(place, "apply", "--server-side", "-f", "-", stdin=deployment(name))
    assert "successfully rolled out" in done(place, "rollout", "status", f"deploy/{name}", SOON)


# Rolling out ---------------------------------------------------------------------------------------------


def test_a_deployment_is_applied_awaited_and_shown_wide(place: Place) -> None:
    rolled_out(place, "wide")
    done(place, "wait", "--for=condition=Available", "deploy/wide", SOON)
    done(place, "wait", "--for=jsonpath={.status.readyReplicas}=1", "deploy/wide", SOON)
    header, row = done(place, "get", "deploy", "wide", "-o", "wide").splitlines()
    assert header.split()[-3:] == ["CONTAINERS", "IMAGES", "SELECTOR"]
    assert row.split()[1] == "1/1" and row.split()[-3:] == ["engine", "engine:1", "app=wide"]


def test_pods_are_shown_wide_with_address_and_node(place: Place) -> None:
    rolled_out(place, "placed")
    header, row = done(place, "get", "pods", "-l", "app=placed", "-o", "wide").splitlines()
    assert header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
    assert (row.split()[1], row.split()[2], row.split()[-1]) == ("1/1", "Running", "one")


def test_a_restart_makes_new_pods_and_an_undo_goes_back_and_forth(place: Place) -> None:
    rolled_out(place, "turned")
    shown = ("get", "deploy", "turned", "-o", "jsonpath={.spec.template.metadata.annotations}")
    done(place, "rollout", "restart", "deploy/turned")
    done(place, "rollout", "status", "deploy/turned", SOON)
    restarted = done(place, *shown)
    states = []
    for _ in range(2):
        done(place, "rollout", "undo", "deploy/turned")
        done(place, "rollout", "status", "deploy/turned", SOON)
        states.append(done(place, *shown))
    assert "restartedAt" in restarted and states == ["", restarted]
    history = done(place, "rollout", "history", "deploy/turned").split()
    assert [word for word in history if word.isdigit()] == ["3", "4"]


def test_get_all_and_events_tell_what_happened(place: Place) -> None:
    rolled_out(place, "told")
    everything, events = done(place, "get", "all"), done(place, "events", "--for", "deploy/told")
    assert "deployment.apps/told" in everything and "pod/told-" in everything
    assert "ScalingReplicaSet" in events and "Scaled up" in events


def test_a_watch_shows_what_comes_until_it_is_ended(place: Place) -> None:
    done(place, "apply", "--server-side", "-f", "-", stdin=pool("watched"))
    command = ("get", "infpool", "watched", "-w", "-o", "jsonpath={.spec.targetPorts[0].number},")
    program = place.opened(*command)
    assert program.stdout is not None
    try:
        seen = [program.stdout.read(5)]
        patch = json.dumps({"spec": {"targetPorts": [{"number": 8001}]}})
        done(place, "patch", "infpool", "watched", "--type=merge", "-p", patch)
        seen.append(program.stdout.read(5))
    finally:
        program.kill()
        program.communicate()
    assert seen == ["8000,", "8001,"]


# Deleting ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cascade", "left"), [("foreground", False), ("background", False), ("orphan", True)])
def test_a_delete_takes_along_what_it_was_told_to(place: Place, cascade: str, left: bool) -> None:
    rolled_out(place, f"gone-{cascade}")
    done(place, "delete", "deploy", f"gone-{cascade}", f"--cascade={cascade}", SOON)
    names = done(place, "get", "rs", "-l", f"app=gone-{cascade}", "-o", "name")
    assert bool(names) == left


# Refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(
            deployment("bad", containers=[{"name": "a"}]),
            'The Deployment "bad" is invalid: spec.template.spec.containers[0].image: Required value',
            id="a built-in kind",
        ),
        pytest.param(
            pool("bad", 800000),
            'The InferencePool "bad" is invalid: spec.targetPorts[0].number: Invalid value: 800000',
            id="the schema of a custom kind",
        ),
        pytest.param(
            pool("bad", endpointPickerRef={"name": "e"}),
            'spec.endpointPickerRef: Invalid value: "object": port is required when kind is',
            id="a rule in CEL",
        ),
    ],
)
def test_a_bad_object_is_refused_with_its_field(place: Place, body: Any, said: str) -> None:
    assert said in refused(place, "create", "-f", "-", stdin=body)


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        pytest.param(("logs", "deploy/mute"), "no log", id="logs"),
        pytest.param(("exec", "deploy/mute", "--", "ls"), "no exec", id="exec"),
        pytest.param(("port-forward", "deploy/mute", "8080:8000"), "no portforward", id="port-forward"),
    ],
)
def test_what_needs_a_running_program_is_refused_plainly(place: Place, words: tuple[str, ...], missing: str) -> None:
    rolled_out(place, "mute")
    assert f"no program runs in the pods of the embedded cloud, so there is {missing}" in refused(place, *words)


def test_there_are_no_metrics(place: Place) -> None:
    assert "Metrics API not available" in refused(place, "top", "pods")


# Discovery -----------------------------------------------------------------------------------------------


def test_fields_are_explained_down_to_their_values(place: Place) -> None:
    assert "FIELD: image <string>" in done(place, "explain", "deployment.spec.template.spec.containers.image")
    said = done(place, "explain", "inferencepool.spec.endpointPickerRef.failureMode")
    assert "FailOpen" in said and "FailClose" in said


def test_resources_are_listed_with_their_short_names(place: Place) -> None:
    lines = done(place, "api-resources", "--no-headers").splitlines()
    found = {line.split()[0]: line.split()[1:] for line in lines}
    assert found["deployments"] == ["deploy", "apps/v1", "true", "Deployment"]
    assert found["inferencepools"] == ["infpool", "inference.networking.k8s.io/v1", "true", "InferencePool"]


def test_whoever_has_a_token_may_ask_who_it_is_and_what_it_may(place: Place) -> None:
    assert "holder-of-a-token" in done(place, "auth", "whoami")
    assert done(place, "auth", "can-i", "delete", "pods").strip() == "yes"


# Changing ------------------------------------------------------------------------------------------------


def test_a_diff_shows_what_would_change_and_changes_nothing(place: Place) -> None:
    rolled_out(place, "compared")
    wanted = deployment("compared")
    wanted["spec"]["replicas"] = 2
    shown = run(place, "diff", "--server-side", "-f", "-", stdin=wanted)
    assert (shown.returncode, "-  replicas: 1" in shown.stdout, "+  replicas: 2" in shown.stdout) == (1, True, True)
    assert done(place, "get", "deploy", "compared", "-o", "jsonpath={.spec.replicas}") == "1"


def test_a_status_is_patched_and_read_by_itself(place: Place) -> None:
    done(place, "apply", "--server-side", "-f", "-", stdin=pool("told-of"))
    patch = json.dumps({"status": {"parents": [{"parentRef": {"name": "gw"}}]}})
    done(place, "patch", "infpool", "told-of", "--subresource=status", "--type=merge", "-p", patch)
    path = "jsonpath={.status.parents[0].parentRef.name}"
    assert done(place, "get", "infpool", "told-of", "--subresource=status", "-o", path) == "gw"


def test_a_node_is_drained(place: Place) -> None:
    rolled_out(place, "moved")
    assert "node/one drained" in done(place, "drain", "one", SOON)
    done(place, "uncordon", "one")
