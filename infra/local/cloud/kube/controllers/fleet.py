"""What the multi-cluster controller does by itself: GatewayClasses on the config cluster, imports of exported pools."""

from __future__ import annotations

from typing import ClassVar

from infra.local.cloud.kube.controllers.loop import Context, Controller, Site
from infra.local.cloud.kube.controllers.values import annotations_of, ending, holds, made_condition, timed
from infra.local.cloud.kube.values import Object, at, meta

GATEWAY_CLASS = "GatewayClass.gateway.networking.k8s.io"
IMPORT = "GCPInferencePoolImport.networking.gke.io"
POOL = "InferencePool.inference.networking.k8s.io"
CONTROLLER = "networking.gke.io/gateway"
EXPORT = "networking.gke.io/export"
CLASSES = (
    "gke-l7-global-external-managed-mc",
    "gke-l7-regional-external-managed-mc",
    "gke-l7-cross-regional-internal-managed-mc",
    "gke-l7-rilb-mc",
    "gke-l7-gxlb-mc",
)
_MANAGER = "multiclusteringress"


def exported(pool: Object) -> bool:
    """Say whether a pool asks to be seen by the fleet; only this very spelling counts."""
    return annotations_of(pool).get(EXPORT) == "True" and not ending(pool)


def exporters(context: Context, namespace: str, name: str) -> list[Site]:
    """Return the member clusters that export a pool of this name."""
    found = ((site, site.objects.find(POOL, namespace, name)) for site in context.member_sites())
    return [site for site, pool in found if pool is not None and exported(pool)]


class Classes(Controller):
    """The multi-cluster GatewayClasses: on the config cluster while there is one, nowhere else."""

    kinds: ClassVar = (GATEWAY_CLASS, "CustomResourceDefinition.apiextensions.k8s.io")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the cluster: a class was taken away, or the Gateway API has come."""
        del event, kind, obj
        self.wake(site, "", "")

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Make or remove the classes, a while after it was decided."""
        del namespace, name
        if not site.serves(GATEWAY_CLASS):
            return
        wanted = self.hooks.config_cluster() == site.key
        here = [c for c in site.objects.all(GATEWAY_CLASS) if meta(c)["name"] in CLASSES]
        token: Object = {"metadata": {"name": "", "uid": f"classes/{site.key}"}}
        what, other = ("gateway-class", "gateway-class-gone") if wanted else ("gateway-class-gone", "gateway-class")
        self.ask_again(other, site, token)
        if wanted == (len(here) == len(CLASSES)) and (wanted or not here):
            self.ask_again(what, site, token)
        elif self.over(what, site, token):
            self._set(site, wanted=wanted)

    def _set(self, site: Site, *, wanted: bool) -> None:
        for name in CLASSES:
            if not wanted:
                site.objects.delete(GATEWAY_CLASS, "", name)
                continue
            obj = {
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": name},
                "spec": {"controllerName": CONTROLLER},
            }  # fmt: skip
            made = site.objects.get(GATEWAY_CLASS, "", name) or site.objects.put(obj, _MANAGER)
            said = made_condition("Accepted", True, "Accepted", observedGeneration=meta(made)["generation"])
            site.objects.set_status(made, {"conditions": timed(None, [said], self.world.now)})


class Imports(Controller):
    """Mirrors exported InferencePools of the fleet into imports on the config cluster."""

    kinds: ClassVar = (POOL, IMPORT, GATEWAY_CLASS, "Namespace")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the name on the config cluster, wherever the change was."""
        del event
        config = self.context.config_site()
        if config is None:
            return
        if kind in (POOL, IMPORT):
            self.wake(config, meta(obj)["namespace"], meta(obj)["name"])
        elif site is config:
            self.refresh()

    def refresh(self) -> None:
        """Look at every name that is exported or imported anywhere: the fleet has changed."""
        config = self.context.config_site()
        for site in self.context.sites.values():
            self.wake_all(site, IMPORT)
            for pool in site.objects.all(POOL):
                if config is not None:
                    self.wake(config, meta(pool)["namespace"], meta(pool)["name"])

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Make or remove an import, a while after it was asked for."""
        if not site.serves(IMPORT):
            return
        found = site.objects.find(IMPORT, namespace, name)
        wanted = self._wanted(site, namespace, name)
        token: Object = {"metadata": {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}"}}
        what, other = ("pool-import", "pool-import-gone") if wanted else ("pool-import-gone", "pool-import")
        self.ask_again(other, site, token)
        if wanted == (found is not None):
            self.ask_again(what, site, token)
        elif self.over(what, site, token):
            self._set(site, namespace, name, wanted=wanted)

    def _set(self, site: Site, namespace: str, name: str, *, wanted: bool) -> None:
        if not wanted:
            site.objects.delete(IMPORT, namespace, name)
            return
        head = {"name": name, "namespace": namespace}
        obj = {"apiVersion": "networking.gke.io/v1", "kind": "GCPInferencePoolImport", "metadata": head}
        site.objects.put({**obj, "spec": {}}, _MANAGER)

    def _wanted(self, site: Site, namespace: str, name: str) -> bool:
        config = self.hooks.config_cluster() == site.key
        accepted = any(holds(c, "Accepted") for c in site.objects.all(GATEWAY_CLASS))
        open_here = site.objects.open(namespace)
        return config and accepted and open_here and bool(exporters(self.context, namespace, name))


class PoolStatus(Controller):
    """Says in an exported InferencePool whether its endpoint picker was found."""

    kinds: ClassVar = (POOL, "Service")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the pool, or at all pools of the Service's namespace."""
        if kind == POOL:
            super().heard(site, event, kind, obj)
        else:
            self.wake_all(site, POOL, meta(obj)["namespace"])

    def refresh(self, site: Site) -> None:
        """Look at all pools: the fleet has changed."""
        self.wake_all(site, POOL)

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Report to the pool's parent, its import."""
        pool = site.objects.get(POOL, namespace, name)
        if pool is None or not exported(pool) or site not in self.context.member_sites():
            return
        generation = meta(pool)["generation"]
        if not self.over("pool-check", site, pool, str(generation)):
            return
        picker = at(pool, "spec", "endpointPickerRef", "name") or ""
        there = site.objects.find("Service", namespace, picker) is not None
        reason, message = "ResolvedRefs", ""
        if not there:
            reason, message = "InvalidExtensionRef", f'Service "{namespace}/{picker}" not found'
        old: Object = next(iter(at(pool, "status", "parents") or ()), {})
        said = [
            made_condition("Accepted", True, "Accepted", observedGeneration=generation),
            made_condition("ResolvedRefs", there, reason, message, observedGeneration=generation),
        ]
        parent = {
            "parentRef": {
                "group": "networking.gke.io", "kind": "GCPInferencePoolImport", "name": name, "namespace": namespace
            },
            "controllerName": CONTROLLER,
            "conditions": timed(old.get("conditions"), said, self.world.now),
        }  # fmt: skip
        site.objects.set_status(pool, {"parents": [parent]})
