"""One container's life: image, environment, start, crash, readiness, end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

from infra.local.cloud.kube.controllers import command, trouble
from infra.local.cloud.kube.controllers.hooks import Outcome
from infra.local.cloud.kube.controllers.life import Ended, Life, Running, Waiting
from infra.local.cloud.kube.controllers.loop import Controller, Site, record
from infra.local.cloud.kube.controllers.runs import Runs
from infra.local.cloud.kube.values import Object, at, meta

_BACK_OFF = timedelta(seconds=10)
_LONGEST = timedelta(minutes=5)
_KILLED = 137


class Containers:
    """Moves single containers along; the kubelet keeps their lives and wakes them."""

    def __init__(self, kubelet: Controller, runs: Runs) -> None:
        self._kubelet = kubelet
        self._hooks = kubelet.hooks
        self._world = kubelet.world
        self._runs = runs
        self._pulled: set[tuple[str, str, str]] = set()

    def initialize(self, site: Site, pod: Object, of: Life, container: Object) -> None:
        """Move an init container along; what it does succeeds unless the cloud knows its program better."""
        state = of.state(container["name"])
        if isinstance(state, Waiting):
            self._start(site, pod, of, container)
        elif (
            isinstance(state, Running)
            and container.get("restartPolicy") != "Always"
            and self._kubelet.over("init-container", site, pod, *_attempt(of, container))
        ):
            outcome = self._hooks.run_program(site.key, pod, container) or Outcome(0)
            self._end(site, pod, of, container, outcome)

    def advance(self, site: Site, pod: Object, of: Life, container: Object) -> None:
        """Move a container along."""
        state = of.state(container["name"])
        if isinstance(state, Waiting):
            self._start(site, pod, of, container)
            if isinstance(of.state(container["name"]), Running) and _completes(pod):
                done = partial(self._done, site, pod, of, container)
                self._runs.start(site, pod, container, done)
        state = of.state(container["name"])
        if isinstance(state, Running) and not _completes(pod):
            self._serve(site, pod, of, container, state)

    # Starting --------------------------------------------------------------------------------------------

    def _start(self, site: Site, pod: Object, of: Life, container: Object) -> None:
        name = container["name"]
        blocked = self._blocked(site, pod, of, container)
        if blocked is None and not self._kubelet.over("container-start", site, pod, *_attempt(of, container)):
            blocked = Waiting()
        if blocked is not None:
            of.states[name] = blocked
            return
        of.states[name] = Running(self._world.now)
        record(site, pod, "Normal", "Started", f"Started container {name}", "kubelet")
        faults = self._world.faults
        if command.is_engine(container) and faults.spend("failing", faults.failing, "model-load"):
            of.doomed.add(name)
        self._kubelet.wake(site, meta(pod)["namespace"], meta(pod)["name"])

    def _blocked(self, site: Site, pod: Object, of: Life, container: Object) -> Waiting | None:
        name = container["name"]
        state = of.state(name)
        if name in of.last and isinstance(state, Waiting) and state.reason == "CrashLoopBackOff":
            doomed = trouble.crash(site, self._hooks, pod, container)
            if doomed or not self._kubelet.reached(of.not_before[name], site, pod):
                return state
        if not self._pull(site, pod, container):
            return self._no_image(site, pod, container)
        why_not = trouble.config_trouble(site, meta(pod)["namespace"], container)
        if why_not:
            self._warn(site, pod, of, container, "Failed", f"Error: {why_not}")
            return Waiting("CreateContainerConfigError", why_not)
        return None

    def _no_image(self, site: Site, pod: Object, container: Object) -> Waiting:
        image = container.get("image", "")
        if self._hooks.image_exists(image):
            return Waiting()
        why_not = f'Back-off pulling image "{image}": ErrImagePull: not found'
        record(site, pod, "Warning", "Failed", why_not, "kubelet")
        return Waiting("ImagePullBackOff", why_not)

    def _pull(self, site: Site, pod: Object, container: Object) -> bool:
        image = container.get("image", "")
        key = (site.key, pod["spec"]["nodeName"], image)
        if key in self._pulled:
            return True
        what = "image-pull-model" if command.is_engine(container) else "image-pull"
        if not self._hooks.image_exists(image) or not self._kubelet.over(what, site, pod, container["name"]):
            return False
        self._pulled.add(key)
        return True

    # Running ---------------------------------------------------------------------------------------------

    def _serve(self, site: Site, pod: Object, of: Life, container: Object, state: Running) -> None:
        name = container["name"]
        crash = trouble.crash(site, self._hooks, pod, container)
        if name in of.doomed:
            crash = trouble.Crash(1, "RuntimeError: Engine core initialization failed.")
        if crash and not state.ready:
            if self._crashes_now(site, pod, of, container, crash):
                of.doomed.discard(name)
                self._end(site, pod, of, container, Outcome(crash.exit_code, crash.message))
            return
        loaded = state.ready or self._loaded(site, pod, of, container)
        why_not = trouble.unready(site, pod, container) if loaded else None
        if why_not:
            self._warn(site, pod, of, container, "Unhealthy", why_not)
        of.states[name] = replace(state, ready=loaded and not why_not)

    def _crashes_now(self, site: Site, pod: Object, of: Life, container: Object, crash: trouble.Crash) -> bool:
        budget = trouble.startup_budget(container)
        state = of.state(container["name"])
        if crash.exit_code == _KILLED and budget is not None and isinstance(state, Running):
            return self._kubelet.reached(state.since + budget, site, pod)
        return self._kubelet.over("engine-crash", site, pod, *_attempt(of, container))

    def _loaded(self, site: Site, pod: Object, of: Life, container: Object) -> bool:
        state = of.state(container["name"])
        if command.is_engine(container) and isinstance(state, Running):
            return self._kubelet.reached(state.since + trouble.load_time(site, pod), site, pod)
        return self._kubelet.over("container-ready", site, pod, *_attempt(of, container))

    # Ending ----------------------------------------------------------------------------------------------

    def _done(self, site: Site, pod: Object, of: Life, container: Object, outcome: Outcome) -> None:
        self._end(site, pod, of, container, outcome)
        self._kubelet.wake(site, meta(pod)["namespace"], meta(pod)["name"])

    def _end(self, site: Site, pod: Object, of: Life, container: Object, outcome: Outcome) -> None:
        name, state = container["name"], of.state(container["name"])
        since = state.since if isinstance(state, Running) else self._world.now
        ended = Ended(outcome, since, self._world.now)
        policy = at(pod, "spec", "restartPolicy") or "Always"
        if not outcome.exit_code or policy == "Never":
            of.states[name] = ended
            return
        of.last[name] = ended
        restarts = of.restarts[name] = of.restarts.get(name, 0) + 1
        pause = min(_BACK_OFF * 2 ** (restarts - 1), _LONGEST)
        of.not_before[name] = self._world.now + pause
        message = f"back-off {pause.seconds}s restarting failed container={name} pod={meta(pod)['name']}"
        of.states[name] = Waiting("CrashLoopBackOff", message)
        record(site, pod, "Warning", "BackOff", f"Back-off restarting failed container {name}", "kubelet")
        self._kubelet.wake(site, meta(pod)["namespace"], meta(pod)["name"])

    def _warn(self, site: Site, pod: Object, of: Life, container: Object, reason: str, message: str) -> None:
        # Said again only when it is news: each look would count the event up otherwise.
        told = of.told.setdefault(container["name"], set())
        if message not in told:
            told.add(message)
            record(site, pod, "Warning", reason, message, "kubelet")


def _completes(pod: Object) -> bool:
    return at(pod, "spec", "restartPolicy") in ("Never", "OnFailure")


def _attempt(of: Life, container: Object) -> tuple[str, str]:
    name = container["name"]
    return name, str(of.restarts.get(name, 0))
