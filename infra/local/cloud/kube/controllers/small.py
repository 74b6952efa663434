"""Small controllers: Endpoints, service accounts and their tokens, GMP's and GKE networking's conditions."""

from __future__ import annotations

import base64
from typing import ClassVar

from infra.local.cloud.kube.controllers.loop import Controller, Site
from infra.local.cloud.kube.controllers.pods import POD, selected
from infra.local.cloud.kube.controllers.values import annotations_of, ending, holds, made_condition, ready, timed
from infra.local.cloud.kube.values import Object, at, meta, stamp

SERVICE = "Service"
PARAMS, NETWORK = "GKENetworkParamSet.networking.gke.io", "Network.networking.gke.io"
MONITORING = "PodMonitoring.monitoring.googleapis.com"
_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - the name of a type of Secret
_ACCOUNT = "kubernetes.io/service-account.name"


class Endpoints(Controller):
    """Lists the addresses behind each Service."""

    kinds: ClassVar = (SERVICE, POD)

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the Service, or at all of the pod's namespace."""
        if kind == SERVICE:
            super().heard(site, event, kind, obj)
        else:
            self.wake_all(site, SERVICE, meta(obj)["namespace"])

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Write the Endpoints of a Service."""
        service = site.objects.find(SERVICE, namespace, name)
        old = site.objects.get("Endpoints", namespace, name)
        if service is None:
            site.objects.delete("Endpoints", namespace, name)
            return
        selector = at(service, "spec", "selector")
        if ending(service) or not selector:
            return
        pods = [p for p in selected(site, namespace, selector) if at(p, "status", "podIP")]
        subsets = [_subset(service, pods)] if pods else []
        head = meta(old) if old else {"name": name, "namespace": namespace}
        obj = {"apiVersion": "v1", "kind": "Endpoints", "metadata": head, "subsets": subsets}
        site.objects.put(obj, "endpoints-controller")


def _subset(service: Object, pods: list[Object]) -> Object:
    def addresses(*, takes_traffic: bool) -> list[Object]:
        return [_address(pod) for pod in pods if ready(pod) == takes_traffic]

    ports = [
        {"name": p.get("name", ""), "port": p.get("targetPort", p["port"]), "protocol": p.get("protocol", "TCP")}
        for p in at(service, "spec", "ports") or ()
    ]
    found = {"addresses": addresses(takes_traffic=True), "notReadyAddresses": addresses(takes_traffic=False)}
    return {**{key: value for key, value in found.items() if value}, "ports": ports}


def _address(pod: Object) -> Object:
    target = {"kind": "Pod", "name": meta(pod)["name"], "namespace": meta(pod)["namespace"], "uid": meta(pod)["uid"]}
    return {"ip": at(pod, "status", "podIP"), "nodeName": at(pod, "spec", "nodeName"), "targetRef": target}


class Tokens(Controller):
    """Fills the Secrets that ask for a service account's token. Without the account there is no such Secret."""

    kinds: ClassVar = ("Secret", "ServiceAccount")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the Secret, or at those of the account."""
        if kind == "Secret":
            super().heard(site, event, kind, obj)
        else:
            self.wake_all(site, "Secret", meta(obj)["namespace"])

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Put a token in, or take the Secret of a lost account away."""
        secret = site.objects.get("Secret", namespace, name)
        if secret is None or secret.get("type") != _TOKEN or not self.over("token-check", site, secret):
            return
        account = site.objects.find("ServiceAccount", namespace, annotations_of(secret).get(_ACCOUNT, ""))
        held = secret.get("data") or {}
        if account is None:
            site.objects.delete("Secret", namespace, name)
        elif "ca.crt" not in held:
            plain = f"eyJhbGciOiJSUzI1NiJ9.{namespace}.{meta(account)['name']}.{meta(account)['uid']}"
            values = {"token": plain, "namespace": namespace, "ca.crt": "the embedded cloud's certificate authority"}
            data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
            site.objects.put({**secret, "data": {**held, **data}}, "token-controller")


class Accounts(Controller):
    """Gives every namespace its default service account."""

    kinds: ClassVar = ("Namespace", "ServiceAccount")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the namespace, or at that of the account."""
        del event
        name = meta(obj)["name"] if kind == "Namespace" else meta(obj)["namespace"]
        self.wake(site, "", name)

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Make the account unless it is there or the namespace is going."""
        del namespace
        if site.objects.open(name) and site.objects.find("ServiceAccount", name, "default") is None:
            head = {"name": "default", "namespace": name}
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": head}
            site.objects.put(account, "serviceaccount-controller")


class Monitoring(Controller):
    """Says that the collectors have taken a PodMonitoring up."""

    kinds: ClassVar = (MONITORING,)

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Report success a few seconds after each change."""
        found = site.objects.get(MONITORING, namespace, name)
        if found is None or not self.over("monitoring-check", site, found, str(meta(found)["generation"])):
            return
        old = found.get("status") or {}
        said = made_condition("ConfigurationCreateSuccess", True, lastUpdateTime=stamp(self.world.now))
        before = next((c for c in old.get("conditions") or () if c["type"] == said["type"]), None)
        if before and old.get("observedGeneration") == meta(found)["generation"]:
            return
        conditions = timed(old.get("conditions"), [said], self.world.now)
        status = {"conditions": conditions, "observedGeneration": meta(found)["generation"]}
        site.objects.set_status(found, status)


class Networks(Controller):
    """Additional networks of a cluster: Ready once VPC and subnet exist."""

    kinds: ClassVar = (PARAMS, NETWORK)

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at both objects of this name's kind: a Network hangs on its parameters."""
        del event, kind, obj
        self.refresh(site)

    def refresh(self, site: Site) -> None:
        """Look at all of them: something outside has changed."""
        for kind in (PARAMS, NETWORK):
            self.wake_all(site, kind)

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Report on the parameters and on the network of this name."""
        for kind, judge in ((PARAMS, self._params), (NETWORK, self._network)):
            found = site.objects.get(kind, namespace, name)
            if found is not None and self.over("network-check", site, found, str(meta(found)["generation"])):
                old = at(found, "status", "conditions")
                said = timed(old, judge(site, found), self.world.now)
                site.objects.set_status(found, {**(found.get("status") or {}), "conditions": said})

    def _params(self, site: Site, params: Object) -> list[Object]:
        vpc, subnet = at(params, "spec", "vpc") or "", at(params, "spec", "vpcSubnet") or ""
        device = bool(at(params, "spec", "deviceMode"))
        reason, message = "GNPReady", ""
        if not self.hooks.network_exists(vpc):
            reason, message = "VPCNotFound", f"VPC: {vpc} not found"
        elif not self.hooks.subnet_exists(vpc, subnet, site.region):
            reason, message = "SubnetNotFound", f"Subnet: {subnet} not found in VPC: {vpc}"
        elif device and vpc == "default":
            reason, message = "DeviceModeCantUseDefaultVPC", "deviceMode cannot use the default VPC"
        elif device and (other := self._same_subnet(site, params)):
            reason, message = "DeviceModeSubnetAlreadyInUse", f"{subnet} is used by GKENetworkParamSet {other}"
        return [made_condition("Ready", reason == "GNPReady", reason, message)]

    def _same_subnet(self, site: Site, params: Object) -> str | None:
        mine = (at(params, "spec", "vpc"), at(params, "spec", "vpcSubnet"))
        for other in site.objects.all(PARAMS):
            older = meta(other)["creationTimestamp"], meta(other)["name"]
            if (at(other, "spec", "vpc"), at(other, "spec", "vpcSubnet")) == mine and older < (
                meta(params)["creationTimestamp"],
                meta(params)["name"],
            ):
                return str(meta(other)["name"])
        return None

    def _network(self, site: Site, network: Object) -> list[Object]:
        ref = at(network, "spec", "parametersRef") or {}
        params = site.objects.find(PARAMS, "", ref.get("name", ""))
        if params is None:
            why = ("GNPDeleted", f"GKENetworkParamSet {ref.get('name', '')} not found")
        elif not holds(params, "Ready"):
            why = ("GNPParamsNotReady", f"GKENetworkParamSet {ref['name']} is not ready")
        else:
            return [
                made_condition("ParamsReady", True, "GNPParamsReady"),
                made_condition("Ready", True, "NetworkReady"),
            ]
        return [made_condition("ParamsReady", False, *why), made_condition("Ready", False, "ParamsNotReady")]
