"""The Hugging Face token is in the Secret that the model server mounts, and nowhere else."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator

import pytest

from infra.local.cloud.kube.asking import Asked
from infra.local.cloud.kube.values import Object, meta
from infra.local.offline import manifests
from tests.journeys.journey import Journey, travelling

MODEL, NAME, REGION = "gemma-2-2b", "gemma-2-2b", "us-east4"
SECRET = f"/api/v1/namespaces/infer-{NAME}/secrets/hf-token"
Said = tuple[str, str]
"""Where something is said, and all that is said there."""


def test_the_token_is_in_the_clusters_secret_and_nowhere_else(capfd: pytest.CaptureFixture[str]) -> None:
    token = f"hf_{secrets.token_hex(16)}"
    encoded = base64.b64encode(token.encode()).decode()
    requests: list[Asked] = []
    with travelling(hf_token=token, log_level="DEBUG") as journey:
        journey.cloud.kube.witnesses.append(requests.append)
        journey.do(f"deploy {MODEL} {REGION} --replicas 1")
        said = [*said_to_people(journey), *kept_by_the_product(journey), *kept_by_the_cloud(journey)]
    out, err = capfd.readouterr()
    assert len(err) > 1000, "hardly anything was logged, so this would prove nothing"
    said += [("standard output", out), ("logs", err)]
    said += [("rendered files", json.dumps(dict(manifests(f"deploy {MODEL} {REGION}"))))]
    said += [(f"request to {place_of(each)}", f"{each.path} {each.query} {each.body!r}") for each in requests]
    holders = {place for place, text in said if token in text or encoded in text}
    assert holders == {f"object Secret infer-{NAME}/hf-token", f"request to {SECRET}"}


def said_to_people(journey: Journey) -> Iterator[Said]:
    for verb in ("status", "why", "history"):
        yield f"answer to {verb}", journey.people.say("ana", f"/infer {verb} {NAME}")
    yield "Slack", "\n".join([*journey.people.traffic(), *journey.people.transcript()])


def kept_by_the_product(journey: Journey) -> Iterator[Said]:
    documents = json.dumps(journey.cloud.server.run(journey.cloud.firestore.snapshot))
    assert NAME in documents
    yield "documents", documents
    yield "messages", "\n".join(message.data.decode() for message in journey.cloud.pubsub.published)


def kept_by_the_cloud(journey: Journey) -> Iterator[Said]:
    cloud = journey.cloud
    yield "operations", repr(cloud.gke.ledger.works)
    for part, state in cloud.snapshot().items():
        if part != "kubernetes":  # its objects follow one by one, its events too
            yield part, json.dumps(state)
    for kind, obj in cloud.server.run(lambda: objects(journey)):
        yield f"object {kind} {meta(obj).get('namespace', '')}/{meta(obj)['name']}", json.dumps(obj)


def objects(journey: Journey) -> list[tuple[str, Object]]:
    """Return (kind, object) of everything in every cluster."""
    clusters = journey.cloud.kube.clusters.values()
    return [(kind, obj) for held in clusters for kind in held.kinds for obj in held.list(kind)]


def place_of(request: Asked) -> str:
    """Return the path inside the cluster, without the way to it."""
    return request.path[request.path.find("/api") :]
