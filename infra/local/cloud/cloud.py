"""The whole embedded cloud in one process: one world, every service, and their wires and hosts."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from infra.local.cloud import rpcs
from infra.local.cloud.alerting import Alerting
from infra.local.cloud.artifacts import Artifacts
from infra.local.cloud.compute import Compute, compute_wire
from infra.local.cloud.firestore import Firestore
from infra.local.cloud.firestore_wire import firestore_wire
from infra.local.cloud.fleet import Fleet, fleet_wire
from infra.local.cloud.gke import Gke, gke_wire
from infra.local.cloud.joints import Joints
from infra.local.cloud.kube.api import KubeServer
from infra.local.cloud.load import Load
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.monitoring_wire import monitoring_wire
from infra.local.cloud.project import Project, agent
from infra.local.cloud.promql_api import Prometheus
from infra.local.cloud.pubsub import PubSub
from infra.local.cloud.pubsub_wire import pubsub_wire
from infra.local.cloud.quotas import Quotas
from infra.local.cloud.scheduler import Scheduler
from infra.local.cloud.secret_manager import SecretManager
from infra.local.cloud.server import Answer, Server
from infra.local.cloud.slack import Slack
from infra.local.cloud.storage import Storage
from infra.local.cloud.tasks import Tasks, tasks_wire
from infra.local.cloud.wire import Wire
from infra.local.cloud.world import World

SIGNING_SECRET, BOT_TOKEN, APP_TOKEN, HF_TOKEN = "local-signing-secret", "xoxb-local", "xapp-local", "hf_local"

NODE_ROLES = (
    "roles/container.defaultNodeServiceAccount",
    "roles/monitoring.metricWriter",
    "roles/autoscaling.metricsWriter",
)
"""What the nodes' account is granted from the start, beside what ``Project`` grants by itself."""


class Cloud:
    """One project of Google Cloud and one Slack workspace. ``start`` listens on free ports of this machine.

    ``seed`` fixes every duration and every drawn name; ``speed`` is virtual seconds per second, None jumps at once.
    """

    def __init__(
        self,
        seed: int = 0,
        speed: float | None = None,
        project: str = "demo",
        number: str = "123456789012",
        hf_token: str = HF_TOKEN,
    ) -> None:
        self.world = world = World(seed, speed=speed)
        self.project = Project(world, project, number)
        for role in NODE_ROLES:
            self.project.grant(role, f"serviceAccount:{number}-compute@developer.gserviceaccount.com")
        # Google grants it to its own agent when a Pub/Sub channel is made in the console.
        self.project.grant("roles/pubsub.publisher", agent(number, "monitoring-notification"))
        self.secrets = SecretManager(world, project, number)
        self.secrets.put("hf-token", hf_token)
        self._masked = {SIGNING_SECRET, BOT_TOKEN, APP_TOKEN, hf_token} - {""}
        self.artifacts, self.storage = Artifacts(world), Storage(world)
        self.monitoring, self.quotas = Monitoring(world, project), Quotas(world, self.project)
        self.compute = Compute(world, number)
        self.gke = Gke(world, self.compute, self._endpoint)
        granted = agent(number, "multiclusteringress")
        self.fleet = Fleet(world, self.gke, lambda: self.project.granted("roles/container.admin", granted))
        self.kube = KubeServer(world)
        self.firestore, self.pubsub, self.tasks = Firestore(world), PubSub(world), Tasks(world)
        self.prometheus = Prometheus(world, self.monitoring)
        self.alerting = Alerting(world, self.monitoring, self.pubsub.publish, number)
        self.scheduler = Scheduler(world)
        self.slack = Slack(world, SIGNING_SECRET, BOT_TOKEN, app_token=APP_TOKEN)
        self.joints = Joints(
            world, self.project, self.compute, self.gke, self.fleet, self.kube, self.artifacts, self.storage,
            self.monitoring,
        )  # fmt: skip
        self.controllers = self.joints.controllers
        self.load = Load(world, self.controllers)
        self.server = self._listener()

    def start(self) -> Cloud:
        """Listen; return when every port answers."""
        self.world.tap.secrets |= self._masked
        self.gke.core.shown.clear()  # a cloud that was kept knew other addresses
        self.server.start()
        self.slack.url = self.endpoints["slack"]
        return self

    def stop(self) -> None:
        """End everything."""
        self.scheduler.stop()
        self.server.call(self.pubsub.close)
        self.server.call(self.tasks.close)
        self.server.stop()

    @property
    def endpoints(self) -> dict[str, str]:
        """Host name -> ``http://127.0.0.1:PORT``; the key ``grpc`` is ``127.0.0.1:PORT``."""
        return self.server.endpoints

    def snapshot(self) -> dict[str, object]:
        """Return all that exists with its settings, but for documents, messages and what was said in Slack."""
        return self.server.run(self._snapshot)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "server"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.server = self._listener()

    def _listener(self) -> Server:
        return Server(self.world, self._wires(), self._hosts(), {"slack": self.slack.link})

    def _snapshot(self) -> dict[str, object]:
        parts: dict[str, Any] = {
            "project": self.project,
            "secrets": self.secrets,
            "images": self.artifacts,
            "buckets": self.storage,
            "quotas": self.quotas,
            "compute": self.compute,
            "gke": self.gke,
            "fleet": self.fleet,
            "pubsub": self.pubsub,
            "alerting": self.alerting,
        }
        shots = {name: part.snapshot() for name, part in parts.items()}
        clusters = {key: objects.snapshot() for key, objects in sorted(self.kube.clusters.items())}
        return {**shots, "kubernetes": clusters}

    def _endpoint(self, project: str, location: str, name: str) -> str:
        host = self.endpoints["kubernetes"].removeprefix("http://")
        return f"{host}/projects/{project}/locations/{location}/clusters/{name}"

    def _wires(self) -> list[Wire]:
        world = self.world
        kinds = {
            "secretmanager": ("secretmanager_v1", "secret_manager_service", "SecretManagerServiceClient", self.secrets),
            "artifactregistry": ("artifactregistry_v1", "artifact_registry", "ArtifactRegistryClient", self.artifacts),
        }
        wires = [
            compute_wire(world, self.compute),
            gke_wire(world, self.gke),
            fleet_wire(world, self.fleet),
            firestore_wire(world, self.firestore),
            pubsub_wire(world, self.pubsub),
            tasks_wire(world, self.tasks),
        ]
        for name, (module, service, client, behind) in kinds.items():
            wire = Wire(world, name)
            handlers: Any = behind
            wire.serve(rpcs.load(f"google.cloud.{module}", service, client), handlers.handlers())
            wires.append(wire)
        return [*wires, monitoring_wire(world, self.monitoring, self.alerting)]

    def _hosts(self) -> dict[str, Answer]:
        return {
            "serviceusage": self.project.services.answer,
            "cloudresourcemanager": self.project.resources.answer,
            "registry": self.artifacts.registry.answer,
            "storage": self.storage.routes.answer,
            "cloudquotas": self.quotas.routes.answer,
            "prometheus": self.prometheus.answer,
            "kubernetes": self.kube.answer,
            "kubectl": self.kube.for_kubectl,
            "slack": self.slack.answer,
            "time": self._time,
        }

    async def _time(self, _: Request) -> Response:
        return PlainTextResponse(self.world.now.isoformat())
