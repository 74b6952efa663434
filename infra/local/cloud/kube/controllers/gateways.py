"""Multi-cluster Gateways: checked, programmed in Compute, reported, and taken down again."""

from __future__ import annotations

import ipaddress
from typing import ClassVar

from infra.local.cloud.kube.controllers import children
from infra.local.cloud.kube.controllers.fleet import CLASSES, GATEWAY_CLASS, IMPORT, POOL
from infra.local.cloud.kube.controllers.loop import Context, Controller, Site, record
from infra.local.cloud.kube.controllers.routing import GATEWAY, ROUTE, attached, gateways_of
from infra.local.cloud.kube.controllers.values import annotations_of, condition, ending, holds, made_condition, timed
from infra.local.cloud.kube.values import Object, at, meta, stamp

FINALIZER = "gateway.finalizer.networking.gke.io"
_EPHEMERAL = "networking.gke.io/ephemeral-ipv4-address/"
_HEALTHY = "networking.gke.io/GatewayHealthy"
_MANAGER = "gateway-controller"


class Gateways(Controller):
    """Owns the Gateways of the multi-cluster classes on the config cluster, and no others.

    When that cluster goes first, nobody is left to take the Compute resources down: they leak.
    """

    kinds: ClassVar = (GATEWAY, ROUTE, GATEWAY_CLASS, IMPORT, POOL)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._taken: dict[tuple[str, str], str] = {}
        """(owner, region) -> address."""
        self._built: dict[str, list[children.Child]] = {}

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the Gateway, at the parents of a route, or at all Gateways of the config cluster."""
        if kind == GATEWAY:
            super().heard(site, event, kind, obj)
        elif kind == ROUTE:
            for namespace, name in gateways_of(obj):
                self.wake(site, namespace, name)
        else:
            self.refresh()

    def refresh(self) -> None:
        """Look at all Gateways: something that they hang on has changed."""
        config = self.context.config_site()
        if config is not None:
            self.wake_all(config, GATEWAY)

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Take a Gateway a step further."""
        gateway = site.objects.get(GATEWAY, namespace, name)
        if gateway is None or not self._mine(site, gateway):
            return
        if ending(gateway):
            self._remove(site, gateway)
            return
        if FINALIZER not in (meta(gateway).get("finalizers") or ()):
            finalizers = [*(meta(gateway).get("finalizers") or ()), FINALIZER]
            head = {**meta(gateway), "finalizers": finalizers}
            gateway = site.objects.put({**gateway, "metadata": head}, _MANAGER)
        error = self._invalid(gateway)
        generation = str(meta(gateway)["generation"])
        if error:
            self.ask_again("gateway-program", site, gateway)
            if self.over("gateway-refuse", site, gateway, generation):
                self._refuse(site, gateway, error)
        elif holds(gateway, "Programmed") or self.over("gateway-program", site, gateway):
            self._program(site, gateway)

    def _mine(self, site: Site, gateway: Object) -> bool:
        wanted = at(gateway, "spec", "gatewayClassName")
        found = site.objects.find(GATEWAY_CLASS, "", wanted or "") if wanted in CLASSES else None
        return site is self.context.config_site() and found is not None and holds(found, "Accepted")

    def _invalid(self, gateway: Object) -> str | None:
        """Say what the controller cannot build, in its words, or None."""
        asked = at(gateway, "spec", "addresses") or ()
        for address in asked:
            region = str(address.get("type", "")).removeprefix(_EPHEMERAL)
            if not address.get("type", "").startswith(_EPHEMERAL) or region != address.get("value"):
                return f"GWCER106: unsupported address {address.get('type')} with value {address.get('value')}."
        for region in regions_of(gateway):
            if not self.hooks.proxy_subnet(region):
                return (
                    "GWCER106: an active proxy-only subnetwork with purpose GLOBAL_MANAGED_PROXY is required in region "
                    f"{region} and network of the cluster."
                )
            if not self.hooks.subnet_range(region):
                return f"GWCER106: no subnetwork in region {region} to take an address from."
        return None if asked else "GWCER106: at least one regional address must be requested."

    def _refuse(self, site: Site, gateway: Object, error: str) -> None:
        generation = meta(gateway)["generation"]
        said = [
            made_condition("Accepted", True, "Accepted", observedGeneration=generation),
            made_condition("Programmed", False, "Invalid", error, observedGeneration=generation),
            made_condition(_HEALTHY, False, "Error", error, observedGeneration=generation),
        ]
        self._write(site, gateway, said, [])
        if condition(gateway, "Programmed").get("message") != error:
            record(site, gateway, "Warning", "SYNC", f"failed to translate Gateway: {error}", "mc-gateway-controller")

    def _program(self, site: Site, gateway: Object) -> None:
        owner = owner_of(site, gateway)
        regions = regions_of(gateway)
        for key in [key for key in self._taken if key[0] == owner and key[1] not in regions]:
            del self._taken[key]
        addresses = {region: self._address(owner, region) for region in regions}
        self._build(owner, children.wanted(self.context, site, gateway, addresses))
        generation = meta(gateway)["generation"]
        said = [
            made_condition("Accepted", True, "Accepted", observedGeneration=generation),
            made_condition("Programmed", True, "Programmed", observedGeneration=generation),
            made_condition(_HEALTHY, True, "Healthy", observedGeneration=generation),
        ]
        shown: list[Object] = [{"type": "IPAddress", "value": value} for value in addresses.values()]
        if not holds(gateway, "Programmed"):
            marked = {**annotations_of(gateway), "networking.gke.io/last-reconcile-time": stamp(self.world.now)}
            head = {**meta(gateway), "annotations": marked}
            gateway = site.objects.put({**gateway, "metadata": head}, _MANAGER)
        self._write(site, gateway, said, shown)

    def _build(self, owner: str, wanted: list[children.Child]) -> None:
        if wanted == self._built.get(owner):
            return
        self._built[owner] = wanted
        # All at once: nobody sees the moment between, and what is not wanted any more is gone.
        self.hooks.remove_children(owner)
        for child in wanted:
            self.hooks.add_child(owner, child.collection, child.name, child.body)

    def _address(self, owner: str, region: str) -> str:
        if (owner, region) not in self._taken:
            network = ipaddress.ip_network(self.hooks.subnet_range(region) or "")
            dice = self.world.dice(f"kube/address/{owner}/{region}")
            # The first few addresses of a subnet are Google's own.
            free = str(network[dice.randrange(16, network.num_addresses - 2)])
            while free in self._taken.values():
                free = str(network[dice.randrange(16, network.num_addresses - 2)])
            self._taken[owner, region] = free
        return self._taken[owner, region]

    def _write(self, site: Site, gateway: Object, said: list[Object], addresses: list[Object]) -> None:
        old = gateway.get("status") or {}
        status: Object = {
            "conditions": timed(old.get("conditions"), said, self.world.now),
            "listeners": [self._listener(site, gateway, one) for one in at(gateway, "spec", "listeners") or ()],
        }
        if addresses:
            status["addresses"] = addresses
        site.objects.set_status(gateway, status)

    def _listener(self, site: Site, gateway: Object, listener: Object) -> Object:
        before = at(gateway, "status", "listeners") or ()
        old: Object = next((one for one in before if one["name"] == listener["name"]), {})
        generation = meta(gateway)["generation"]
        said = [
            made_condition("Programmed", True, "Programmed", observedGeneration=generation),
            made_condition("Accepted", True, "Accepted", observedGeneration=generation),
            made_condition("ResolvedRefs", True, "ResolvedRefs", observedGeneration=generation),
            made_condition("Conflicted", False, "NoConflicts", observedGeneration=generation),
        ]
        return {
            "name": listener["name"],
            "supportedKinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
            "attachedRoutes": len(attached(site, gateway, listener)),
            "conditions": timed(old.get("conditions"), said, self.world.now),
        }

    def _remove(self, site: Site, gateway: Object) -> None:
        if not self.over("gateway-delete", site, gateway):
            return
        owner = owner_of(site, gateway)
        self.hooks.remove_children(owner)
        self._built.pop(owner, None)
        self._taken = {key: value for key, value in self._taken.items() if key[0] != owner}
        left = [f for f in meta(gateway).get("finalizers") or () if f != FINALIZER]
        site.objects.put({**gateway, "metadata": {**meta(gateway), "finalizers": left}}, _MANAGER)


def regions_of(gateway: Object) -> list[str]:
    """Return the regions that a Gateway asks addresses in, in its own order."""
    return list(dict.fromkeys(a["value"] for a in at(gateway, "spec", "addresses") or () if a.get("value")))


def owner_of(site: Site, gateway: Object) -> str:
    """Return the name by which a Gateway's Compute resources are known as its own."""
    cluster = site.key.replace("/", "~")
    return f"projects/{site.project}/gateways/{cluster}/{meta(gateway)['namespace']}/{meta(gateway)['name']}"
