"""Runs the containers of pods that end: a curl against the cloud's own addresses, or what the cloud knows better."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from infra.local.cloud.kube.controllers import curl
from infra.local.cloud.kube.controllers.answers import Answer, NoAnswer
from infra.local.cloud.kube.controllers.curl import Curl, Got
from infra.local.cloud.kube.controllers.hooks import Outcome
from infra.local.cloud.kube.controllers.loop import Context, Site
from infra.local.cloud.kube.controllers.traffic import Traffic
from infra.local.cloud.kube.values import Object, meta

Done = Callable[[Outcome], None]
_NOT_FOUND = 127
_CONNECT = 300.0
_PAUSE = timedelta(seconds=1)
_REFUSED, _UNRESOLVED, _TIMED_OUT = 7, 6, 28


class Runs:
    """Carries out one program per container; the time that it takes is virtual."""

    def __init__(self, context: Context, traffic: Traffic) -> None:
        self._world = context.world
        self._hooks = context.hooks
        self._sites = context.sites
        self._traffic = traffic

    def start(self, site: Site, pod: Object, container: Object, done: Done) -> None:
        """Run a container's program; ``done`` is called with its outcome unless the pod has gone by then."""
        known = self._hooks.run_program(site.key, pod, container)
        if known is not None:
            self._world.after(timedelta(seconds=1), partial(self._finish, site, pod, done, known))
            return
        try:
            call = curl.parse(container)
        except curl.NotCurl as error:
            # Not pretending: what nobody can run here has failed.
            outcome = Outcome(_NOT_FOUND, f"{error}\n")
            self._world.after(timedelta(seconds=1), partial(self._finish, site, pod, done, outcome))
            return
        self._attempt(site, pod, call, done, int(call.values.get("retry", 0)), self._world.now)

    def _attempt(self, site: Site, pod: Object, call: Curl, done: Done, left: int, begun: datetime) -> None:
        got = self._ask(site, call)
        after = timedelta(seconds=got.seconds)
        if left and curl.worth_retrying(call, got) and self._in_time(call, begun):
            tries = int(call.values.get("retry", 0)) - left
            pause = timedelta(seconds=call.seconds("retry_delay", min(2.0**tries, 600)))
            again = partial(self._attempt, site, pod, call, done, left - 1, begun)
            self._world.after(after + pause, partial(self._while_alive, site, pod, again))
            return
        self._world.after(after, partial(self._finish, site, pod, done, curl.outcome(call, got)))

    def _in_time(self, call: Curl, begun: datetime) -> bool:
        limit = call.seconds("retry_max_time", 0)
        return not limit or self._world.now - begun < timedelta(seconds=limit)

    def _ask(self, site: Site, call: Curl) -> Got:
        limit = call.seconds("max_time", 0)
        body = None if call.data is None else call.data.encode()
        reply = self._traffic.request(call.host, call.port, call.path, call.method, call.headers, body, source=site.key)
        if isinstance(reply, NoAnswer):
            return _without_answer(call, reply, limit)
        if limit and reply.seconds > limit:
            why = f"Operation timed out after {limit * 1000:.0f} milliseconds with 0 bytes received"
            return Got(error=_TIMED_OUT, message=why, seconds=limit)
        return _answered(reply)

    def _while_alive(self, site: Site, pod: Object, what: Callable[[], None]) -> None:
        now = site.objects.find("Pod", meta(pod)["namespace"], meta(pod)["name"])
        here = self._sites.get(site.key) is site
        if here and now is not None and meta(now)["uid"] == meta(pod)["uid"]:
            what()

    def _finish(self, site: Site, pod: Object, done: Done, outcome: Outcome) -> None:
        self._while_alive(site, pod, partial(done, outcome))


def _answered(reply: Answer) -> Got:
    return Got(reply.status, reply.body.decode(errors="replace"), reply.headers, seconds=reply.seconds)


def _without_answer(call: Curl, reply: NoAnswer, limit: float) -> Got:
    where = f"{call.host} port {call.port}"
    match reply:
        case NoAnswer.REFUSED:
            return Got(error=_REFUSED, message=f"Failed to connect to {where}: Connection refused")
        case NoAnswer.UNKNOWN_HOST:
            return Got(error=_UNRESOLVED, message=f"Could not resolve host: {call.host}")
        case NoAnswer.SILENCE:
            waited = min(call.seconds("connect_timeout", _CONNECT), limit or _CONNECT)
            why = f"Failed to connect to {where} after {waited * 1000:.0f} ms: Timeout was reached"
            return Got(error=_TIMED_OUT, message=why, seconds=waited)
