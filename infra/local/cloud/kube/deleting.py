"""How objects end: finalizers, grace periods, owners, namespaces and definitions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from infra.local.cloud.kube import custom
from infra.local.cloud.kube.values import Object, at, meta, stamp, without

if TYPE_CHECKING:
    from infra.local.cloud.kube.objects import Objects

EMPTYING = timedelta(seconds=5)
"""How long the namespace controller takes to come round."""
COLLECTING = timedelta(seconds=1)
"""How long the garbage collector takes to come round."""
ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"


def delete(objects: Objects, kind: str, namespace: str, name: str, grace: timedelta = timedelta()) -> bool:
    """Ask for an object's end; say whether it was there."""
    old = objects.find(kind, namespace, name)
    if old is None:
        return False
    if kind == "Namespace":
        _leave(objects, old)
    elif meta(old).get("finalizers") or grace:
        mark(objects, kind, old, grace)
    else:
        remove(objects, kind, old, old)
    return True


def grace(kind: str, obj: Object) -> timedelta:
    """Return how long a client's delete leaves a running pod: its preStop pause and a moment to end; else nothing."""
    spec = obj.get("spec") or {}
    if kind != "Pod" or not spec.get("nodeName"):
        return timedelta()
    pause = max((_pause(at(c, "lifecycle", "preStop")) for c in spec.get("containers") or ()), default=0)
    return timedelta(seconds=min(pause + 1, spec.get("terminationGracePeriodSeconds", 30)))


def _pause(hook: Any) -> int:
    if seconds := at(hook, "sleep", "seconds"):
        return int(seconds)
    words = " ".join(at(hook, "exec", "command") or ())
    found = re.search(r"\bsleep\s+(\d+)", words)
    return int(found[1]) if found else 0


def mark(objects: Objects, kind: str, old: Object, grace: timedelta = timedelta()) -> Object:
    """Set the deletionTimestamp, once; with a grace period the end is on the agenda."""
    if "deletionTimestamp" in meta(old):
        return old
    when = objects.world.now + grace
    gone: dict[str, Any] = {"deletionTimestamp": stamp(when), "deletionGracePeriodSeconds": int(grace.total_seconds())}
    if "generation" in meta(old):
        gone["generation"] = meta(old)["generation"] + 1
    new = {**old, "metadata": {**meta(old), **gone}}
    objects.commit("MODIFIED", kind, new, old)
    if grace:
        uid = meta(old).get("uid")
        objects.world.at(when, lambda: _expire(objects, kind, old, uid))
    return new


def _expire(objects: Objects, kind: str, seen: Object, uid: object) -> None:
    now = objects.find(kind, meta(seen).get("namespace", ""), meta(seen)["name"])
    # The name may have been given anew in the meantime.
    if now is None or meta(now).get("uid") != uid:
        return
    if meta(now).get("finalizers"):
        new = {**now, "metadata": {**meta(now), "deletionGracePeriodSeconds": 0}}
        objects.commit("MODIFIED", kind, new, now)
    else:
        remove(objects, kind, now, now)


def ended(objects: Objects, obj: Object) -> Object:
    """Return a pod as the answer to a delete shows it that ended it at once."""
    return {
        **obj,
        "metadata": {**meta(obj), "deletionTimestamp": stamp(objects.world.now), "deletionGracePeriodSeconds": 0},
    }


def foreground(objects: Objects, kind: str, old: Object) -> Object:
    """Mark an object for its end after the end of what it owns; return it as it is now."""
    held = list(meta(old).get("finalizers") or ())
    if FOREGROUND not in held:
        old = {**old, "metadata": {**meta(old), "finalizers": [*held, FOREGROUND]}}
    now = mark(objects, kind, old)
    uid = meta(now)["uid"]
    objects.world.after(COLLECTING, lambda: _descend(objects, uid))
    objects.world.after(COLLECTING, lambda: _let_go(objects, kind, meta(now).get("namespace", ""), meta(now)["name"]))
    return now


def _descend(objects: Objects, uid: str) -> None:
    for kind, namespace, name in sorted(objects.dependents.get(uid, ())):
        old = objects.find(kind, namespace, name)
        if old is None or _forgotten(objects, kind, old, uid):
            continue
        # What has dependents of its own waits for them in turn.
        if objects.dependents.get(meta(old)["uid"]):
            foreground(objects, kind, old)
        else:
            delete(objects, kind, namespace, name, grace(kind, old))


def _forgotten(objects: Objects, kind: str, old: Object, uid: str) -> bool:
    """Let an object that has other owners forget this one; say whether it has any."""
    left = [owner for owner in meta(old).get("ownerReferences") or () if owner.get("uid") != uid]
    if left:
        objects.commit("MODIFIED", kind, {**old, "metadata": {**meta(old), "ownerReferences": left}}, old)
    return bool(left)


def _let_go(objects: Objects, kind: str, namespace: str, name: str) -> None:
    """End an object that only waited for what it owned."""
    old = objects.find(kind, namespace, name)
    if old is None or "deletionTimestamp" not in meta(old) or FOREGROUND not in (meta(old).get("finalizers") or ()):
        return
    if any(_blocks(objects, held, meta(old)["uid"]) for held in objects.dependents.get(meta(old)["uid"], ())):
        return
    left = [name for name in meta(old)["finalizers"] if name != FOREGROUND]
    head = without(meta(old), "finalizers") | ({"finalizers": left} if left else {})
    new = {**old, "metadata": head}
    if finished(new):
        remove(objects, kind, new, old)
    else:
        objects.commit("MODIFIED", kind, new, old)


def _blocks(objects: Objects, held: tuple[str, str, str], uid: str) -> bool:
    found = objects.find(*held)
    references = meta(found).get("ownerReferences") or () if found else ()
    return any(o.get("uid") == uid and o.get("blockOwnerDeletion") for o in references)


def finished(obj: Object) -> bool:
    """Say whether nothing holds an object any more whose end was asked for."""
    head = meta(obj)
    # A grace period ends on the agenda, a namespace when it is empty.
    held = head.get("finalizers") or head.get("deletionGracePeriodSeconds") or obj.get("kind") == "Namespace"
    return "deletionTimestamp" in head and not held


def remove(objects: Objects, kind: str, last: Object, old: Object) -> None:
    """Take an object out of the store, and then what only it held."""
    objects.commit("DELETED", kind, {**last, "metadata": dict(meta(last))}, old)
    if kind == custom.ID:
        _undefine(objects, last)
    _collect(objects, meta(last).get("uid", ""))
    for owner in meta(last).get("ownerReferences") or ():
        found = objects.owner(owner.get("uid", ""))
        if found:
            _let_go(objects, *found)
    place = meta(last).get("namespace")
    if place and not objects.open(place):
        _try_to_end(objects, place)


def _undefine(objects: Objects, definition: Object) -> None:
    kind = custom.defined(definition)
    for obj in objects.all(kind):
        remove(objects, kind, obj, obj)
    objects.withdraw(kind)


def _collect(objects: Objects, uid: str) -> None:
    for kind, namespace, name in sorted(objects.dependents.pop(uid, ())):
        old = objects.find(kind, namespace, name)
        if old is not None and not _forgotten(objects, kind, old, uid):
            delete(objects, kind, namespace, name)


def watch_over(objects: Objects, kind: str, new: Object) -> None:
    """Collect a new object, a moment later, if none of the owners that it names is there."""
    namespace, name, uid = meta(new).get("namespace", ""), meta(new)["name"], meta(new)["uid"]
    owners = [owner.get("uid", "") for owner in meta(new)["ownerReferences"]]

    def look() -> None:
        if objects.owner(uid) and not any(objects.owner(owner) for owner in owners):
            delete(objects, kind, namespace, name)

    if not any(objects.owner(owner) for owner in owners):
        objects.world.after(COLLECTING, look)


def orphan(objects: Objects, uid: str) -> None:
    """Let go of what an object owns, so that it survives its owner."""
    for kind, namespace, name in sorted(objects.dependents.pop(uid, ())):
        old = objects.find(kind, namespace, name)
        if old is not None:
            left = [o for o in meta(old).get("ownerReferences") or () if o.get("uid") != uid]
            head = without(meta(old), "ownerReferences") | ({"ownerReferences": left} if left else {})
            objects.commit("MODIFIED", kind, {**old, "metadata": head}, old)


# Namespaces ----------------------------------------------------------------------------------------------


def _leave(objects: Objects, old: Object) -> None:
    if "deletionTimestamp" in meta(old):
        return
    head = {**meta(old), "deletionTimestamp": stamp(objects.world.now)}
    status = {**old.get("status", {}), "phase": "Terminating"}
    objects.commit("MODIFIED", "Namespace", {**old, "metadata": head, "status": status}, old)
    name = meta(old)["name"]
    objects.world.after(EMPTYING, lambda: _empty(objects, name))


def _empty(objects: Objects, name: str) -> None:
    if objects.open(name):
        return
    # Owners first: their controllers have less to misunderstand.
    for kind, obj in sorted(objects.holdings(name), key=lambda held: bool(meta(held[1]).get("ownerReferences"))):
        delete(objects, kind, name, meta(obj)["name"])
    _try_to_end(objects, name)


def _try_to_end(objects: Objects, name: str) -> None:
    found = objects.find("Namespace", "", name)
    if found is None or "deletionTimestamp" not in meta(found) or meta(found).get("finalizers"):
        return
    left = list(objects.holdings(name))
    if left:
        _say_what_remains(objects, found, left)
    elif _emptied(objects, found):
        remove(objects, "Namespace", found, found)


def _emptied(objects: Objects, namespace: Object) -> bool:
    # An empty namespace, too, waits for the controller: its end is never part of the DELETE itself.
    asked = meta(namespace)["deletionTimestamp"]
    return bool(stamp(objects.world.now - EMPTYING) >= asked)


def _say_what_remains(objects: Objects, namespace: Object, left: list[tuple[str, Object]]) -> None:
    held = sorted({f for _, o in left for f in meta(o).get("finalizers") or ()})
    message = f"Some content in the namespace has finalizers remaining: {', '.join(held)}" if held else ""
    condition = {
        "type": "NamespaceFinalizersRemaining",
        "status": "True" if held else "False",
        "reason": "SomeFinalizersRemain" if held else "ContentHasNoFinalizers",
        "message": message,
    }
    old = namespace.get("status", {})
    if held and at_type(old.get("conditions"), condition["type"]) != condition:
        status = {**old, "conditions": [condition]}
        objects.commit(
            "MODIFIED", "Namespace", {**namespace, "metadata": dict(meta(namespace)), "status": status}, namespace
        )


def at_type(conditions: object, name: str) -> object:
    """Return the condition of this type, or None."""
    if not isinstance(conditions, list):
        return None
    return next((c for c in conditions if c.get("type") == name), None)
