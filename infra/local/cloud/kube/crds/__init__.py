"""What a GKE cluster has from birth: its own definitions, namespaces and the accounts that others refer to.

The tables beside this file are our own schemas, written from published facts; see the notation module for how to read
them. A line ``@ group versions Kind plural short scope`` names a kind, the ``@`` lines below it belong to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from infra.local.cloud.kube import custom
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.notation import Notation
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.values import Object

MANAGER = "gke"
NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease", "gmp-system", "gke-gmp-system")
_COLLECTORS = ("gmp-system", "gke-gmp-system")
_TABLES = ("gateway", "inference", "policies", "networks", "metrics")


@dataclass
class _Named:
    kind: Kind
    versions: list[str]
    columns: list[dict[str, str]] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def _named(line: str) -> _Named:
    group, versions, name, plural, short, scope = line.split()
    kind = Kind(
        group=group,
        version=versions.split(",")[0],
        kind=name,
        plural=plural,
        namespaced=scope == "Namespaced",
        status=True,
        short_names=() if short == "-" else tuple(short.split(",")),
        custom=True,
        singular=name.lower(),
        categories=("gateway-api",) if group == "gateway.networking.k8s.io" else (),
    )
    return _Named(kind, versions.split(","))


def _read(text: str) -> tuple[list[_Named], str]:
    """Tell the ``@`` lines from the table."""
    found: list[_Named] = []
    rest = []
    for line in text.splitlines():
        word, _, value = line.partition(" ")
        if word == "@":
            found.append(_named(value))
        elif word == "@column":
            name, kind, path = value.split(maxsplit=2)
            found[-1].columns.append({"name": name, "type": kind, "jsonPath": path})
        elif word in {"@annotation", "@label"}:
            key, text_of_it = value.split(maxsplit=1)
            (found[-1].annotations if word == "@annotation" else found[-1].labels)[key] = text_of_it
        else:
            rest.append(line)
    return found, "\n".join(rest)


@cache
def _definitions(table: str) -> tuple[Object, ...]:
    text = (Path(__file__).parent / f"{table}.txt").read_text(encoding="utf-8")
    named, rest = _read(text)
    notation = Notation(rest)
    return tuple(_definition(each, notation.schema(each.kind.kind)) for each in named)


def _definition(named: _Named, schema: dict[str, Any]) -> Object:
    crd = custom.definition(named.kind, schema, named.columns)
    first = crd["spec"]["versions"][0]
    crd["spec"]["versions"] = [
        {**first, "name": name, "storage": name == named.kind.version} for name in named.versions
    ]
    group = named.kind.group
    approved = {"api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements"}
    annotations = named.annotations | (approved if group.endswith(".k8s.io") else {})
    for name, value in (("annotations", annotations), ("labels", named.labels)):
        if value:
            crd["metadata"][name] = value
    return crd


def install_gke_crds(objects: Objects, autoscaling_shape: str = "A") -> None:
    """Furnish a new cluster: definitions, namespaces, default accounts and the metrics collectors.

    ``autoscaling_shape`` is ``A`` (flat) or ``B`` (nested): which AutoscalingMetric this cluster's version knows; any
    other text leaves the definition out.
    """
    for table in (*_TABLES, *_shape(autoscaling_shape)):
        for crd in _definitions(table):
            objects.put(crd, MANAGER)
    for name in NAMESPACES:
        objects.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, MANAGER)
    for name in NAMESPACES:
        objects.put(_account("default", name), MANAGER)
    for name in _COLLECTORS:
        objects.put(_account("collector", name), MANAGER)


def _shape(letter: str) -> tuple[str, ...]:
    return (f"autoscaling_{letter.lower()}",) if letter in {"A", "B"} else ()


def _account(name: str, namespace: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
