"""Brings pods that have a node to life, step by step, and to their end."""

from __future__ import annotations

from typing import ClassVar

from infra.local.cloud.kube.controllers import life, pods, trouble
from infra.local.cloud.kube.controllers.containers import Containers
from infra.local.cloud.kube.controllers.life import Ended, Life, Running, Waiting
from infra.local.cloud.kube.controllers.loop import Context, Controller, Site, record
from infra.local.cloud.kube.controllers.runs import Runs
from infra.local.cloud.kube.controllers.values import ending, finished
from infra.local.cloud.kube.values import Object, at, meta

_POOL = "InferencePool.inference.networking.k8s.io"
_SOURCES = ("Secret", "ConfigMap", "PersistentVolumeClaim", _POOL)


class Kubelet(Controller):
    """The kubelets of all nodes of all clusters.

    A container that cannot start is looked at again when something in its namespace, or outside, changes: the real
    one would try for ever with growing pauses, and nobody could tell a quiet cluster from a stuck one.
    """

    kinds: ClassVar = (pods.POD, "Node", *_SOURCES)

    def __init__(self, context: Context, runs: Runs) -> None:
        super().__init__(context)
        self._containers = Containers(self, runs)
        self._lives: dict[tuple[str, str], Life] = {}
        self._addresses = 0

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the pod, or at all pods that the change may concern."""
        if kind == "Node":
            if event == "DELETED":
                self._lost(site, meta(obj)["name"])
        elif kind != pods.POD:
            self.wake_all(site, pods.POD, meta(obj)["namespace"])
        elif event == "DELETED":
            self._lives.pop(life.key_of(site.key, obj), None)
        elif at(obj, "spec", "nodeName") and not finished(obj):
            super().heard(site, event, kind, obj)

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Take a pod one step further."""
        pod = site.objects.get(pods.POD, namespace, name)
        if pod is None or not at(pod, "spec", "nodeName"):
            return
        found = self._lives.setdefault(life.key_of(site.key, pod), Life())
        if ending(pod):
            found.ends = found.ends or self.world.now + pods.drain_time(site, pod)
            if self.reached(found.ends, site, pod):
                site.objects.delete(pods.POD, namespace, name)
        elif not finished(pod):
            self._advance(site, pod, found)
            site.objects.set_status(pod, life.status(pod, found, self.world.now))

    def detached(self, site: Site) -> None:
        """Forget the pods of a cluster that has gone."""
        super().detached(site)
        self._lives = {key: value for key, value in self._lives.items() if key[0] != site.key}

    def _lost(self, site: Site, node: str) -> None:
        for pod in site.objects.all(pods.POD):
            if at(pod, "spec", "nodeName") == node:
                site.objects.delete(pods.POD, meta(pod)["namespace"], meta(pod)["name"])

    def _advance(self, site: Site, pod: Object, of: Life) -> None:
        if not of.address and not self._mounted(site, pod, of):
            return
        for container in pod["spec"].get("initContainers") or ():
            self._containers.initialize(site, pod, of, container)
            if not _passed(of, container):
                return
        for container in pod["spec"].get("containers", ()):
            self._containers.advance(site, pod, of, container)

    def _mounted(self, site: Site, pod: Object, of: Life) -> bool:
        for container in pod["spec"].get("containers", ()):
            of.states[container["name"]] = Waiting()
        why_not = trouble.mount_trouble(site, self.hooks, pod)
        if why_not:
            self.ask_again("volume-mount", site, pod)
            record(site, pod, "Warning", "FailedMount", why_not, "kubelet")
            return False
        if not self.over("volume-mount", site, pod):
            return False
        self._addresses += 1
        of.address = f"10.{64 + self._addresses // 65536}.{self._addresses // 256 % 256}.{self._addresses % 256}"
        return True


def _passed(of: Life, container: Object) -> bool:
    match of.state(container["name"]):
        case Ended(outcome):
            return not outcome.exit_code
        case Running():
            return container.get("restartPolicy") == "Always"
        case Waiting():
            return False
