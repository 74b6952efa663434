"""Brings pods that have a node to life: volumes, images, environment, probes, crashes, the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from infra.local.cloud.kube.controllers import command, life, pods, trouble
from infra.local.cloud.kube.controllers.hooks import Outcome
from infra.local.cloud.kube.controllers.life import Ended, Life, Running, Waiting
from infra.local.cloud.kube.controllers.loop import Context, Controller, Site, record
from infra.local.cloud.kube.controllers.runs import Runs
from infra.local.cloud.kube.controllers.values import ending, finished
from infra.local.cloud.kube.values import Object, at, meta

_POOL = "InferencePool.inference.networking.k8s.io"
_BACK_OFF = timedelta(seconds=10)
_LONGEST = timedelta(minutes=5)


class Kubelet(Controller):
    """The kubelets of all nodes of all clusters.

    A container that cannot start is looked at again when something in its namespace, or outside, changes: the real
    one would try for ever with growing pauses, and nobody could tell a quiet cluster from a stuck one.
    """

    kinds: ClassVar = (pods.POD, "Node", "Secret", "ConfigMap", "PersistentVolumeClaim", _POOL)

    def __init__(self, context: Context, runs: Runs) -> None:
        super().__init__(context)
        self._runs = runs
        self._lives: dict[tuple[str, str], Life] = {}
        self._pulled: set[tuple[str, str, str]] = set()
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
        if ending(pod):
            self._end(site, pod)
        elif not finished(pod):
            found = self._lives.setdefault(life.key_of(site.key, pod), Life())
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

    def _end(self, site: Site, pod: Object) -> None:
        if self.over("drain", site, pod):
            site.objects.delete(pods.POD, meta(pod)["namespace"], meta(pod)["name"])

    def _advance(self, site: Site, pod: Object, of: Life) -> None:
        if not of.address and not self._mounted(site, pod, of):
            return
        spec = pod["spec"]
        for container in spec.get("initContainers") or ():
            self._init(site, pod, of, container)
            if not _passed(of, container):
                return
        for container in spec.get("containers", ()):
            self._step(site, pod, of, container)

    def _mounted(self, site: Site, pod: Object, of: Life) -> bool:
        why = trouble.mount_trouble(site, self.hooks, pod)
        for container in pod["spec"].get("containers", ()):
            of.states[container["name"]] = Waiting()
        if why:
            self.ask_again("volume-mount", site, pod)
            self._warn_once(site, pod, "FailedMount", why)
            return False
        if not self.over("volume-mount", site, pod):
            return False
        self._addresses += 1
        of.address = f"10.{64 + self._addresses // 65536}.{self._addresses // 256 % 256}.{self._addresses % 256}"
        return True

    # One container --------------------------------------------------------------------------------------

    def _init(self, site: Site, pod: Object, of: Life, container: Object) -> None:
        name, state = container["name"], of.state(container["name"])
        if isinstance(state, Waiting):
            self._start(site, pod, of, container)
        elif isinstance(state, Running) and container.get("restartPolicy") != "Always":
            if self.over("init-container", site, pod, name, str(of.restarts.get(name, 0))):
                outcome = self.hooks.run_program(site.key, pod, container) or Outcome(0)
                self._ended(site, pod, of, container, outcome)

    def _step(self, site: Site, pod: Object, of: Life, container: Object) -> None:
        state = of.state(container["name"])
        match state:
            case Waiting():
                self._start(site, pod, of, container)
            case Running() if at(pod, "spec", "restartPolicy") in (None, "Always"):
                self._serve(site, pod, of, container, state)
            case Running() | Ended():
                pass

    def _start(self, site: Site, pod: Object, of: Life, container: Object) -> None:
        name, attempt = container["name"], str(of.restarts.get(container["name"], 0))
        waiting = self._blocked(site, pod, of, container)
        if waiting is None and not self.over("container-start", site, pod, name, attempt):
            waiting = of.state(name) if of.restarts.get(name) else Waiting()
        if waiting is not None:
            of.states[name] = waiting
            return
        of.states[name] = Running(self.world.now)
        record(site, pod, "Normal", "Started", f"Started container {name}", "kubelet")
        if command.is_engine(container) and self._unlucky():
            of.doomed.add(name)
        if at(pod, "spec", "restartPolicy") in ("Never", "OnFailure") and not _is_init(pod, container):
            self._run(site, pod, of, container)
        else:
            self.wake(site, meta(pod)["namespace"], meta(pod)["name"])

    def _blocked(self, site: Site, pod: Object, of: Life, container: Object) -> Waiting | None:
        name, namespace = container["name"], meta(pod)["namespace"]
        if name in of.not_before and not self._may_restart(site, pod, of, container):
            state = of.states[name]
            return state if isinstance(state, Waiting) else Waiting()
        if not self._pulled_now(site, pod, container):
            if self.hooks.image_exists(container.get("image", "")):
                return Waiting()
            why = f'Back-off pulling image "{container.get("image", "")}": not found'
            self._warn_once(site, pod, "Failed", why)
            return Waiting("ImagePullBackOff", why)
        why_not = trouble.config_trouble(site, namespace, container)
        if why_not:
            self._warn_once(site, pod, "Failed", f"Error: {why_not}")
            return Waiting("CreateContainerConfigError", why_not)
        return None

    def _pulled_now(self, site: Site, pod: Object, container: Object) -> bool:
        image = container.get("image", "")
        key = (site.key, pod["spec"]["nodeName"], image)
        if key in self._pulled:
            return True
        if not self.hooks.image_exists(image):
            return False
        what = "image-pull-model" if command.is_engine(container) else "image-pull"
        if self.over(what, site, pod, container["name"]):
            self._pulled.add(key)
        return key in self._pulled

    def _serve(self, site: Site, pod: Object, of: Life, container: Object, state: Running) -> None:
        name, attempt = container["name"], str(of.restarts.get(container["name"], 0))
        crash = trouble.crash(site, self.hooks, pod, container)
        if name in of.doomed:
            crash = trouble.Crash(1, "RuntimeError: Engine core initialization failed.")
        if crash and not state.ready:
            if self._crashes_now(site, pod, container, crash, attempt):
                self._ended(site, pod, of, container, Outcome(crash.exit_code, crash.message))
            return
        loaded = state.ready or self._loaded(site, pod, container, state)
        why_not = trouble.unready(site, pod, container) if loaded else None
        if why_not:
            self._warn_once(site, pod, "Unhealthy", why_not)
        of.states[name] = replace(state, ready=loaded and not why_not)

    def _crashes_now(self, site: Site, pod: Object, container: Object, crash: trouble.Crash, attempt: str) -> bool:
        budget = trouble.startup_budget(container)
        if crash.exit_code != 137 or budget is None:  # noqa: PLR2004 - killed by kubelet, not by itself
            return self.over("engine-crash", site, pod, container["name"], attempt)
        return self.passed(site, pod, budget, "budget", container["name"], attempt)

    def _loaded(self, site: Site, pod: Object, container: Object, state: Running) -> bool:
        if not command.is_engine(container):
            return self.over("container-ready", site, pod, container["name"])
        due = state.since + trouble.load_time(site, pod)
        if due > self.world.now:
            self.wake(site, meta(pod)["namespace"], meta(pod)["name"], due - self.world.now)
        return due <= self.world.now
