"""ReplicaSets: as many pods as asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from infra.local.cloud.kube.controllers.loop import Controller, Site, record
from infra.local.cloud.kube.controllers.pods import POD, make_pod, missing_account, stop
from infra.local.cloud.kube.controllers.values import (
    condition,
    ending,
    finished,
    holds,
    made_condition,
    owner_of,
    timed,
    when,
)
from infra.local.cloud.kube.values import Object, at, meta

REPLICA_SET = "ReplicaSet.apps"


class ReplicaSets(Controller):
    """Reconciles one ReplicaSet whenever it, one of its pods, or a service account changes."""

    kinds: ClassVar = (REPLICA_SET, POD, "ServiceAccount")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the ReplicaSet, at a pod's owner, or at all that may wait for an account."""
        if kind == "ServiceAccount":
            self.wake_all(site, REPLICA_SET, meta(obj)["namespace"])
        elif kind == REPLICA_SET:
            super().heard(site, event, kind, obj)
        elif owner := owner_of(obj, "ReplicaSet"):
            self.wake(site, meta(obj)["namespace"], owner["name"])

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Make or stop pods, and report."""
        rs = site.objects.get(REPLICA_SET, namespace, name)
        if rs is None or ending(rs):
            return
        mine = [p for p in site.objects.all(POD, namespace) if _owned(p, rs)]
        pods = [p for p in mine if not ending(p) and not finished(p)]
        missing = (at(rs, "spec", "replicas") or 0) - len(pods)
        failure = missing_account(site, rs["spec"]["template"], namespace) if missing > 0 else None
        if failure:
            self._refused(site, rs, failure)
        for _ in range(0 if failure else missing):
            self._make(site, rs)
        for pod in sorted(pods, key=_rank)[: max(0, -missing)]:
            stop(site, pod)
        self._report(site, rs, failure)

    def _make(self, site: Site, rs: Object) -> None:
        made = make_pod(site, rs, rs["spec"]["template"], "replicaset-controller")
        if made:
            record(site, rs, "Normal", "SuccessfulCreate", f"Created pod: {made}", "replicaset-controller")

    def _refused(self, site: Site, rs: Object, failure: str) -> None:
        if condition(rs, "ReplicaFailure").get("message") != failure:
            record(site, rs, "Warning", "FailedCreate", f"Error creating: {failure}", "replicaset-controller")

    def _report(self, site: Site, rs: Object, failure: str | None) -> None:
        mine = [p for p in site.objects.all(POD, meta(rs)["namespace"]) if _owned(p, rs)]
        pods = [p for p in mine if not ending(p) and not finished(p)]
        counts = {
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": sum(holds(p, "Ready") for p in pods),
            "availableReplicas": sum(self._available(site, rs, p) for p in pods),
            "terminatingReplicas": sum(ending(p) for p in mine),
        }
        status = {"replicas": len(pods), "observedGeneration": meta(rs)["generation"]}
        status |= {name: count for name, count in counts.items() if count}
        if failure:
            old = at(rs, "status", "conditions")
            said = made_condition("ReplicaFailure", True, "FailedCreate", failure)
            status["conditions"] = timed(old, [said], self.world.now)
        site.objects.set_status(rs, status)

    def _available(self, site: Site, rs: Object, pod: Object) -> bool:
        since = when(condition(pod, "Ready").get("lastTransitionTime"))
        if not holds(pod, "Ready") or since is None:
            return False
        due = since + timedelta(seconds=at(rs, "spec", "minReadySeconds") or 0)
        if due > self.world.now:
            self.wake(site, meta(rs)["namespace"], meta(rs)["name"], due - self.world.now)
        return due <= self.world.now


def _owned(pod: Object, rs: Object) -> bool:
    owner = owner_of(pod, "ReplicaSet")
    return owner is not None and owner["uid"] == meta(rs)["uid"]


def _rank(pod: Object) -> tuple[bool, bool, str]:
    """The order in which pods are given up: without a node, not ready, then any."""
    return bool(at(pod, "spec", "nodeName")), holds(pod, "Ready"), meta(pod)["name"]
