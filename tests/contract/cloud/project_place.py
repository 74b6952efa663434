"""All of the project's services in one running cloud, for their tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import httpx
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials

from infra.local.cloud import rpcs
from infra.local.cloud.artifacts import Artifacts
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.project import Project
from infra.local.cloud.quotas import Quotas
from infra.local.cloud.secret_manager import SecretManager
from infra.local.cloud.server import Server
from infra.local.cloud.storage import Storage
from infra.local.cloud.wire import Wire
from infra.local.cloud.world import World

CREDENTIALS = AnonymousCredentials()


class Place:
    """All of the project's services in one running cloud."""

    def __init__(self) -> None:
        self.world = World()
        self.project = Project(self.world)
        self.secrets = SecretManager(self.world)
        self.artifacts = Artifacts(self.world)
        self.storage = Storage(self.world)
        self.monitoring = Monitoring(self.world)
        self.quotas = Quotas(self.world, self.project)
        hosts = {
            "serviceusage": self.project.services.answer,
            "cloudresourcemanager": self.project.resources.answer,
            "registry": self.artifacts.registry.answer,
            "storage": self.storage.routes.answer,
            "cloudquotas": self.quotas.routes.answer,
        }
        self.server = Server(self.world, self._wires(), hosts).start()

    def _wires(self) -> list[Wire]:
        kinds = {
            "secretmanager": ("secretmanager_v1", "secret_manager_service", "SecretManagerServiceClient", self.secrets),
            "artifactregistry": ("artifactregistry_v1", "artifact_registry", "ArtifactRegistryClient", self.artifacts),
            "monitoring": ("monitoring_v3", "metric_service", "MetricServiceClient", self.monitoring),
        }
        wires = []
        for name, (module, service, client, behind) in kinds.items():
            wire = Wire(self.world, name)
            wire.serve(rpcs.load(f"google.cloud.{module}", service, client), behind.handlers())  # type: ignore[attr-defined]  # each has them
            wires.append(wire)
        return wires

    def rest(self, verb: str, host: str, path: str, body: Any = None) -> httpx.Response:
        return httpx.request(verb, self.server.endpoints[host] + path, json=body, trust_env=False)

    def client(self, kind: Any, host: str, transport: str) -> Any:
        if transport == "rest":
            options = ClientOptions(api_endpoint=self.server.endpoints[host])
            return kind(transport="rest", credentials=CREDENTIALS, client_options=options)
        made = kind.get_transport_class("grpc")
        return kind(transport=made(channel=grpc.insecure_channel(self.server.endpoints["grpc"])))


@contextmanager
def running() -> Iterator[Place]:
    """Run the services for as long as the block lasts."""
    made = Place()
    try:
        yield made
    finally:
        made.server.stop()
