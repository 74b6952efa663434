"""One example that all compile tests share: llama3-8b in two regions, europe-west3 being the config region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.catalog.load import load
from shared.domain.compile import compile_desired
from shared.domain.desired import DeploymentSpec, FleetSpec, Placement
from shared.domain.graph import ResourceGraph
from shared.domain.site import Site

DIGEST = "sha256:" + "0" * 64
SPEC = DeploymentSpec(
    model="llama-3.1-8b",
    served_name="llama3-8b",
    machine="a3-highgpu-2g",
    consumption="spot",
    regions={"us-east4": Placement(3, "us-east4-a"), "europe-west3": Placement(3, "europe-west3-c")},
    image=f"registry.example/vllm-openai@{DIGEST}",
    picker_image=f"registry.example/epp@{DIGEST}",
    probe_image=f"registry.example/curl@{DIGEST}",
    token="projects/demo/secrets/hf/versions/3",
)
SITE = Site("demo", "123456789012")
FLEET = FleetSpec("europe-west3", frozenset({"llama3-8b"}))
RDMA: dict[str, Any] = {
    "machine": "a3-ultragpu-8g",
    "consumption": "flex_start",
    "model": "deepseek-v3",
    "regions": {"us-east4": Placement(2, "us-east4-b")},
}
Compile = Callable[..., ResourceGraph]


@pytest.fixture
def compiled() -> Compile:
    """Compile the example, with fields of its spec changed."""

    def run(name: str = "llama3-8b", fleet: FleetSpec = FLEET, **changes: Any) -> ResourceGraph:
        return compile_desired(f"deployments/{name}", replace(SPEC, **changes), fleet, SITE, load())

    return run


@pytest.fixture
def platform() -> Compile:
    """Compile a platform document."""

    def run(path: str, spec: Any) -> ResourceGraph:
        return compile_desired(path, spec, FLEET, SITE, load())

    return run


@pytest.fixture
def rdma() -> dict[str, Any]:
    """Return the changes that make it a deployment on an RDMA machine."""
    return dict(RDMA)
