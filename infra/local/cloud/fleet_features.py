"""Fleet features: multi-cluster ingress with its config cluster, and any other that is only switched on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.cloud import gkehub_v1

from infra.local.cloud.errors import ApiError
from infra.local.cloud.fleet_memberships import Memberships
from infra.local.cloud.fleet_operations import render
from infra.local.cloud.operations import Failure, Ledger, Work
from infra.local.cloud.wire import Handler

INGRESS = "multiclusteringress"
_FIELDS = {"labels", "spec", "membership_specs"}


class Features:
    """The features and the handlers of their RPCs."""

    def __init__(self, ledger: Ledger, memberships: Memberships, granted: Callable[[], bool], number: str) -> None:
        self._ledger = ledger
        self._memberships = memberships
        self._granted = granted
        self._number = number
        self.made: dict[str, gkehub_v1.Feature] = {}

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {
            "GetFeature": lambda request: self.shown(self.find(request.name)),
            "ListFeatures": self._list,
            "CreateFeature": self._create,
            "UpdateFeature": self._update,
            "DeleteFeature": self._delete,
        }

    def find(self, name: str) -> gkehub_v1.Feature:
        """Return a feature, or raise that it was not found."""
        if name not in self.made:
            raise ApiError("NOT_FOUND", f'feature "{name}" not found', "notFound")
        return self.made[name]

    def trouble(self, feature: gkehub_v1.Feature) -> str:
        """Return why an active feature does not work, or the empty string."""
        if not feature.name.endswith(f"/{INGRESS}"):
            return ""
        config = feature.spec.multiclusteringress.config_membership
        agent = f"service-{self._number}@gcp-sa-{INGRESS}.iam.gserviceaccount.com"
        if not self._granted():
            return f"Grant the role roles/container.admin to the service account {agent}."
        if not self._memberships.ready(config):
            return f"The config membership {config} does not exist or is not ready."
        if self._memberships.cluster_of(config) is None:
            return f"The cluster of the config membership {config} does not exist."
        return ""

    def shown(self, feature: gkehub_v1.Feature) -> gkehub_v1.Feature:
        """Return a feature as the API shows it: its state, and the state of each membership by project number."""
        copy = gkehub_v1.Feature(feature)
        if copy.resource_state.state.name != "ACTIVE":
            return copy
        trouble, now = self.trouble(feature), self._ledger.world.now
        code = "ERROR" if trouble else "OK"
        copy.state = {"state": {"code": code, "description": trouble or "Ready to use", "update_time": now}}
        project = feature.name.split("/")[1]
        for name in self._memberships.made:
            if name.startswith(f"projects/{project}/") and self._memberships.ready(name):
                key = name.replace(f"projects/{project}/", f"projects/{self._number}/", 1)
                copy.membership_states[key] = self._of_membership(name)
        return copy

    def _of_membership(self, name: str) -> gkehub_v1.MembershipFeatureState:
        lost = self._memberships.cluster_of(name) is None
        code, text = ("ERROR", "Lost connection") if lost else ("OK", "Ready to use")
        return gkehub_v1.MembershipFeatureState(state={"code": code, "description": text})

    def _list(self, request: Any) -> gkehub_v1.ListFeaturesResponse:
        parent = request.parent.removesuffix("/locations/-")
        found = [feature for name, feature in sorted(self.made.items()) if name.startswith(f"{parent}/")]
        return gkehub_v1.ListFeaturesResponse(resources=[self.shown(feature) for feature in found])

    def _create(self, request: Any) -> Any:
        project = request.parent.split("/")[1]
        return render(self._ledger, self._ledger.once(project, request.request_id, lambda: self._begin(request)))

    def _begin(self, request: Any) -> Work:
        name = f"{request.parent}/features/{request.feature_id}"
        if not request.parent.endswith("/locations/global"):
            raise ApiError("INVALID_ARGUMENT", "Features exist only in location global.", "badRequest")
        if name in self.made:
            raise ApiError("ALREADY_EXISTS", f'feature "{name}" already exists', "alreadyExists")
        body = gkehub_v1.Feature(request.resource)
        self._check(request.feature_id, body)
        body.name, body.resource_state = name, {"state": "ENABLING"}
        body.create_time = body.update_time = self._ledger.world.now
        self.made[name] = body
        return self._start("features.create", name, self._activate, self._gone)

    def _check(self, feature_id: str, body: gkehub_v1.Feature) -> None:
        config = body.spec.multiclusteringress.config_membership
        if feature_id == INGRESS and config not in self._memberships.made:
            text = f'configMembership "{config}" is not a membership of this fleet'
            raise ApiError("INVALID_ARGUMENT", text, "badRequest")

    def _activate(self, name: str, work: Work) -> None:
        body = self.made[name]
        body.resource_state = {"state": "ACTIVE"}
        body.update_time = self._ledger.world.now
        work.result = self.shown(body)

    def _update(self, request: Any) -> Any:
        project = request.name.split("/")[1]
        work = self._ledger.once(project, request.request_id, lambda: self._begin_update(request))
        return render(self._ledger, work)

    def _begin_update(self, request: Any) -> Work:
        body = self.find(request.name)
        self._settled(request.name)
        wanted = gkehub_v1.Feature(body)
        paths = {path.split(".")[0] for path in request.update_mask.paths}
        if not paths or paths - _FIELDS:
            text = f"update_mask must name some of {sorted(_FIELDS)}; given: {sorted(paths)}"
            raise ApiError("INVALID_ARGUMENT", text, "badRequest")
        for path in paths:
            setattr(wanted, path, getattr(request.resource, path))
        self._check(request.name.rsplit("/", 1)[1], wanted)
        body.resource_state = {"state": "UPDATING"}
        return self._start("features.update", request.name, self._apply(wanted, paths), self._back)

    def _apply(self, wanted: gkehub_v1.Feature, paths: set[str]) -> Callable[[str, Work], None]:
        def apply(name: str, work: Work) -> None:
            for path in paths:
                setattr(self.made[name], path, getattr(wanted, path))
            self._activate(name, work)

        return apply

    def _delete(self, request: Any) -> Any:
        project = request.name.split("/")[1]
        work = self._ledger.once(project, request.request_id, lambda: self._begin_delete(request.name))
        return render(self._ledger, work)

    def _begin_delete(self, name: str) -> Work:
        body = self.find(name)
        self._settled(name)
        body.resource_state = {"state": "DISABLING"}
        return self._start("features.delete", name, lambda name, _work: self._gone(name), self._back)

    def _start(self, kind: str, name: str, effect: Callable[[str, Work], None], undo: Callable[[str], None]) -> Work:
        def finish() -> Failure | None:
            effect(name, work)
            return None

        parent = name.split("/features/", maxsplit=1)[0]
        work = self._ledger.start(kind, parent, name, finish, lambda _failure: undo(name))
        return work

    def _back(self, name: str) -> None:
        self.made[name].resource_state = {"state": "ACTIVE"}

    def _gone(self, name: str) -> None:
        self.made.pop(name, None)

    def _settled(self, name: str) -> None:
        if running := self._ledger.running(name):
            text = f'feature "{name}" has an operation in progress: {running[0].path}'
            raise ApiError("ABORTED", text, "operationInProgress")
