"""The API server as the real kubectl meets it. Skipped where kubectl is not installed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.cloud import kube_place
from tests.contract.cloud.kube_place import Place, config_map, deployment, pool

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with kube_place.running(tmp_path_factory.mktemp("kube")) as running:
        yield running


def done(place: Place, *words: str, stdin: Any = "") -> str:
    """What kubectl prints when it succeeds."""
    result = place.kubectl(*words, stdin=stdin if isinstance(stdin, str) else json.dumps(stdin))
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(place: Place, *words: str, stdin: Any = "") -> str:
    """What kubectl says when it fails."""
    result = place.kubectl(*words, stdin=json.dumps(stdin))
    assert result.returncode != 0, result.stdout
    return result.stderr


def test_get_shows_the_printer_columns(place: Place) -> None:
    done(place, "apply", "--server-side", "-f", "-", stdin=deployment("shown"))
    header, row = done(place, "get", "deploy", "shown").splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["shown", "0/1", "0", "0"]


def test_short_names_and_all_namespaces_work(place: Place) -> None:
    assert "kube-system" in done(place, "get", "sa", "-A")
    assert "inferencepools" in done(place, "api-resources", "--api-group", "inference.networking.k8s.io")


def test_server_side_apply_tells_of_conflicts(place: Place) -> None:
    done(place, "apply", "--server-side", "--field-manager", "ours", "-f", "-", stdin=pool("fought"))
    said = refused(place, "apply", "--server-side", "-f", "-", stdin=pool("fought", 9000))
    assert 'Apply failed with 1 conflict: conflict with "ours": .spec.targetPorts' in said


def test_client_side_apply_works_too(place: Place) -> None:
    done(place, "apply", "-f", "-", stdin=config_map("plain", {"a": "1", "b": "2"}))
    done(place, "apply", "-f", "-", stdin=config_map("plain", {"a": "2"}))
    assert json.loads(done(place, "get", "cm", "plain", "-o", "json"))["data"] == {"a": "2"}


def test_an_unknown_field_is_refused_by_name(place: Place) -> None:
    said = refused(place, "create", "-f", "-", stdin=pool("misspelt", apProtocol="http"))
    assert 'strict decoding error: unknown field "spec.apProtocol"' in said


def test_a_bad_value_is_refused_with_its_field(place: Place) -> None:
    body = deployment("bad", initContainers=[{"name": "i", "image": "i", "restartPolicy": "IfNotPresent"}])
    said = refused(place, "create", "-f", "-", stdin=body)
    assert "spec.template.spec.initContainers[0].restartPolicy: Unsupported value" in said


def test_explain_knows_fields_of_built_in_and_custom_kinds(place: Place) -> None:
    assert "replicas" in done(place, "explain", "deployment.spec")
    assert "endpointPickerRef" in done(place, "explain", "inferencepool.spec")


def test_wait_sees_a_condition_come(place: Place) -> None:
    done(place, "apply", "--server-side", "-f", "-", stdin=deployment("awaited"))
    condition = {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": ""}

    def become_available() -> None:
        found = place.objects.get("Deployment.apps", "default", "awaited")
        assert found is not None
        place.objects.set_status(found, {"conditions": [condition]})

    place.server.run(lambda: place.world.after(timedelta(minutes=5), become_available))
    said = done(place, "wait", "--for=condition=Available", "deploy/awaited", "--timeout=20s")
    assert "condition met" in said


def test_diff_patch_label_and_scale(place: Place) -> None:
    done(place, "apply", "--server-side", "-f", "-", stdin=deployment("turned"))
    done(place, "label", "deploy", "turned", "team=ml")
    done(place, "scale", "deploy", "turned", "--replicas=3")
    done(place, "patch", "deploy", "turned", "-p", '{"spec":{"paused":true}}')
    seen = json.loads(done(place, "get", "deploy", "turned", "-o", "json"))
    assert (seen["metadata"]["labels"], seen["spec"]["replicas"], seen["spec"]["paused"]) == ({"team": "ml"}, 3, True)


def test_delete_waits_until_the_object_is_gone(place: Place) -> None:
    done(place, "create", "namespace", "brief", "-o", "yaml", "--dry-run=client")
    done(
        place,
        "apply",
        "--server-side",
        "-f",
        "-",
        stdin={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "brief"}},
    )
    done(place, "delete", "namespace", "brief", "--timeout=20s")
    assert "NotFound" in refused(place, "get", "namespace", "brief")
