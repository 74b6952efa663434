"""The ways that streams of requests take: from an address through its Gateway to the queue of one model server.

``Traffic`` follows a single request by the same objects. Here the way is found once and used for many requests, until
an object, a fault or the fleet changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.local.cloud.engine.gateway import Balancer
from infra.local.cloud.engine.request import Request, Sender
from infra.local.cloud.kube.controllers import policies, signals
from infra.local.cloud.kube.controllers.answers import Answer, NoAnswer
from infra.local.cloud.kube.controllers.engines import Engines, Replica, short_name
from infra.local.cloud.kube.controllers.fleet import IMPORT, exporters
from infra.local.cloud.kube.controllers.loop import Context, Site
from infra.local.cloud.kube.controllers.routing import GATEWAY, backends
from infra.local.cloud.kube.controllers.traffic import Traffic, time_limit
from infra.local.cloud.kube.values import Object, at, meta

_PORT, _PATH = 80, "/v1/completions"
_KEPT = 10.0
"""Seconds after which a way is found anew even if nothing seems to have changed."""
_STALE = 0.05
"""Seconds that the endpoint picker's view of a model server may be old."""
OK, TOO_LONG, NO_MODEL, NO_PICKER, NOBODY = 200, 400, 404, 500, 503


@dataclass
class Pool:
    """The healthy replicas of one region, behind their endpoint picker."""

    member: Site
    settings: Object
    replicas: list[Replica]
    picker: bool
    """Whether the picker is there to choose the best; otherwise each replica has its turn."""
    passes: bool
    """Whether requests get past the picker at all."""
    turns: int = 0

    def pick(self, now: float) -> Replica:
        """Choose the replica with the least queue, then the one with the least KV cache in use."""
        self.turns += 1
        if not self.picker:
            return self.replicas[self.turns % len(self.replicas)]
        for replica in self.replicas:
            if now - replica.server.now > _STALE:
                replica.server.advance(now)
        return min(self.replicas, key=lambda one: (one.server.waiting, one.server.kv_usage))


@dataclass
class Backend:
    """One imported pool behind a route."""

    namespace: str
    name: str
    weight: int
    limit: float
    balancer: Balancer
    pools: dict[str, Pool]
    """By region."""

    def look(self, now: float) -> None:
        """Let the balancer look at the regions."""
        self.balancer.look(
            {
                region: signals.region_of(pool.member, self.namespace, pool.settings, pool.replicas)
                for region, pool in self.pools.items()
            },
            now,
        )

    def send(self, model: str, request: Request) -> tuple[int, str]:
        """Hand a request to a model server; return its HTTP status so far, and the region."""
        region = self.balancer.choose()
        if region is None:
            return NOBODY, ""
        pool = self.pools[region]
        if not pool.passes:
            return NO_PICKER, region
        replica = pool.pick(request.arrived)
        if model not in replica.names:
            return NO_MODEL, region
        if not replica.server.takes(request.prompt, request.output):
            return TOO_LONG, region
        replica.server.submit(request)
        return OK, region


@dataclass
class Way:
    """Where the requests to one address go for now."""

    region: str
    backends: list[Backend]
    stamp: object
    since: float
    _credit: Counter[int] = field(default_factory=Counter)

    def look(self, now: float) -> None:
        """Let the balancers look at the regions if it is time to."""
        for one in self.backends:
            one.look(now)

    def send(self, model: str, arrived: float, prompt: int, output: int, sender: Sender) -> tuple[int, str]:
        """Send one request; return its HTTP status so far, and the region that it went to."""
        backend = self._turn()
        return backend.send(model, Request(arrived, prompt, output, arrived + backend.limit, sender))

    def _turn(self) -> Backend:
        if len(self.backends) == 1:
            return self.backends[0]
        for place, one in enumerate(self.backends):
            self._credit[place] += one.weight
        chosen = max(range(len(self.backends)), key=lambda place: self._credit[place])
        self._credit[chosen] -= sum(one.weight for one in self.backends)
        return self.backends[chosen]


class Ways:
    """All ways that are in use, and the balancers, which remember."""

    def __init__(self, context: Context, traffic: Traffic, engines: Engines) -> None:
        self._context, self._traffic, self._engines = context, traffic, engines
        self._ways: dict[str, Way] = {}
        self._balancers: dict[tuple[str, str, str, str], Balancer] = {}

    def address(self, gateway_name: str, region: str) -> str | None:
        """Return the address in a region of the Gateway ``namespace/name``, while it has one."""
        namespace, _, name = gateway_name.partition("/")
        for site in self._context.sites.values():
            gateway = site.objects.find(GATEWAY, namespace, name) or {}
            for shown in at(gateway, "status", "addresses") or ():
                found = self._traffic.gateway_at(shown["value"])
                if found is not None and found[2] == region:
                    return str(shown["value"])
        return None

    def way(self, address: str) -> Way | Answer | NoAnswer:
        """Return the way of completions that are asked of an address, or what each of them gets instead."""
        now, stamp = self._engines.now, self._stamp()
        found = self._ways.get(address)
        if found is None or found.stamp != stamp or now - found.since > _KEPT:
            made = self._made(address, stamp, now)
            if not isinstance(made, Way):
                self._ways.pop(address, None)
                return made
            found = self._ways[address] = made
        found.look(now)
        return found

    def _stamp(self) -> object:
        versions = tuple((key, site.objects.version) for key, site in self._context.sites.items())
        return versions, tuple(self._context.hooks.member_clusters()), frozenset(self._context.world.faults.unavailable)

    def _made(self, address: str, stamp: object, now: float) -> Way | Answer | NoAnswer:
        found = self._traffic.gateway_at(address)
        if found is None or self._context.world.faults.is_down(f"network/{found[2]}"):
            return NoAnswer.SILENCE
        site, gateway, region = found
        routed = self._traffic.routed(site, gateway, _PORT, _PATH, "POST", {})
        if not isinstance(routed, tuple):
            return routed
        route, rule = routed
        made = [
            self._backend(site, ref.get("namespace") or meta(route)["namespace"], ref, region) for ref in backends(rule)
        ]
        return Way(region, made, stamp, now)

    def _backend(self, site: Site, namespace: str, ref: Object, region: str) -> Backend:
        name = ref["name"]
        policy = policies.attached_policy(site, policies.BACKEND, IMPORT, namespace, name)
        key = (site.key, namespace, name, region)
        balancer = self._balancers.setdefault(key, Balancer(region))
        pools: dict[str, Pool] = {}
        for member in exporters(self._context, namespace, name):
            settings = policies.settings_for(policy, member.region, short_name(member))
            replicas = self._replicas(member, self._traffic.healthy(site, member, namespace, name))
            if member.region in pools:
                pools[member.region].replicas.extend(replicas)
                continue
            picker = self._traffic.picker_ready(member, namespace, name)
            passes = self._traffic.picker_answers(member, namespace, name)
            pools[member.region] = Pool(member, settings, replicas, picker, passes)
        return Backend(namespace, name, ref.get("weight", 1), time_limit(policy), balancer, pools)

    def _replicas(self, member: Site, pods: Sequence[Object]) -> list[Replica]:
        return [replica for pod in pods if (replica := self._engines.of(member, pod)) is not None]
