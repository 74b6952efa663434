"""What all controllers share: clusters in sight, a loop that looks at keys, drawn delays, events."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from infra.local.cloud.kube.controllers import durations
from infra.local.cloud.kube.controllers.hooks import Hooks
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object, meta, stamp
from infra.local.cloud.world import World

NOW = timedelta()


@dataclass(frozen=True)
class Site:
    """One cluster: its key in the cloud, its objects, where it stands."""

    key: str
    objects: Objects
    location: str
    project: str

    @property
    def region(self) -> str:
        """The region; a zonal cluster's is that of its zone."""
        return self.location.rsplit("-", 1)[0] if self.location.count("-") > 1 else self.location

    def serves(self, kind: str) -> bool:
        """Say whether the cluster knows this kind."""
        return kind in self.objects.kinds


@dataclass
class Context:
    """What every controller works with."""

    world: World
    hooks: Hooks
    sites: dict[str, Site] = field(default_factory=dict)
    live: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    """Cluster, namespace and name of a route -> its last good form, which is what the load balancer does."""

    def config_site(self) -> Site | None:
        """Return the config cluster of the fleet if it is there."""
        key = self.hooks.config_cluster()
        return self.sites.get(key) if key else None

    def member_sites(self) -> list[Site]:
        """Return the clusters of the fleet that are there."""
        return [self.sites[key] for key in self.hooks.member_clusters() if key in self.sites]


class Controller(ABC):
    """A loop over keys (cluster, namespace, name).

    Whatever happens only wakes a key, and ``look`` brings the thing one step closer to what is wanted, so doubled or
    needless wakes are harmless. A look that must wait asks ``over``, which wakes the key again in time.
    """

    kinds: ClassVar[tuple[str, ...]] = ()
    """The kinds whose changes are told to ``heard``."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.world = context.world
        self.hooks = context.hooks
        self._awake: set[tuple[datetime, str, str, str]] = set()
        self._due: dict[Hashable, datetime] = {}

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:  # noqa: ARG002 - subclasses ask
        """React to a change; a plain controller looks at the object itself."""
        self.wake(site, meta(obj).get("namespace", ""), meta(obj)["name"])

    @abstractmethod
    def look(self, site: Site, namespace: str, name: str) -> None:
        """Bring one thing closer to what is wanted."""

    def wake(self, site: Site, namespace: str, name: str, delay: timedelta = NOW) -> None:
        """Look at a key after a while, once however often it is asked."""
        due = (self.world.now + delay, site.key, namespace, name)
        if due in self._awake:
            return
        self._awake.add(due)

        def awake() -> None:
            self._awake.discard(due)
            # The cluster may have gone, and come again under the same key, in the meantime.
            if self.context.sites.get(site.key) is site:
                self.look(site, namespace, name)

        self.world.at(due[0], awake)

    def wake_all(self, site: Site, kind: str, namespace: str | None = None) -> None:
        """Look at all objects of a kind."""
        for obj in site.objects.all(kind, namespace):
            self.wake(site, meta(obj).get("namespace", ""), meta(obj)["name"])

    def over(self, what: str, site: Site, obj: Object, *more: str) -> bool:
        """Say whether a drawn time is over that began when this was first asked about this very object."""
        head = meta(obj)
        token = (what, site.key, head.get("uid"), *more)
        if token not in self._due:
            delay = durations.draw(self.world, what, site.key, head.get("namespace", ""), head["name"], *more)
            self._due[token] = self.world.now + delay
        return self.reached(self._due[token], site, obj)

    def reached(self, due: datetime, site: Site, obj: Object) -> bool:
        """Say whether a time has come; if not, look at the object when it has."""
        left = due - self.world.now
        if left > NOW:
            self.wake(site, meta(obj).get("namespace", ""), meta(obj)["name"], left)
        return left <= NOW

    def ask_again(self, what: str, site: Site, obj: Object, *more: str) -> None:
        """Let a drawn time begin anew when it is next asked for."""
        self._due.pop((what, site.key, meta(obj).get("uid"), *more), None)

    def detached(self, site: Site) -> None:
        """Forget what was known of a cluster that has gone."""
        self._due = {token: due for token, due in self._due.items() if site.key not in tuple(token)[1:2]}  # type: ignore[arg-type]  # tokens are tuples


def record(site: Site, obj: Object, kind: str, reason: str, message: str, component: str) -> None:
    """Write an event about an object; the same event again only counts up."""
    objects, head = site.objects, meta(obj)
    namespace = head.get("namespace", "default")
    now = stamp(objects.world.now)
    # Unlike the API's events, which get a random name, ours find their predecessor by it.
    said = f"{head.get('uid')}/{reason}/{message}"
    name = f"{head['name']}.{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    seen = objects.get("Event", namespace, name)
    if seen is not None:
        objects.put({**seen, "count": seen.get("count", 1) + 1, "lastTimestamp": now}, component)
        return
    about = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": head["name"], "uid": head.get("uid", "")}
    if "namespace" in head:
        about["namespace"] = head["namespace"]
    objects.put(
        {
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": namespace},
            "involvedObject": about, "type": kind, "reason": reason, "message": message,
            "source": {"component": component}, "reportingComponent": component,
            "firstTimestamp": now, "lastTimestamp": now, "count": 1,
        },
        component,
    )  # fmt: skip
