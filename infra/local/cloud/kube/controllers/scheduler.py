"""Binds pending pods to nodes, and says why it cannot."""

from __future__ import annotations

from typing import ClassVar

from infra.local.cloud.kube.controllers import scheduling
from infra.local.cloud.kube.controllers.loop import Controller, Site, record
from infra.local.cloud.kube.controllers.values import condition, ending, finished, made_condition, timed
from infra.local.cloud.kube.values import Object, at, meta


def pending(site: Site) -> list[Object]:
    """Return the pods that have no node yet, oldest first."""
    waiting = [
        pod
        for pod in site.objects.all("Pod")
        if not at(pod, "spec", "nodeName") and not ending(pod) and not finished(pod)
    ]
    return sorted(waiting, key=lambda pod: (meta(pod)["creationTimestamp"], meta(pod)["name"]))


class Scheduler(Controller):
    """One pass over all pending pods of a cluster whenever a pod comes, a pod goes, or a node changes."""

    kinds: ClassVar = ("Pod", "Node")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look again when there may be more to place, or more room."""
        if kind == "Node" or event == "DELETED" or finished(obj) or not at(obj, "spec", "nodeName"):
            self.wake(site, "", "")

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Place what can be placed."""
        del namespace, name
        waiting = pending(site)
        if not waiting:
            return
        rooms = scheduling.rooms(list(site.objects.all("Node")), list(site.objects.all("Pod")))
        for pod in waiting:
            room = scheduling.choose(pod, rooms)
            if room is None:
                self._complain(site, pod, scheduling.complaint(pod, rooms))
            else:
                room.take(pod)
                self._bind(site, pod, room.name)

    def _bind(self, site: Site, pod: Object, node: str) -> None:
        bound = site.objects.put({**pod, "spec": {**pod["spec"], "nodeName": node}}, "kube-scheduler")
        self._say(site, bound, made_condition("PodScheduled", status=True))
        where = f"{meta(pod)['namespace']}/{meta(pod)['name']}"
        record(site, pod, "Normal", "Scheduled", f"Successfully assigned {where} to {node}", "default-scheduler")

    def _complain(self, site: Site, pod: Object, message: str) -> None:
        if condition(pod, "PodScheduled").get("message") == message:
            return
        self._say(site, pod, made_condition("PodScheduled", False, "Unschedulable", message))
        record(site, pod, "Warning", "FailedScheduling", message, "default-scheduler")

    def _say(self, site: Site, pod: Object, scheduled: Object) -> None:
        old = pod.get("status") or {}
        others = [c for c in old.get("conditions") or () if c["type"] != "PodScheduled"]
        conditions = [*others, *timed(old.get("conditions"), [scheduled], self.world.now)]
        site.objects.set_status(pod, {**old, "phase": "Pending", "conditions": conditions})
