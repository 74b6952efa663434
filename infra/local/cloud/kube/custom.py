"""CustomResourceDefinitions: from the definition a client sent to a kind that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.local.cloud.kube.kinds import Kind, kind_id
from infra.local.cloud.kube.values import Object, meta, stamp

if TYPE_CHECKING:
    from infra.local.cloud.kube.objects import Objects

KIND = "CustomResourceDefinition"
ID = "CustomResourceDefinition.apiextensions.k8s.io"
OPEN: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def definition(kind: Kind, schema: dict[str, Any] | None, columns: list[dict[str, Any]] | None = None) -> Object:
    """Write the definition of a kind."""
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema or OPEN},
        "subresources": {"status": {}} if kind.status else {},
        **({"additionalPrinterColumns": columns} if columns else {}),
    }
    names = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.singular or kind.kind.lower(),
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": KIND,
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "names": {key: value for key, value in names.items() if value},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [{key: value for key, value in version.items() if value}],
            "conversion": {"strategy": "None"},
        },
    }


def defined(crd: Object) -> str:
    """Return the id of the kind that a definition defines."""
    return kind_id(crd["spec"]["group"], crd["spec"]["names"]["kind"])


def kinds(crd: Object) -> list[tuple[Kind, dict[str, Any], bool]]:
    """Return kind, schema and whether it is the stored version, for each served version of a definition."""
    spec = crd["spec"]
    names = spec["names"]
    out = []
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        below = version.get("subresources") or {}
        kind = Kind(
            group=spec["group"],
            version=version["name"],
            kind=names["kind"],
            plural=names["plural"],
            namespaced=spec["scope"] == "Namespaced",
            status="status" in below,
            short_names=tuple(names.get("shortNames") or ()),
            scale="scale" in below,
            custom=True,
            singular=names.get("singular") or names["kind"].lower(),
            categories=tuple(names.get("categories") or ()),
        )
        out.append((kind, version["schema"]["openAPIV3Schema"], bool(version.get("storage"))))
    return out


def establish(objects: Objects, crd: Object) -> Object:
    """Serve what the definition defines, and say so in its status; return the definition as stored."""
    objects.withdraw_versions(defined(crd))
    for kind, schema, stored in kinds(crd):
        objects.serve(kind, schema, preferred=stored)
    now = stamp(objects.world.now)
    old = {c["type"]: c for c in (crd.get("status") or {}).get("conditions", [])}
    told = [
        ("NamesAccepted", "NoConflicts", "no conflicts found"),
        ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ]
    conditions = [
        old.get(name) or {"type": name, "status": "True", "reason": why, "message": text, "lastTransitionTime": now}
        for name, why, text in told
    ]
    stored_in = [v["name"] for v in crd["spec"]["versions"] if v.get("storage")]
    status = {"acceptedNames": crd["spec"]["names"], "conditions": conditions, "storedVersions": stored_in}
    return objects.set_status(crd, status)


def pending(objects: Objects, name: str) -> None:
    """Establish a definition unless it went in the meantime."""
    found = objects.find(ID, "", name)
    if found is not None and "deletionTimestamp" not in meta(found):
        establish(objects, found)
