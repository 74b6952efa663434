"""Requests inside the cloud: to a Gateway's address, to a Service's name, to a pod."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from infra.local.cloud.engine.exposition import text
from infra.local.cloud.kube.controllers import answers, command, durations, policies
from infra.local.cloud.kube.controllers.answers import Answer, NoAnswer
from infra.local.cloud.kube.controllers.children import ports_of
from infra.local.cloud.kube.controllers.engines import Engines, short_name
from infra.local.cloud.kube.controllers.fleet import IMPORT, POOL, exporters
from infra.local.cloud.kube.controllers.gateways import regions_of
from infra.local.cloud.kube.controllers.loop import Context, Site
from infra.local.cloud.kube.controllers.pods import selected
from infra.local.cloud.kube.controllers.routing import GATEWAY, backends, matched, routes_of
from infra.local.cloud.kube.controllers.values import holds, ready
from infra.local.cloud.kube.values import Object, at, meta

SERVED_BY = "x-served-by"
_TIMEOUT = 30.0
_OK = 200
_FOR_EVER = 86_400.0


class Traffic:
    """Answers what a client in the network of the clusters asks."""

    def __init__(self, context: Context, engines: Engines) -> None:
        self._context = context
        self._engines = engines
        self._turns: Counter[str] = Counter()

    def request(
        self,
        address: str,
        port: int,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        source: str | None = None,
    ) -> Answer | NoAnswer:
        """Send one request; ``source`` is the cluster whose names are resolved. Header names in lower case."""
        found = self.gateway_at(address)
        if found is not None:
            site, gateway, region = found
            if self._context.world.faults.is_down(f"network/{region}"):
                return NoAnswer.SILENCE
            return self._through(site, gateway, region, port, path, method, headers or {}, body)
        here = self._context.sites.get(source or "")
        if here is None:
            return NoAnswer.SILENCE if _is_address(address) else NoAnswer.UNKNOWN_HOST
        return self._inside(here, address, port, path, method, body)

    def gateway_at(self, address: str) -> tuple[Site, Object, str] | None:
        """Return the Gateway that has an address, its cluster, and the address's region."""
        for site in self._context.sites.values():
            for gateway in site.objects.all(GATEWAY):
                shown = [a["value"] for a in at(gateway, "status", "addresses") or ()]
                if address in shown:
                    return site, gateway, regions_of(gateway)[shown.index(address)]
        return None

    # Through a Gateway -----------------------------------------------------------------------------------

    def _through(
        self,
        site: Site,
        gateway: Object,
        region: str,
        port: int,
        path: str,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer | NoAnswer:
        found = self.routed(site, gateway, port, path, method, headers)
        if not isinstance(found, tuple):
            return found
        route, rule = found
        ref = self._turn(backends(rule), f"{site.key}/{meta(route)['name']}")
        namespace, name = ref.get("namespace") or meta(route)["namespace"], ref["name"]
        return self._to_import(site, namespace, name, region, method, path, body)

    def routed(
        self, site: Site, gateway: Object, port: int, path: str, method: str, headers: Mapping[str, str]
    ) -> tuple[Object, Object] | Answer | NoAnswer:
        """Return the route and its rule that a request through a Gateway falls under, or what it gets instead."""
        if port not in {one["port"] for one in at(gateway, "spec", "listeners") or ()}:
            return NoAnswer.SILENCE
        keys = [(site.key, meta(route)["namespace"], meta(route)["name"]) for route in routes_of(site, gateway)]
        routes = [self._context.live[key] for key in keys if key in self._context.live]
        fits = [(*best, route) for route in routes if (best := matched(route, method, path, headers))]
        if not holds(gateway, "Programmed") or not fits:
            return answers.text(404, "fault filter abort")
        _, rule, route = max(fits, key=lambda fit: fit[0])
        return route, rule

    def _turn(self, refs: list[Object], key: str) -> Object:
        """Choose a backend by weight, in turn."""
        slots = [ref for ref in refs for _ in range(ref.get("weight", 1))]
        self._turns[key] += 1
        return slots[self._turns[key] * 7919 % len(slots)]

    def _to_import(
        self, site: Site, namespace: str, name: str, region: str, method: str, path: str, body: bytes | None
    ) -> Answer:
        policy = policies.attached_policy(site, policies.BACKEND, IMPORT, namespace, name)
        members = [m for m in exporters(self._context, namespace, name) if not _drained(policy, m)]
        # The sort is stable: the nearest region first, the others in the fleet's order.
        members.sort(key=lambda member: member.region != region)
        for member in members:
            pods = self.healthy(site, member, namespace, name)
            if not pods:
                continue
            if not self.picker_answers(member, namespace, name):
                return answers.text(500, "the endpoint picker of the pool does not answer")
            self._turns[member.key] += 1
            pod = pods[self._turns[member.key] % len(pods)]
            answer = self._ask(member, pod, ports_of(member, namespace, name)[0], method, path, body)
            return _in_time(policy, answer)
        return answers.text(503, "no healthy upstream")

    def healthy(self, site: Site, member: Site, namespace: str, name: str) -> list[Object]:
        """Return the Ready pods of a member's pool that pass the load balancer's own health check."""
        if self._context.world.faults.is_down(f"network/{member.region}"):
            return []
        pool = member.objects.find(POOL, namespace, name) or {}
        pods = selected(member, namespace, at(pool, "spec", "selector", "matchLabels") or {})
        policy = policies.attached_policy(site, policies.HEALTH, IMPORT, namespace, name)
        check = at(policy, "spec", "default", "config") or {}
        http, ports = check.get("httpHealthCheck") or {}, ports_of(member, namespace, name)
        if not ports or check.get("type", "HTTP") not in ("HTTP", "TCP"):
            return []
        port, path = http.get("port") or ports[0], http.get("requestPath", "/")
        if check.get("type") == "TCP":
            path = "/health"
        return [p for p in pods if ready(p) and self._ask(member, p, int(port), "GET", path, None).status == _OK]

    def picker_answers(self, member: Site, namespace: str, name: str) -> bool:
        """Say whether requests to a member's pool get past its endpoint picker."""
        ref = at(member.objects.find(POOL, namespace, name) or {}, "spec", "endpointPickerRef") or {}
        return ref.get("failureMode") == "FailOpen" or self.picker_ready(member, namespace, name)

    def picker_ready(self, member: Site, namespace: str, name: str) -> bool:
        """Say whether the endpoint picker of a member's pool itself is there."""
        ref = at(member.objects.find(POOL, namespace, name) or {}, "spec", "endpointPickerRef") or {}
        service = member.objects.find("Service", namespace, ref.get("name", "")) or {}
        behind = selected(member, namespace, at(service, "spec", "selector") or {})
        return any(ready(pod) for pod in behind)

    def _ask(self, site: Site, pod: Object, port: int, method: str, path: str, body: bytes | None) -> Answer:
        container = command.engine_of(pod)
        if container is None or command.serving_port(container) != port:
            return answers.text(503, "upstream connect error or disconnect/reset before headers")
        replica = self._engines.of(site, pod)
        if replica is not None and (method, path) == ("GET", "/metrics"):
            self._engines.advance()
            return answers.text(_OK, text(replica.series({}).read()))
        where = f"{meta(pod)['name']}/{site.objects.name}/{site.region}"
        answer = answers.engine(container, where, method, path, body)
        seconds = answer.seconds
        if method == "POST" and answer.status == _OK:
            self._turns[where] += 1
            turn = str(self._turns[where])
            seconds = durations.draw(self._context.world, "answer", where, turn).total_seconds()
            if replica is not None and self._engines.hangs(replica):
                seconds = _FOR_EVER
        return replace(answer, headers={**answer.headers, SERVED_BY: where}, seconds=seconds)

    # Inside a cluster ------------------------------------------------------------------------------------

    def _inside(
        self, site: Site, host: str, port: int, path: str, method: str, body: bytes | None
    ) -> Answer | NoAnswer:
        if _is_address(host):
            pods = [p for p in site.objects.all("Pod") if at(p, "status", "podIP") == host]
            return self._reach(site, pods, port, method, path, body) if pods else NoAnswer.SILENCE
        name, _, rest = host.partition(".")
        namespace = rest.removesuffix(".cluster.local").removesuffix(".svc") or "default"
        service = site.objects.find("Service", namespace, name)
        if service is None:
            return NoAnswer.UNKNOWN_HOST
        found = next((p for p in at(service, "spec", "ports") or () if p["port"] == port), None)
        target = found.get("targetPort", port) if found else None
        pods = [p for p in selected(site, namespace, at(service, "spec", "selector") or {}) if ready(p)]
        if found is None:
            return NoAnswer.SILENCE
        return self._reach(site, pods, target, method, path, body)

    def _reach(
        self, site: Site, pods: list[Object], port: object, method: str, path: str, body: bytes | None
    ) -> Answer | NoAnswer:
        for pod in pods:
            container = command.engine_of(pod)
            number = command.port_number(container, port) if container else None
            if container and number == command.serving_port(container) and ready(pod):
                return self._ask(site, pod, number, method, path, body)
        return NoAnswer.REFUSED


def _drained(policy: Object, member: Site) -> bool:
    settings = policies.settings_for(policy, member.region, short_name(member))
    return bool(settings.get("capacityScalerPercent") == 0)


def time_limit(policy: Object) -> float:
    """Return the seconds after which a request is given up."""
    return float(at(policy, "spec", "default", "timeoutSec") or _TIMEOUT)


def _in_time(policy: Object, answer: Answer) -> Answer:
    limit = time_limit(policy)
    if answer.seconds > limit:
        return replace(answers.text(504, "upstream request timeout"), seconds=limit)
    return answer


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit()
