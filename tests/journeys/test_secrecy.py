"""The Hugging Face token is in the Secret that the model server mounts, and nowhere else."""

from __future__ import annotations

import base64
import json
import secrets

import pytest

from infra.local.offline import manifests
from tests.journeys.journey import Journey, travelling

MODEL, NAME, REGION = "gemma-2-2b", "gemma-2-2b", "us-east4"


def test_the_token_is_in_the_clusters_secret_and_nowhere_else(capfd: pytest.CaptureFixture[str]) -> None:
    token = f"hf_{secrets.token_hex(16)}"
    with travelling(hf_token=token, log_level="DEBUG") as journey:
        journey.do(f"deploy {MODEL} {REGION} --replicas 1")
        found = [obj for _, obj in journey.sights.objects("Secret", f"infer-{NAME}")]
        held = [obj["data"]["token"] for obj in found if obj["metadata"]["name"] == "hf-token"]
        assert [base64.b64decode(each).decode() for each in held] == [token]
        said = everything_said(journey)
    out, err = capfd.readouterr()
    said |= {
        "standard output": out,
        "logs": err,
        "rendered files": json.dumps(dict(manifests(f"deploy {MODEL} {REGION}"))),
    }
    assert len(err) > 1000, "hardly anything was logged, so this would prove nothing"
    encoded = base64.b64encode(token.encode()).decode()
    assert {place for place, text in said.items() if token in text or encoded in text} == set()


def everything_said(journey: Journey) -> dict[str, str]:
    """Return all that the product stored, sent or answered, by where it did."""
    cloud = journey.cloud
    answers = [journey.people.say("ana", f"/infer {verb} {NAME}") for verb in ("status", "why", "history")]
    documents = cloud.server.run(cloud.firestore.snapshot)
    assert NAME in json.dumps(documents)
    return {
        "documents": json.dumps(documents),
        "messages": "\n".join(message.data.decode() for message in cloud.pubsub.published),
        "Slack": "\n".join(journey.people.traffic()),
        "answers": "\n".join(answers),
        "operations": repr(cloud.gke.ledger.works),
    }
