"""A running embedded cloud whose operations end almost at once, and the real gcloud pointed at it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.durations import SECONDS

SERVICES = {
    "CONTAINER": ("gke", "/"),
    "COMPUTE": ("compute", "/compute/v1/"),
    "GKEHUB": ("fleet", "/"),
    "PUBSUB": ("pubsub", "/"),
    "SERVICEUSAGE": ("serviceusage", "/"),
    "CLOUDRESOURCEMANAGER": ("cloudresourcemanager", "/"),
}
"""gcloud's name of a service -> host of the embedded cloud, and the path below which the service is."""
REGION = ("--region", "us-east4")


class Place:
    """A cloud and a gcloud with a configuration of its own. Each command is a process of a second or more."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.cloud = cloud
        self.kubeconfig = folder / "kubeconfig"
        self._settings = {
            "CLOUDSDK_CONFIG": str(folder / "gcloud"),
            "CLOUDSDK_CORE_PROJECT": "demo",
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "KUBECONFIG": str(self.kubeconfig),
            "NO_PROXY": "127.0.0.1",
        }
        for name, (host, path) in SERVICES.items():
            self._settings[f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}"] = cloud.endpoints[host] + path

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - a fixed program with words of the tests
            ["gcloud", *words],  # noqa: S607 - wherever it is installed
            env=os.environ | self._settings,
            capture_output=True,
            text=True,
            check=False,
        )

    def said(self, *words: str) -> str:
        """What gcloud prints when it succeeds."""
        ended = self._run(*words)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout + ended.stderr

    def shown(self, *words: str) -> Any:
        """What gcloud gives back as JSON when it succeeds."""
        ended = self._run(*words, "--format=json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def refused(self, *words: str) -> str:
        """What gcloud says when it fails."""
        ended = self._run(*words)
        assert ended.returncode != 0, ended.stdout
        assert "crashed" not in ended.stderr, ended.stderr
        return ended.stderr

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let time stand still meanwhile; requests are answered all the same."""
        world = self.cloud.world
        self.cloud.server.run(world.pause)
        try:
            yield
        finally:
            self.cloud.server.run(lambda: world.pause(on=False))


@contextmanager
def running(folder: Path) -> Iterator[Place]:
    # gcloud looks again only every five seconds of real time, so what it waits for is over when it looks first.
    cloud = Cloud(seed=5, speed=10)
    cloud.world.faults.slow.update(dict.fromkeys(SECONDS, 0))
    cloud.start()
    try:
        yield Place(cloud, folder)
    finally:
        cloud.stop()
