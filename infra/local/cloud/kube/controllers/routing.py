"""How Gateways, HTTPRoutes and imports refer to each other. Pure, but for looking at one cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infra.local.cloud.kube.controllers.loop import Site
from infra.local.cloud.kube.controllers.values import ending, labels_of, selects
from infra.local.cloud.kube.values import Object, at, meta

GATEWAY = "Gateway.gateway.networking.k8s.io"
ROUTE = "HTTPRoute.gateway.networking.k8s.io"
GRANT = "ReferenceGrant.gateway.networking.k8s.io"


def parents(route: Object) -> Iterable[Object]:
    """Return the parent references that name Gateways."""
    for ref in at(route, "spec", "parentRefs") or ():
        if ref.get("kind", "Gateway") == "Gateway":
            yield ref


def gateways_of(route: Object) -> list[tuple[str, str]]:
    """Return namespace and name of the Gateways that a route wants to hang on."""
    return [(ref.get("namespace") or meta(route)["namespace"], ref["name"]) for ref in parents(route)]


def backends(rule: Mapping[str, Any]) -> list[Object]:
    """Return the backend references of a rule that get traffic."""
    return [ref for ref in rule.get("backendRefs") or () if ref.get("weight", 1)]


def is_import(ref: Mapping[str, Any]) -> bool:
    """Say whether a backend reference names an imported pool."""
    return ref.get("group") == "networking.gke.io" and ref.get("kind") == "GCPInferencePoolImport"


def imports_of(route: Object) -> list[tuple[str, str]]:
    """Return namespace and name of the imports that a route sends traffic to."""
    refs = [ref for rule in at(route, "spec", "rules") or () for ref in backends(rule) if is_import(ref)]
    return [(ref.get("namespace") or meta(route)["namespace"], ref["name"]) for ref in refs]


def routes_of(site: Site, gateway: Object) -> list[Object]:
    """Return the routes that a Gateway lets hang on any of its listeners, by name."""
    listeners = at(gateway, "spec", "listeners") or ()
    found = [route for one in listeners for route in attached(site, gateway, one)]
    return list({(meta(r)["namespace"], meta(r)["name"]): r for r in found}.values())


def attached(site: Site, gateway: Object, listener: Object) -> list[Object]:
    """Return the routes on one listener."""
    return [
        route
        for route in site.objects.all(ROUTE)
        if not ending(route) and any(admits(site, gateway, listener, route, ref) for ref in parents(route))
    ]


def admits(site: Site, gateway: Object, listener: Object, route: Object, ref: Mapping[str, Any]) -> bool:
    """Say whether a parent reference of a route leads to this listener, and the listener lets it."""
    head = meta(gateway)
    if (ref.get("namespace") or meta(route)["namespace"], ref["name"]) != (head["namespace"], head["name"]):
        return False
    if (
        ref.get("sectionName", listener["name"]) != listener["name"]
        or ref.get("port", listener["port"]) != listener["port"]
    ):
        return False
    allowed = at(listener, "allowedRoutes", "namespaces") or {}
    match allowed.get("from", "Same"):
        case "All":
            return True
        case "Selector":
            namespace = site.objects.find("Namespace", "", meta(route)["namespace"]) or {}
            return selects(allowed.get("selector"), labels_of(namespace))
        case _:
            return bool(meta(route)["namespace"] == head["namespace"])


def granted(site: Site, route: Object, ref: Mapping[str, Any]) -> bool:
    """Say whether a route may refer into the backend's namespace."""
    mine, theirs = meta(route)["namespace"], ref.get("namespace") or meta(route)["namespace"]
    if mine == theirs:
        return True
    for grant in site.objects.all(GRANT, theirs):
        sources = [(s.get("kind"), s.get("namespace")) for s in at(grant, "spec", "from") or ()]
        targets = [(t.get("kind"), t.get("name") or ref["name"]) for t in at(grant, "spec", "to") or ()]
        if ("HTTPRoute", mine) in sources and (ref.get("kind"), ref["name"]) in targets:
            return True
    return False


def matched(route: Object, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, Object] | None:
    """Return how closely a route matches a request, and its best rule; None when it does not."""
    best: tuple[int, Object] | None = None
    for rule in at(route, "spec", "rules") or ():
        for match in rule.get("matches") or [{}]:
            score = _score(match, method, path, headers)
            if score is not None and (best is None or score > best[0]):
                best = (score, rule)
    return best


def _score(match: Mapping[str, Any], method: str, path: str, headers: Mapping[str, str]) -> int | None:
    kind, value = match.get("path", {}).get("type", "PathPrefix"), match.get("path", {}).get("value", "/")
    prefix = value.rstrip("/")
    fits = path == value if kind == "Exact" else (not prefix or path == prefix or path.startswith(f"{prefix}/"))
    named = all(headers.get(h["name"].lower()) == h["value"] for h in match.get("headers") or ())
    if not fits or not named or match.get("method", method) != method:
        return None
    # An exact path beats any prefix, a long prefix a short one; then the number of headers decides.
    return (100_000 if kind == "Exact" else len(prefix) * 100) + len(match.get("headers") or ())
