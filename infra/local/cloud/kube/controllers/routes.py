"""HTTPRoutes of multi-cluster Gateways: what is wrong with them, or that they are in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from infra.local.cloud.kube.controllers.fleet import CLASSES, CONTROLLER, IMPORT, POOL, exporters
from infra.local.cloud.kube.controllers.loop import Controller, Site, record
from infra.local.cloud.kube.controllers.pods import POD, selected
from infra.local.cloud.kube.controllers.routing import (
    GATEWAY,
    GRANT,
    ROUTE,
    admits,
    backends,
    granted,
    imports_of,
    is_import,
    parents,
)
from infra.local.cloud.kube.controllers.values import ending, holds, made_condition, timed
from infra.local.cloud.kube.values import Object, at, meta


class Routes(Controller):
    """Judges the routes of the config cluster."""

    kinds: ClassVar = (ROUTE, GATEWAY, IMPORT, GRANT, POOL, POD)

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the route, or at all: whatever a route hangs on may have changed."""
        if kind == ROUTE:
            if event == "DELETED":
                self.context.live.pop((site.key, meta(obj)["namespace"], meta(obj)["name"]), None)
            super().heard(site, event, kind, obj)
        elif kind != POD or event in ("ADDED", "DELETED"):
            self.refresh()

    def refresh(self) -> None:
        """Look at all routes: something that they hang on has changed."""
        config = self.context.config_site()
        if config is not None:
            self.wake_all(config, ROUTE)

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Write the verdict on a route, once per parent."""
        route = site.objects.get(ROUTE, namespace, name)
        if route is None or ending(route) or site is not self.context.config_site():
            return
        mine = [(ref, found) for ref in parents(route) if (found := self._gateway(site, route, ref))]
        if not mine or not self.over("route-check", site, route, str(meta(route)["generation"])):
            return
        old = {str(p["parentRef"]): p for p in at(route, "status", "parents") or ()}
        shown = []
        for ref, gateway in mine:
            said = timed(
                old.get(str(ref), {}).get("conditions"), self._judge(site, route, ref, gateway), self.world.now
            )
            shown.append({"parentRef": ref, "controllerName": CONTROLLER, "conditions": said})
        self._complain(site, route, shown)
        if _good(shown):
            self.context.live[site.key, namespace, name] = route
        site.objects.set_status(route, {"parents": shown})

    def _gateway(self, site: Site, route: Object, ref: Mapping[str, Any]) -> Object | None:
        found = site.objects.find(GATEWAY, ref.get("namespace") or meta(route)["namespace"], ref["name"])
        mine = found is not None and at(found, "spec", "gatewayClassName") in CLASSES and not ending(found)
        return found if mine else None

    def _judge(self, site: Site, route: Object, ref: Mapping[str, Any], gateway: Object) -> list[Object]:
        generation = meta(route)["generation"]
        listeners = at(gateway, "spec", "listeners") or ()
        accepted = any(admits(site, gateway, one, route, ref) for one in listeners)
        missing = self._unresolved(site, route)
        said = [
            made_condition("Accepted", accepted, "Accepted" if accepted else "NotAllowedByListeners"),
            made_condition("ResolvedRefs", not missing, *(missing or ("ResolvedRefs", ""))),
        ]
        error = missing[1] if missing else self._misconfigured(site, route)
        if error or not accepted:
            why = error or "no listener of the Gateway accepts the route"
            said.append(made_condition("Reconciled", False, "ReconciliationFailed", why))
        elif holds(gateway, "Programmed"):
            said.append(made_condition("Reconciled", True, "ReconciliationSucceeded"))
        return [{"message": "", **one, "observedGeneration": generation} for one in said]

    def _unresolved(self, site: Site, route: Object) -> tuple[str, str] | None:
        for rule in at(route, "spec", "rules") or ():
            for ref in rule.get("backendRefs") or ():
                namespace = ref.get("namespace") or meta(route)["namespace"]
                where = f"{ref.get('kind', 'Service')} {namespace}/{ref['name']}"
                if not granted(site, route, ref):
                    return "RefNotPermitted", f"GWCER102: no ReferenceGrant allows a reference to {where}"
                if not is_import(ref):
                    return "InvalidKind", f"GWCER104: {where} is no backend for this class of Gateway"
                if site.objects.find(IMPORT, namespace, ref["name"]) is None:
                    return "BackendNotFound", f"GWCER102: {where} not found"
        return None

    def _misconfigured(self, site: Site, route: Object) -> str | None:
        rules = at(route, "spec", "rules") or ()
        if any(rule.get("timeouts") for rule in rules):
            return "GWCER104: HTTPRoute is misconfigured: Timeouts are not supported"
        if not any(backends(rule) for rule in rules):
            return "GWCER104: HTTPRoute is misconfigured: no rule has a backend"
        live = self.context.live.get((site.key, meta(route)["namespace"], meta(route)["name"]), {})
        for namespace, name in imports_of(route) if live.get("spec") != route["spec"] else ():
            # Only a new backend must have endpoints; later they may all go, and come back.
            if not any(_selects_pods(member, namespace, name) for member in exporters(self.context, namespace, name)):
                return f"GCPInferencePoolImport {namespace}/{name} has no endpoints: its pools select no pods"
        return None

    def _complain(self, site: Site, route: Object, shown: list[Object]) -> None:
        for parent in shown:
            for said in parent["conditions"]:
                news = said["status"] == "False" and said.get("message")
                if news and said.get("message") not in str(route.get("status")):
                    record(site, route, "Warning", "SYNC", said["message"], "mc-gateway-controller")


def _selects_pods(site: Site, namespace: str, name: str) -> bool:
    pool = site.objects.find(POOL, namespace, name) or {}
    return bool(selected(site, namespace, at(pool, "spec", "selector", "matchLabels") or {}))


def _good(shown: list[Object]) -> bool:
    """Say whether all three verdicts of some parent are good."""
    kept = [{c["type"] for c in parent["conditions"] if c["status"] == "True"} for parent in shown]
    return any({"Accepted", "ResolvedRefs", "Reconciled"} <= kinds for kinds in kept)
