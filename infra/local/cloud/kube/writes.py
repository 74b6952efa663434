"""One write to one object: options, field check, defaults, rules, ownership, and only then the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from infra.local.cloud.kube import custom, deleting, lean, ownership, refusals, schemas, strategies, validation
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.ownership import Writer
from infra.local.cloud.kube.refusals import Refused
from infra.local.cloud.kube.values import Object, meta, stamp

STRICT, WARN, IGNORE = "Strict", "Warn", "Ignore"
_OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"
_ESTABLISHING = timedelta(seconds=1)
_VERSIONED_UPDATES = {"CustomResourceDefinition.apiextensions.k8s.io", "PodDisruptionBudget.policy"}


@dataclass(frozen=True)
class Options:
    """What a client may say about a write."""

    manager: str
    dry_run: bool = False
    validation: str = WARN
    force: bool = False
    warnings: list[str] = field(default_factory=list)
    """Filled on the way; sent as Warning headers."""


@dataclass(frozen=True)
class Target:
    """What is written to: an object of a kind, or one of its subresources."""

    objects: Objects
    kind: Kind
    namespace: str
    name: str
    subresource: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        """The kind's schema."""
        return self.objects.schema(self.kind)

    @property
    def has_status(self) -> bool:
        """The status is written through an endpoint of its own."""
        return self.kind.status

    def find(self) -> Object | None:
        """Return the stored object, if any."""
        return self.objects.find(self.kind.id, self.namespace, self.name)

    def existing(self) -> Object:
        """Return the stored object; 404 without."""
        found = self.find()
        if found is None:
            raise refusals.not_found(self.kind, self.name)
        return found

    def writer(self, options: Options, operation: str = "Update") -> Writer:
        """Say who writes."""
        return Writer(options.manager, self.subresource, stamp(self.objects.world.now), operation)


def create(target: Target, body: Object, options: Options, managed: list[dict[str, Any]] | None = None) -> Object:
    """Create an object; ``managed`` are its managedFields when an apply creates it."""
    objects, kind = target.objects, target.kind
    new = _decoded(target, body, options)
    head = new["metadata"]
    if head.get("resourceVersion"):
        raise refusals.internal("resourceVersion should not be set on objects to be created")
    if not head.get("name") and head.get("generateName"):
        head["name"] = head["generateName"] + objects.suffix()
    if not head.get("name"):
        _refuse_if(target, [refusals.required("metadata.name", "name or generateName is required")])
    _place(target, head)
    if kind.status and kind.id != "Node":
        new.pop("status", None)
    objects.born(kind, new)
    _completed(target, new, None)
    if objects.find(kind.id, head.get("namespace", ""), head["name"]) is not None:
        raise refusals.already_exists(kind, head["name"])
    _own(target, None, new, options, managed)
    strategies.admit(kind, new)
    return new if options.dry_run else _kept(target, None, new)


def update(target: Target, body: Object, options: Options, managed: list[dict[str, Any]] | None = None) -> Object:
    """Replace an object, or one subresource of it, by what a client sent or what patching made."""
    objects, kind, old = target.objects, target.kind, target.existing()
    new = _decoded(target, body, options)
    _guard(target, new["metadata"], old)
    emptied = new["metadata"].get("managedFields") == [{}]
    if target.subresource == "status":
        new = {**old, "metadata": dict(meta(old)), "status": new.get("status") or {}}
        schemas.fill(target.schema.get("properties", {}).get("status", {}), new["status"])
        _refuse_if(target, validation.violations(kind, target.schema, new, old, status=True))
    else:
        objects.carried(kind, old, new)
        _completed(target, new, old)
        objects.aged(kind, old, new)
    if emptied:
        new["metadata"].pop("managedFields", None)
    else:
        _own(target, old, new, options, managed)
    return new if options.dry_run else _kept(target, old, new)


def _kept(target: Target, old: Object | None, new: Object) -> Object:
    objects, kind = target.objects, target.kind
    stored = objects.store(kind.id, old, new)
    if kind.id == custom.ID and not target.subresource and stored is not old:
        name = meta(stored)["name"]
        # A new definition is served a moment later: who uses it at once is told 404.
        objects.world.after(_ESTABLISHING, lambda: custom.pending(objects, name))
    return stored


def _decoded(target: Target, body: Any, options: Options) -> Object:
    kind = target.kind
    if not isinstance(body, dict):
        raise refusals.bad_request("the request body is not an object")
    if not kind.custom:
        # The path says what a built-in object is.
        body = {"apiVersion": kind.api_version, "kind": kind.kind, **body}
    if (body.get("apiVersion"), body.get("kind")) != (kind.api_version, kind.kind):
        said = f'{body.get("kind")} in version "{body.get("apiVersion")}" cannot be handled as a {kind.kind}'
        raise refusals.bad_request(f"{said}: no kind matches {kind.api_version}, Kind={kind.kind}")
    if not isinstance(body.get("metadata") or {}, dict):
        raise refusals.bad_request(f"{_unfit(kind)}: json: metadata is not an object")
    unknown: list[str] = []
    new: Object = schemas.pruned(ownership.with_metadata(target.schema), body, unknown)
    _report(kind, unknown, options)
    new["metadata"] = lean.metadata(new.get("metadata") or {})
    if not kind.custom:
        new = lean.built_in(target.schema, new)
    for cause in _wrong_types(target, new):
        raise refusals.bad_request(f"{_unfit(kind)}: json: {cause.field}: {cause.message}")
    return new


def _wrong_types(target: Target, new: Object) -> Iterable[refusals.Cause]:
    # Built-in kinds are Go structs: a wrong type is not invalid but unreadable. So is anybody's metadata.
    if target.kind.custom:
        found = schemas.violations(ownership.METADATA, new["metadata"], "metadata")
    else:
        found = schemas.violations(ownership.with_metadata(target.schema), new)
    return (cause for cause in found if cause.reason == schemas.WRONG_TYPE)


def _unfit(kind: Kind) -> str:
    return f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}'


def _report(kind: Kind, unknown: list[str], options: Options) -> None:
    said = [f'unknown field "{name}"' for name in unknown]
    if said and options.validation == STRICT:
        raise refusals.bad_request(f"{_unfit(kind)}: strict decoding error: {', '.join(said)}")
    if options.validation == WARN:
        options.warnings.extend(said)


def _place(target: Target, head: dict[str, Any]) -> None:
    """See to it that the namespace is there and takes new objects."""
    if not target.kind.namespaced:
        return
    if head.setdefault("namespace", target.namespace) != target.namespace:
        raise refusals.bad_request(_OTHER_NAMESPACE)
    objects = target.objects
    if objects.find("Namespace", "", target.namespace) is None:
        raise refusals.not_found(objects.kinds["Namespace"], target.namespace)
    if not objects.open(target.namespace):
        why = f"unable to create new content in namespace {target.namespace} because it is being terminated"
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {target.namespace} is being terminated",
            "field": "metadata.namespace",
        }
        raise refusals.denied(target.kind, head.get("name", ""), why, {"causes": [cause]})


def _guard(target: Target, head: dict[str, Any], old: Object) -> None:
    """Refuse a write that was meant for another object or another version of it."""
    kind, name = target.kind, target.name
    if head.get("name", name) != name:
        raise refusals.bad_request(
            f"the name of the object ({head['name']}) does not match the name on the URL ({name})"
        )
    head["name"] = name
    if kind.namespaced and head.setdefault("namespace", target.namespace) != target.namespace:
        raise refusals.bad_request(_OTHER_NAMESPACE)
    version = head.get("resourceVersion", meta(old)["resourceVersion"])
    if not version.isdigit():
        raise refusals.internal(f'strconv.ParseUint: parsing "{version}": invalid syntax')
    if version != meta(old)["resourceVersion"]:
        raise refusals.modified(kind, name)
    _refuse_if(target, validation.unchangeable(head, meta(old)))


def guard_uid(target: Target, body: Any) -> None:
    """Refuse a PUT that was meant for another object of this name."""
    uid, old = meta(body).get("uid") if isinstance(body, dict) else None, meta(target.existing())
    if uid and uid != old["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['uid']}"
        raise refusals.conflict(target.kind, target.name, why)


def needs_version(target: Target, body: Any) -> None:
    """Refuse a PUT without resourceVersion where the real server does."""
    if not (target.kind.custom or target.kind.id in _VERSIONED_UPDATES):
        return
    if isinstance(body, dict) and not meta(body).get("resourceVersion"):
        raise refusals.wrong_version(target.kind, target.name)


def _completed(target: Target, new: Object, old: Object | None) -> None:
    schemas.fill(target.schema, new)
    strategies.prepare(target.kind, new, old)
    _refuse_if(target, validation.violations(target.kind, target.schema, new, old, status=False), meta(new).get("name"))


def _refuse_if(target: Target, causes: Iterable[refusals.Cause], name: str | None = None) -> None:
    found = list(causes)
    if found:
        raise refusals.invalid(target.kind, name or target.name, found)


def _own(
    target: Target, old: Object | None, new: Object, options: Options, managed: list[dict[str, Any]] | None
) -> None:
    if managed is None:
        ownership.record(target.schema, target.kind, old, new, target.writer(options))
    else:
        new["metadata"]["managedFields"] = managed


# Deleting ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Farewell:
    """What a client may say about a delete."""

    propagation: str = "Background"
    now: bool = False
    """Without any grace period."""
    uid: str = ""
    version: str = ""
    dry_run: bool = False


def delete(target: Target, wish: Farewell) -> tuple[Object, bool]:
    """Ask for an object's end; return it as it is now and whether it is gone already."""
    objects, kind, old = target.objects, target.kind, target.existing()
    head = meta(old)
    if wish.uid and wish.uid != head["uid"]:
        raise refusals.precondition(kind, target.name, "UID", wish.uid, head["uid"])
    if wish.version and wish.version != head["resourceVersion"]:
        raise refusals.precondition(kind, target.name, "ResourceVersion", wish.version, head["resourceVersion"])
    if kind.id == "Namespace" and target.name in {"default", "kube-system", "kube-public"}:
        raise refusals.denied(kind, target.name, "this namespace may not be deleted")
    if wish.dry_run:
        return old, True
    if wish.propagation == "Orphan":
        deleting.orphan(objects, head["uid"])
    if kind.id == "Pod" and "deletionTimestamp" in head and not wish.now:
        return old, False
    if wish.propagation == "Foreground":
        return deleting.foreground(objects, kind.id, old), False
    grace = timedelta() if wish.now else deleting.grace(kind.id, old)
    objects.delete(kind.id, target.namespace, target.name, grace)
    now = target.find()
    same = now is not None and meta(now).get("uid") == head["uid"]
    if same and now is not None:
        return now, False
    return (deleting.ended(objects, old) if kind.id == "Pod" else old), True


__all__ = ["Farewell", "Options", "Refused", "Target", "create", "delete", "needs_version", "update"]
