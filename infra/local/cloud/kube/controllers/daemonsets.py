"""DaemonSets: one pod on every node that takes it."""

from __future__ import annotations

from typing import ClassVar

from infra.local.cloud.kube.controllers import scheduling
from infra.local.cloud.kube.controllers.deployments import template_hash
from infra.local.cloud.kube.controllers.loop import Controller, Site
from infra.local.cloud.kube.controllers.pods import POD, make_pod, missing_account, stop
from infra.local.cloud.kube.controllers.values import ending, finished, labels_of, owner_of, ready
from infra.local.cloud.kube.values import Object, at, meta

DAEMON_SET = "DaemonSet.apps"
_HASH = "controller-revision-hash"


class DaemonSets(Controller):
    """Reconciles one DaemonSet whenever it or one of its pods changes, and all of them when a node does."""

    kinds: ClassVar = (DAEMON_SET, POD, "Node", "ServiceAccount")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the DaemonSet, at a pod's owner, or at all."""
        if kind == DAEMON_SET:
            super().heard(site, event, kind, obj)
        elif kind != POD:
            self.wake_all(site, DAEMON_SET)
        elif owner := owner_of(obj, "DaemonSet"):
            self.wake(site, meta(obj)["namespace"], owner["name"])

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Make the pods that lack, stop those that are out of place or of an old template, and report."""
        daemon = site.objects.get(DAEMON_SET, namespace, name)
        if daemon is None or ending(daemon):
            return
        nodes = _eligible(site, daemon)
        pods = {at(p, "spec", "nodeName"): p for p in self._owned(site, daemon) if not ending(p)}
        for node, pod in pods.items():
            if node not in nodes or labels_of(pod).get(_HASH) != template_hash(daemon) or finished(pod):
                stop(site, pod)
        held = {at(p, "spec", "nodeName") for p in self._owned(site, daemon)}
        if not missing_account(site, daemon["spec"]["template"], namespace):
            for node in sorted(nodes - held):
                self._make(site, daemon, node)
        self._report(site, daemon, nodes)

    def _owned(self, site: Site, daemon: Object) -> list[Object]:
        uid = meta(daemon)["uid"]
        pods = site.objects.all(POD, meta(daemon)["namespace"])
        return [p for p in pods if (owner := owner_of(p, "DaemonSet")) and owner["uid"] == uid]

    def _make(self, site: Site, daemon: Object, node: str) -> None:
        template = daemon["spec"]["template"]
        bound = {**template, "spec": {**template["spec"], "nodeName": node}}
        make_pod(site, daemon, bound, "daemonset-controller", {_HASH: template_hash(daemon)})

    def _report(self, site: Site, daemon: Object, nodes: set[str]) -> None:
        pods = [p for p in self._owned(site, daemon) if not ending(p)]
        there = sum(ready(p) for p in pods)
        status = {
            "observedGeneration": meta(daemon)["generation"],
            "desiredNumberScheduled": len(nodes),
            "currentNumberScheduled": len(pods),
            "updatedNumberScheduled": sum(labels_of(p).get(_HASH) == template_hash(daemon) for p in pods),
            "numberReady": there,
            "numberAvailable": there,
            "numberUnavailable": len(nodes) - there,
            "numberMisscheduled": 0,
        }
        site.objects.set_status(daemon, status)


def _eligible(site: Site, daemon: Object) -> set[str]:
    """The nodes whose labels and taints let the pods in; how full they are is no reason."""
    pod = {"spec": daemon["spec"]["template"]["spec"]}
    rooms = scheduling.rooms(list(site.objects.all("Node")), [])
    return {room.name for room in rooms if scheduling.welcome(pod, room)}
