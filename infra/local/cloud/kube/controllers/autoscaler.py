"""The cluster autoscaler: more nodes for pods that fit nowhere, fewer when nodes stand empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from infra.local.cloud.kube.controllers import durations, scheduling
from infra.local.cloud.kube.controllers.hooks import Node, Pool
from infra.local.cloud.kube.controllers.loop import Context, Controller, Site, record
from infra.local.cloud.kube.controllers.nodes import allocatable, labels_of
from infra.local.cloud.kube.controllers.scheduler import pending
from infra.local.cloud.kube.controllers.values import finished, owner_of, quantity
from infra.local.cloud.kube.values import Object, at

_PAUSE, _LONGEST, _MOST_TRIES = timedelta(minutes=5), timedelta(minutes=30), 8
_COMPONENT = "cluster-autoscaler"
_POOL = "cloud.google.com/gke-nodepool"


class Autoscaler(Controller):
    """Looks at a whole cluster a few seconds after anything moved in it, and again when a node's idle time is up."""

    kinds: ClassVar = ("Pod", "Node")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._tries: dict[tuple[str, str], int] = {}
        self._idle: dict[tuple[str, str], datetime] = {}

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Scan soon, if the change may concern the number of nodes."""
        if not self.hooks.pools_of(site.key):
            return
        bound = kind == "Pod" and at(obj, "spec", "nodeName") and not finished(obj)
        if not bound or event in ("ADDED", "DELETED"):
            self.wake(site, "", "", durations.draw(self.world, "autoscaler-scan", site.key))

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Grow for the pending pods; give back what stood idle long enough."""
        del namespace, name
        pools = self.hooks.pools_of(site.key)
        if pools:
            self._grow(site, pools)
            self._shrink(site, pools)

    def _grow(self, site: Site, pools: Sequence[Pool]) -> None:
        coming = self._coming(site, pools)
        wanted: dict[str, int] = {}
        for pod in pending(site):
            room = scheduling.choose(pod, coming)
            if room is None:
                room = self._one_more(pod, pools, wanted)
                if room is None:
                    self._refuse(site, pod, pools, wanted)
                    continue
                coming.append(room)
                self._tell(site, pod, room, pools, wanted)
            room.take(pod)
        for pool in pools:
            if pool.name in wanted:
                got = self.hooks.want_nodes(site.key, pool.name, wanted[pool.name])
                self._settle(site, pool, enough=got >= wanted[pool.name])

    def _coming(self, site: Site, pools: Sequence[Pool]) -> list[scheduling.Room]:
        """Nodes that are asked for but offer nothing yet: their driver, or they themselves, are still to come."""
        nodes = self.hooks.nodes_of(site.key)
        shown = scheduling.rooms(list(site.objects.all("Node")), list(site.objects.all("Pod")))
        used = {room.name: room.pods for room in shown}
        result = []
        for pool in pools:
            own = [node for node in nodes if node.pool == pool.name]
            result += [room_of(node, name=node.name) for node in own]
            more = max(pool.size - len(own), 0)
            result += [room_of(pool.template, name=f"{pool.name}+{i}") for i in range(more)]
        for room in result:
            for pod in used.get(room.name, ()):
                room.take(pod)
        return result

    def _one_more(self, pod: Object, pools: Sequence[Pool], wanted: dict[str, int]) -> scheduling.Room | None:
        for pool in pools:
            size = wanted.get(pool.name, pool.size)
            room = room_of(pool.template, name=f"{pool.name}+{size}")
            if size < pool.maximum and not scheduling.obstacles(pod, room):
                wanted[pool.name] = size + 1
                return room
        return None

    def _tell(
        self,
        site: Site,
        pod: Object,
        room: scheduling.Room,
        pools: Sequence[Pool],
        wanted: dict[str, int],
    ) -> None:
        pool = next(p for p in pools if p.name == room.labels[_POOL])
        message = f"pod triggered scale-up: [{{{pool.name} {pool.size}->{wanted[pool.name]} (max: {pool.maximum})}}]"
        record(site, pod, "Normal", "TriggeredScaleUp", message, _COMPONENT)

    def _settle(self, site: Site, pool: Pool, *, enough: bool) -> None:
        """Try a pool again, after growing pauses, that could not grow: the real one never gives up, this one does."""
        key = (site.key, pool.name)
        tries = 0 if enough else self._tries.get(key, 0) + 1
        self._tries[key] = tries
        if 0 < tries <= _MOST_TRIES:
            self.wake(site, "", "", min(_PAUSE * 2 ** (tries - 1), _LONGEST))

    def _refuse(self, site: Site, pod: Object, pools: Sequence[Pool], wanted: dict[str, int]) -> None:
        reasons = []
        for pool in pools:
            blocked = scheduling.obstacles(pod, room_of(pool.template, pool.name))
            full = wanted.get(pool.name, pool.size) >= pool.maximum
            reasons += blocked[:1] or (["max node group size reached"] if full else [])
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(reasons).items()))
        record(site, pod, "Normal", "NotTriggerScaleUp", f"pod didn't trigger scale-up: {why}", _COMPONENT)

    def again(self, site: Site) -> None:
        """Scan now, with all patience back: stock or quota may be different."""
        self._tries = {key: tries for key, tries in self._tries.items() if key[0] != site.key}
        self.wake(site, "", "")

    def failed(self, site: Site, pool: Pool, reason: str) -> None:
        """Tell the pods that a pool was to grow for that it could not."""
        zone = pool.template.zone
        message = f"Node scale up in zones {zone} associated with this pod failed: {reason}."
        for pod in pending(site):
            if not scheduling.obstacles(pod, room_of(pool.template, pool.name)):
                text = f"{message} Pod is at risk of not being scheduled."
                record(site, pod, "Warning", "FailedScaleUp", text, _COMPONENT)

    def _shrink(self, site: Site, pools: Sequence[Pool]) -> None:
        nodes = self.hooks.nodes_of(site.key)
        busy = nodes_in_use(site)
        self._idle = {k: v for k, v in self._idle.items() if k[0] != site.key or k[1] not in busy}
        for pool in pools:
            own = [node for node in nodes if node.pool == pool.name]
            spare = min(len(own), pool.size) - pool.minimum
            for node in own:
                if node.name not in busy and self._idled(site, node) and spare > 0:
                    spare -= 1
                    self.hooks.drop_node(site.key, pool.name, node.name)

    def _idled(self, site: Site, node: Node) -> bool:
        since = self._idle.setdefault((site.key, node.name), self.world.now)
        left = since + durations.IDLE - self.world.now
        if left.total_seconds() > 0:
            self.wake(site, "", "", left)
        return left.total_seconds() <= 0

    def detached(self, site: Site) -> None:
        """Forget the idle times, too."""
        super().detached(site)
        self._idle = {k: v for k, v in self._idle.items() if k[0] != site.key}
        self._tries = {key: tries for key, tries in self._tries.items() if key[0] != site.key}


def nodes_in_use(site: Site) -> set[str]:
    """Return the nodes that carry pods; daemons do not count."""
    pods = (p for p in site.objects.all("Pod") if not finished(p) and owner_of(p, "DaemonSet") is None)
    return {node for pod in pods if (node := at(pod, "spec", "nodeName"))}


def room_of(node: Node, name: str) -> scheduling.Room:
    """Return the room that a machine will offer once all of it is installed."""
    free = {key: quantity(amount) for key, amount in allocatable(node, node.gpus).items()}
    return scheduling.Room(name, labels_of(node), node.taints, free)
