"""The smoke test: a Job inside the cluster that asks the Gateway for answers, because its addresses are internal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.names import canonical

ADDRESS = "{address}"
"""Stands for the Gateway's address in this region, which only the finished Gateway has: the provider fills it in."""
OBJECTIVE_HEADER = "x-gateway-inference-objective"
ANSWER_SECONDS = 60
GIVE_UP_SECONDS = 900
_PATH = "/v1/completions"


@dataclass(frozen=True)
class Probe:
    """What the test asks, and with what."""

    namespace: str
    labels: Mapping[str, str]
    image: str
    served_name: str
    regional_name: str
    """Only this region's servers answer to it."""
    objective: str


def smoke_job(name: str, probe: Probe) -> Manifest:
    """Return the Job: one container per question, its answer in the termination message, no TTL.

    It stays as the proof that what its name stands for was tested; a new test has a new name.
    """
    questions = (
        _question("base", probe, probe.served_name, ()),
        _question("objective", probe, probe.served_name, ("-H", f"{OBJECTIVE_HEADER}: {probe.objective}")),
        _question("region", probe, probe.regional_name, ()),
    )
    spec = {
        "backoffLimit": 2,
        "activeDeadlineSeconds": GIVE_UP_SECONDS,
        "template": {
            "metadata": {"labels": dict(probe.labels)},
            "spec": {"restartPolicy": "Never", "containers": list(questions)},
        },
    }
    return manifest("batch/v1", "Job", name, probe.labels, namespace=probe.namespace, spec=spec)


def _question(name: str, probe: Probe, model: str, headers: Sequence[str]) -> Manifest:
    body = canonical({"model": model, "prompt": "Say yes.", "max_tokens": 8})
    return {
        "name": name,
        "image": probe.image,
        "command": ["curl"],
        "args": [
            *("-sS", "--fail", "--max-time", str(ANSWER_SECONDS)),
            *("-o", "/dev/termination-log", "-X", "POST"),
            *("-H", "content-type: application/json", *headers),
            *("-d", body, f"http://{ADDRESS}{_PATH}"),
        ],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
    }
