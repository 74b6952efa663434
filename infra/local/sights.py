"""What can be seen in the embedded cloud itself, past the product: the judge's own look at what was built."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.joints import key_of
from infra.local.cloud.kube.controllers.answers import Answer
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import at

GATEWAY, POLICY = "Gateway.gateway.networking.k8s.io", "GCPBackendPolicy.networking.gke.io"


@dataclass(frozen=True)
class Reply:
    """What came back from a Gateway's address."""

    status: int
    text: str


class Sights:
    """Looks at a running cloud; each look is taken inside its loop, so it sees one moment."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def cluster(self, region: str) -> Objects | None:
        """Return the objects of our cluster in a region, or None."""
        return self._cloud.kube.clusters.get(key_of(self._cloud.project.name, region, f"inferops-{region}"))

    def objects(self, kind: str, namespace: str) -> list[tuple[str, dict[str, Any]]]:
        """Return (region, object) of all objects of a kind in a namespace, over all clusters."""

        def look() -> list[tuple[str, dict[str, Any]]]:
            clusters = sorted(self._cloud.kube.clusters.items())
            return [(key.split("/")[3], obj) for key, held in clusters for obj in held.list(kind, namespace)]

        return self._cloud.server.run(look)

    def ready(self, name: str) -> dict[str, str]:
        """Return region -> ``ready/wanted`` of a deployment's model servers."""
        found = self.objects("Deployment.apps", f"infer-{name}")
        return {
            region: f"{at(obj, 'status', 'readyReplicas') or 0}/{at(obj, 'spec', 'replicas')}"
            for region, obj in found
            if obj["metadata"]["name"] == name
        }

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of a deployment's Gateway, in the order of the regions that it asks for."""
        found = self.objects(GATEWAY, f"infer-{name}")
        return [str(a["value"]) for _, obj in found for a in at(obj, "status", "addresses") or ()]

    def ask(self, address: str, model: str) -> Reply:
        """Ask a model a question through a Gateway's address, from inside the network."""
        body = json.dumps({"model": model, "prompt": "The capital of France is", "max_tokens": 8}).encode()
        headers = {"content-type": "application/json"}
        request = self._cloud.controllers.request
        found = self._cloud.server.run(lambda: request(address, 80, "/v1/completions", "POST", headers, body))
        return Reply(found.status, found.body.decode()) if isinstance(found, Answer) else Reply(0, found.value)

    def utilisation(self, name: str) -> list[str]:
        """Return what the balancing policies of a deployment say, as JSON."""
        found = self.objects(POLICY, f"infer-{name}")
        shown: list[Mapping[str, Any]] = [at(obj, "spec", "default") or {} for _, obj in found]
        return sorted({json.dumps(each, sort_keys=True) for each in shown})

    def pools(self, region: str) -> dict[str, int]:
        """Return node pool -> how many machines it has in our cluster of a region."""
        project = self._cloud.project.name
        pools = self._cloud.server.run(lambda: self._cloud.gke.pools(project, region, f"inferops-{region}"))
        return {pool.name: len(pool.nodes) for pool in pools}
