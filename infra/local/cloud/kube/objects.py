"""The objects of one cluster: where every write ends and every read begins.

Controllers use ``get list put set_status delete listeners``; the API server uses ``find``, ``all`` and ``commit``
below them. A stored object is never changed in place: each change stores a new value under a new resource version.
"""

from __future__ import annotations

import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from infra.local.cloud.kube import builtins, custom, deleting, ownership, schemas, snapshots, strategies
from infra.local.cloud.kube.kinds import Kind, id_of
from infra.local.cloud.kube.values import Object, copied, meta, stamp, without
from infra.local.cloud.world import World

__all__ = ["Change", "Kind", "Object", "Objects"]
HISTORY = 5000
"""How many changes a watch may lie behind before it is told 410 Gone."""
Listener = Callable[[str, Object], None]


@dataclass(frozen=True)
class Change:
    """One line of the history. ``type`` is ADDED, MODIFIED or DELETED; ``before`` is None when it was added."""

    version: int
    type: str
    kind: str
    obj: Object
    before: Object | None


class Objects:
    """All objects of one cluster, and the kinds that it serves. The built-in kinds are there from the start.

    What ``get`` and ``list`` return is the caller's own copy.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.kinds: dict[str, Kind] = {}
        """By ``Kind.group`` (core: ``Pod``), in the version that is preferred."""
        self.served: dict[tuple[str, str, str], Kind] = {}
        """By group, version and plural."""
        self.schemas: dict[tuple[str, str], dict[str, Any]] = {}
        """Structural schema by kind id and version; a kind without one takes any shape."""
        self.listeners: list[Listener] = []
        """Called with (ADDED | MODIFIED | DELETED, object) after each change, in order, never nested."""
        self.version = 1
        """The newest resource version."""
        self.history: deque[Change] = deque(maxlen=HISTORY)
        self.watchers: set[Callable[[Change | None], None]] = set()
        """Told of every change; None says that there will be no more."""
        self.dependents: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        """Owner's uid -> (kind id, namespace, name) of what it owns."""
        self._stored: dict[str, dict[tuple[str, str], Object]] = defaultdict(dict)
        self._homes: dict[str, tuple[str, str, str]] = {}
        """uid -> kind id, namespace and name of what is there."""
        self._dice = world.dice(f"kube/{name}")
        self._news: deque[tuple[str, Object]] = deque()
        self._telling = False
        for kind, schema in builtins.kinds():
            self.serve(kind, schema)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "watchers": set()}  # who watches is connected to this process

    # Kinds -----------------------------------------------------------------------------------------------

    def serve(self, kind: Kind, schema: dict[str, Any] | None, *, preferred: bool = True) -> None:
        """Answer requests for this kind."""
        self.served[kind.group, kind.version, kind.plural] = kind
        if preferred or kind.id not in self.kinds:
            self.kinds[kind.id] = kind
        if schema is not None:
            self.schemas[kind.id, kind.version] = schema

    def withdraw(self, kind_id: str) -> None:
        """Stop serving a kind; its objects are gone."""
        self.withdraw_versions(kind_id)
        self._stored.pop(kind_id, None)

    def withdraw_versions(self, kind_id: str) -> None:
        """Stop serving a kind for now; its objects stay."""
        for key in [key for key, kind in self.served.items() if kind.id == kind_id]:
            self.schemas.pop((kind_id, self.served.pop(key).version), None)
        self.kinds.pop(kind_id, None)

    def schema(self, kind: Kind) -> dict[str, Any]:
        """Return the structural schema of a kind; empty when it has none."""
        return self.schemas.get((kind.id, kind.version), {})

    # Reading ---------------------------------------------------------------------------------------------

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return the stored object itself, for reading only."""
        return self._stored.get(kind, {}).get((namespace, name))

    def all(self, kind: str, namespace: str | None = None) -> Iterable[Object]:
        """Return the stored objects themselves, for reading only, sorted by namespace and name."""
        stored = self._stored.get(kind, {})
        return [stored[key] for key in sorted(stored) if not namespace or key[0] == namespace]

    def owner(self, uid: str) -> tuple[str, str, str] | None:
        """Return kind id, namespace and name of the object with this uid, or None."""
        return self._homes.get(uid)

    def as_of(self, kind: str, namespace: str, version: int) -> Iterable[Object]:
        """Return what ``all`` returned at a former version, which the history must still reach."""
        later = [change for change in self.history if change.version > version and change.kind == kind]
        then = snapshots.undone(self._stored.get(kind, {}), [(change.obj, change.before) for change in later])
        return [then[key] for key in sorted(then) if not namespace or key[0] == namespace]

    @property
    def oldest(self) -> int:
        """The oldest version that a watch or a page of a list may still start from."""
        return self.history[0].version - 1 if self.history else self.version

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return a copy of an object, or None. ``namespace`` is empty for kinds of cluster scope."""
        found = self.find(kind, namespace, name)
        return None if found is None else copied(found)

    def list(self, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None) -> list[Object]:
        """Return copies of all objects of a kind that carry these labels, sorted by namespace and name."""
        wanted = (labels or {}).items()
        return [copied(o) for o in self.all(kind, namespace) if wanted <= (meta(o).get("labels") or {}).items()]

    def holdings(self, namespace: str) -> Iterable[tuple[str, Object]]:
        """Return everything inside a namespace, with its kind id."""
        return [
            (kind, obj)
            for kind, stored in self._stored.items()
            for (place, _), obj in sorted(stored.items())
            if place == namespace
        ]

    # Writing ---------------------------------------------------------------------------------------------

    def put(self, obj: Object, manager: str) -> Object:
        """Create an object, or replace its metadata and spec, for a controller; return a copy of what is stored.

        The generation moves when the spec does. The status is taken only on creation. A namespace that is absent or
        going away takes nothing new: the object then comes back without a uid.
        """
        kind = self.kinds[id_of(obj)]
        where = meta(obj).get("namespace", "") if kind.namespaced else ""
        old = self.find(kind.id, where, meta(obj)["name"])
        if old is None and kind.namespaced and not self.open(where):
            return copied(obj)
        new = copied(obj)
        if old is None:
            self.born(kind, new)
        else:
            self.carried(kind, old, new)
        schemas.fill(self.schema(kind), new)
        strategies.prepare(kind, new, old)
        if old is not None:
            self.aged(kind, old, new)
        ownership.record(self.schema(kind), kind, old, new, ownership.Writer(manager, now=stamp(self.world.now)))
        if old is None:
            strategies.admit(kind, new)
        stored = self.store(kind.id, old, new)
        if kind.kind == custom.KIND:
            stored = custom.establish(self, stored)
        return copied(stored)

    def set_status(self, obj: Object, status: Mapping[str, Any]) -> Object:
        """Replace the status of the object; nothing happens when it is equal or when the object is gone."""
        kind = self.kinds[id_of(obj)]
        where = meta(obj).get("namespace", "") if kind.namespaced else ""
        old = self.find(kind.id, where, meta(obj)["name"])
        if old is None or old.get("status", {}) == status:
            return copied(obj if old is None else old)
        new = {**old, "metadata": dict(meta(old)), "status": copied(dict(status))}
        writer = ownership.Writer(f"{kind.kind.lower()}-controller", "status", now=stamp(self.world.now))
        ownership.record(self.schema(kind), kind, old, new, writer)
        return copied(self.store(kind.id, old, new))

    def delete(self, kind: str, namespace: str, name: str, grace: timedelta = timedelta()) -> bool:
        """Ask for an object's end; say whether it was there.

        With finalizers, or with a grace period, it first only gets a deletionTimestamp. What it alone owned goes too.
        """
        return deleting.delete(self, kind, namespace, name, grace)

    def open(self, namespace: str) -> bool:
        """Say whether a namespace takes new objects."""
        found = self.find("Namespace", "", namespace)
        return found is not None and "deletionTimestamp" not in meta(found)

    def born(self, kind: Kind, new: Object) -> None:
        """Give a new object what the server gives."""
        head = new.setdefault("metadata", {})
        for name in ("resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"):
            head.pop(name, None)
        head |= {"uid": self.fresh_uid(), "creationTimestamp": stamp(self.world.now)}
        if kind.ages:
            head["generation"] = 1
        if not kind.namespaced:
            head.pop("namespace", None)

    def carried(self, kind: Kind, old: Object, new: Object) -> None:
        """Carry over what a write cannot change."""
        head, before = new["metadata"], meta(old)
        for name in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
            head.pop(name, None)
            if name in before:
                head[name] = before[name]
        head["managedFields"] = before.get("managedFields", [])
        if kind.status:
            new.pop("status", None)
            if "status" in old:
                new["status"] = old["status"]

    def aged(self, kind: Kind, old: Object, new: Object) -> None:
        """Move the generation when something but metadata and a status of its own endpoint differs."""
        apart = ("metadata", "status") if kind.status or not kind.custom else ("metadata",)
        if kind.ages and without(old, *apart) != without(new, *apart):
            new["metadata"]["generation"] = meta(old).get("generation", 1) + 1

    def fresh_uid(self) -> str:
        """Draw a uid."""
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    def suffix(self) -> str:
        """Draw the five characters that end a generated name."""
        return "".join(self._dice.choices("bcdfghjklmnpqrstvwxz2456789", k=5))

    # Changes ---------------------------------------------------------------------------------------------

    def store(self, kind: str, old: Object | None, new: Object) -> Object:
        """Keep a new value unless it says the same as the old one; return what is stored now."""
        if old is not None and ownership.same(old, new):
            return old
        if old is not None and deleting.finished(new):
            deleting.remove(self, kind, new, old)
            return new
        self.commit("MODIFIED" if old else "ADDED", kind, new, old)
        if old is None and meta(new).get("ownerReferences"):
            deleting.watch_over(self, kind, new)
        return new

    def commit(self, what: str, kind: str, new: Object, old: Object | None) -> None:
        """Make one change real: new version, indexes, history, watchers, listeners."""
        self.version += 1
        head = new["metadata"]
        head["resourceVersion"] = str(self.version)
        key = (head.get("namespace", ""), head["name"])
        for owner in (meta(old).get("ownerReferences") if old else None) or ():
            self.dependents[owner.get("uid", "")].discard((kind, *key))
        if what == "DELETED":
            self._stored[kind].pop(key, None)
            self._homes.pop(head.get("uid", ""), None)
        else:
            self._stored[kind][key] = new
            self._homes[head.get("uid", "")] = (kind, *key)
            for owner in head.get("ownerReferences") or ():
                self.dependents[owner.get("uid", "")].add((kind, *key))
        change = Change(self.version, what, kind, new, old)
        self.history.append(change)
        for watcher in tuple(self.watchers):
            watcher(change)
        self._tell(what, new)

    def _tell(self, what: str, obj: Object) -> None:
        # A listener may write: its changes queue up behind, so that every listener sees one order.
        self._news.append((what, obj))
        if self._telling:
            return
        self._telling = True
        try:
            while self._news:
                what, obj = self._news.popleft()
                for listener in tuple(self.listeners):
                    listener(what, copied(obj))
        finally:
            self._telling = False

    def close(self) -> None:
        """End every watch."""
        for watcher in tuple(self.watchers):
            watcher(None)

    def snapshot(self) -> dict[str, object]:
        """Return what exists and how it is set, without times, uids, versions, owners of fields and events."""
        return snapshots.snapshot(self._stored)
