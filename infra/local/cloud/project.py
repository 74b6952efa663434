"""The project: its number, its enabled APIs (Service Usage) and its IAM policy (Resource Manager)."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from infra.local.cloud.errors import ApiError
from infra.local.cloud.routes import Ask, Routes, paged
from infra.local.cloud.world import World

PROJECT, NUMBER = "demo", "123456789012"
TITLES: dict[str, str] = {
    "artifactregistry": "Artifact Registry API",
    "autoscaling": "Cloud Autoscaling API",
    "cloudquotas": "Cloud Quotas API",
    "cloudresourcemanager": "Cloud Resource Manager API",
    "cloudtasks": "Cloud Tasks API",
    "compute": "Compute Engine API",
    "connectgateway": "Connect Gateway API",
    "container": "Kubernetes Engine API",
    "firestore": "Cloud Firestore API",
    "gkehub": "GKE Hub API",
    "monitoring": "Cloud Monitoring API",
    "multiclusteringress": "Multi Cluster Ingress API",
    "multiclusterservicediscovery": "Multi cluster Service Discovery API",
    "networkservices": "Network Services API",
    "pubsub": "Cloud Pub/Sub API",
    "secretmanager": "Secret Manager API",
    "serviceusage": "Service Usage API",
    "storage": "Cloud Storage API",
    "trafficdirector": "Traffic Director API",
}
"""Every API that this cloud knows; all are enabled at first."""
ENABLING = timedelta(seconds=20)
_TYPE = "type.googleapis.com/google.api.serviceusage.v1"
_ORGANIZATION = "1234567890"


def full(service: str) -> str:
    """Return the whole name of an API, such as ``compute.googleapis.com``."""
    return service if "." in service else f"{service}.googleapis.com"


def agent(number: str, service: str) -> str:
    """Return the member name of Google's own agent for a service."""
    return f"serviceAccount:service-{number}@gcp-sa-{service}.iam.gserviceaccount.com"


class Project:
    """One project. Ask ``enabled`` and ``granted``; change with ``enable``, ``disable``, ``grant``, ``revoke``."""

    def __init__(self, world: World, name: str = PROJECT, number: str = NUMBER) -> None:
        self.world = world
        self.name = name
        self.number = number
        self._begun = world.now.isoformat().replace("+00:00", "Z")
        self.denied: set[str] = set()
        """Permissions that testIamPermissions says the caller lacks."""
        self._enabled = {full(service) for service in TITLES}
        self._grants: list[tuple[str, str]] = []
        self._operations: dict[str, dict[str, Any]] = {}
        self.grant("roles/container.admin", agent(number, "multiclusteringress"))
        self.services = self._service_routes()
        self.resources = self._resource_routes()

    # What other parts of the cloud and the tests ask -------------------------------------------------------

    def enabled(self, service: str) -> bool:
        """Say whether an API (short or whole name) is enabled."""
        return full(service) in self._enabled

    def enable(self, service: str) -> None:
        """Enable an API at once."""
        self._enabled.add(full(service))

    def disable(self, service: str) -> None:
        """Disable an API at once."""
        self._enabled.discard(full(service))

    def grant(self, role: str, member: str) -> None:
        """Give a role to a member such as ``serviceAccount:a@b``."""
        if not self.granted(role, member):
            self._grants.append((role, member))

    def revoke(self, role: str, member: str) -> None:
        """Take a role away."""
        self._grants = [one for one in self._grants if one != (role, member)]

    def granted(self, role: str, member: str) -> bool:
        """Say whether the member has exactly this role."""
        return (role, member) in self._grants

    def policy(self) -> dict[str, Any]:
        """Return the IAM policy with its etag."""
        bindings = [
            {"role": role, "members": [who for what, who in self._grants if what == role]}
            for role in sorted({role for role, _ in self._grants})
        ]
        etag = hashlib.sha256(json.dumps(bindings).encode()).hexdigest()[:16]
        return {"version": 1, "etag": etag, "bindings": bindings}

    def snapshot(self) -> dict[str, object]:
        """Return what is enabled and granted."""
        return {"enabled": sorted(self._enabled), "bindings": self.policy()["bindings"]}

    def check(self, given: str) -> None:
        """Refuse a project that is not this one, as Google does: without saying whether it exists."""
        if given not in {self.name, self.number}:
            raise ApiError("PERMISSION_DENIED", "The caller does not have permission", "forbidden")

    # Service Usage ---------------------------------------------------------------------------------------

    def _service_routes(self) -> Routes:
        routes, base = Routes(self.world, "serviceusage"), "/v1/projects/{project}/services"
        routes.add("GET", base, self._list)
        routes.add("GET", f"{base}/{{service}}", lambda ask: self._service(self._known(ask)))
        routes.add("GET", f"{base}:batchGet", self._batch)
        routes.add("POST", f"{base}/{{service}}:enable", lambda ask: self._switch(ask, on=True))
        routes.add("POST", f"{base}/{{service}}:disable", lambda ask: self._switch(ask, on=False))
        routes.add("GET", "/v1/operations/{operation}", self._operation)
        return routes

    def _batch(self, ask: Ask) -> dict[str, Any]:
        names = [name.rsplit("/", 1)[1] for name in ask.repeated.get("names", [])]
        return {"services": [self._service(self._known(ask, name)) for name in names]}

    def _known(self, ask: Ask, name: str = "") -> str:
        self.check(ask.parts["project"])
        service = name or ask.parts["service"]
        if service.removesuffix(".googleapis.com") not in TITLES or "." not in service:
            what = f"Not found or permission denied for service(s): {service}."
            raise ApiError("PERMISSION_DENIED", what, "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED")
        return service

    def _service(self, service: str) -> dict[str, Any]:
        return {
            "name": f"projects/{self.number}/services/{service}",
            "config": {"name": service, "title": TITLES[service.split(".", maxsplit=1)[0]]},
            "state": "ENABLED" if service in self._enabled else "DISABLED",
            "parent": f"projects/{self.number}",
        }

    def _list(self, ask: Ask) -> dict[str, Any]:
        self.check(ask.parts["project"])
        found = [self._service(full(service)) for service in sorted(TITLES)]
        if wanted := ask.query.get("filter", ""):
            state = wanted.replace(" ", "").removeprefix("state:").removeprefix("state=")
            if state not in {"ENABLED", "DISABLED"}:
                raise ApiError("INVALID_ARGUMENT", f"Invalid filter: {wanted}", "badRequest")
            found = [one for one in found if one["state"] == state]
        some, token = paged(found, ask.size(), ask.query.get("pageToken", ""), 50)
        answer = {"services": some, "nextPageToken": token}
        return {name: value for name, value in answer.items() if value}

    def _switch(self, ask: Ask, *, on: bool) -> dict[str, Any]:
        service = self._known(ask)
        verb = "Enable" if on else "Disable"
        metadata = {"@type": f"{_TYPE}.OperationMetadata", "resourceNames": [self._service(service)["name"]]}
        if (service in self._enabled) == on:
            done = {"@type": f"{_TYPE}.{verb}ServiceResponse", "service": self._service(service)}
            return {"name": "operations/noop.DONE_OPERATION", "done": True, "response": done}
        name = f"operations/acat.p2-{self.number}-{len(self._operations) + 1:04d}"
        operation: dict[str, Any] = {"name": name, "metadata": metadata}
        self._operations[name] = operation

        def finish() -> None:
            (self.enable if on else self.disable)(service)
            answer = {"@type": f"{_TYPE}.{verb}ServiceResponse", "service": self._service(service)}
            operation.update(done=True, response=answer)

        self.world.after(ENABLING, finish)
        return operation

    def _operation(self, ask: Ask) -> dict[str, Any]:
        name = f"operations/{ask.parts['operation']}"
        if name not in self._operations:
            raise ApiError("NOT_FOUND", f"Operation {name} not found.", "notFound")
        return self._operations[name]

    # Resource Manager ------------------------------------------------------------------------------------

    def _resource_routes(self) -> Routes:
        routes = Routes(self.world, "cloudresourcemanager")
        routes.add("GET", "/v1/projects/{project}", self._v1)
        routes.add("GET", "/v3/projects/{project}", self._v3)
        for version in ("v1", "v3"):
            base = f"/{version}/projects/{{project}}"
            routes.add("POST", f"{base}:getIamPolicy", self._get_policy)
            routes.add("POST", f"{base}:setIamPolicy", self._set_policy)
            routes.add("POST", f"{base}:testIamPermissions", self._test)
        return routes

    def _v1(self, ask: Ask) -> dict[str, Any]:
        self.check(ask.parts["project"])
        described = {"projectNumber": self.number, "projectId": self.name, "name": self.name}
        parent = {"type": "organization", "id": _ORGANIZATION}
        return {**described, "parent": parent, "lifecycleState": "ACTIVE", "createTime": self._begun}

    def _v3(self, ask: Ask) -> dict[str, Any]:
        self.check(ask.parts["project"])
        described = {"name": f"projects/{self.number}", "projectId": self.name, "displayName": self.name}
        parent = f"organizations/{_ORGANIZATION}"
        return {**described, "parent": parent, "state": "ACTIVE", "createTime": self._begun}

    def _get_policy(self, ask: Ask) -> dict[str, Any]:
        self.check(ask.parts["project"])
        return self.policy()

    def _set_policy(self, ask: Ask) -> dict[str, Any]:
        self.check(ask.parts["project"])
        given = ask.body.get("policy", {})
        if given.get("etag") not in {None, self.policy()["etag"]}:
            what = "There were concurrent policy changes. Please retry the whole read-modify-write."
            raise ApiError("ABORTED", what, "aborted")
        bindings = given.get("bindings", [])
        self._grants = [(one["role"], who) for one in bindings for who in one.get("members", [])]
        return self.policy()

    def _test(self, ask: Ask) -> dict[str, Any]:
        self.check(ask.parts["project"])
        held = [one for one in ask.body.get("permissions", []) if one not in self.denied]
        return {"permissions": held} if held else {}
