"""VPC firewall rules, those that GKE makes for its clusters included."""

from __future__ import annotations

from typing import Any

from google.cloud import compute_v1

from infra.local.cloud.compute_children import as_item
from infra.local.cloud.compute_lists import matching
from infra.local.cloud.compute_operations import render
from infra.local.cloud.compute_store import BASE, Store, invalid, last, missing, not_ready
from infra.local.cloud.compute_usage import Usage
from infra.local.cloud.operations import Work
from infra.local.cloud.wire import Handler


class Firewalls:
    """Handlers of the firewalls client."""

    def __init__(self, store: Store, usage: Usage) -> None:
        self._store = store
        self._usage = usage

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {
            "Get": self._get,
            "List": self._list,
            "Insert": self._insert,
            "Patch": self._patch,
            "Delete": self._delete,
        }

    def _get(self, request: Any) -> Any:
        return self._store.find(f"projects/{request.project}/global/firewalls/{request.firewall}")

    def _list(self, request: Any) -> compute_v1.FirewallList:
        every = self._store.within(f"projects/{request.project}/global", "firewalls")
        children = self._store.children_in(request.project, "firewalls")
        every += [as_item(self._store, request.project, child, "Firewall") for child in children]
        return compute_v1.FirewallList(kind="compute#firewallList", items=matching(every, request.filter))

    def _insert(self, request: Any) -> compute_v1.Operation:
        project, body = request.project, compute_v1.Firewall(request.firewall_resource)
        work = self._store.ledger.once(project, request.request_id, lambda: self._begin(project, body))
        return render(self._store, work)

    def _begin(self, project: str, body: compute_v1.Firewall) -> Work:
        network = f"projects/{project}/global/networks/{last(body.network) or 'default'}"
        if network in self._store.coming or network in self._store.leaving:
            raise not_ready(network)
        if network not in self._store.made:
            raise missing(network)
        if self._store.made[network].network_profile:
            why = "The network profile of this network does not allow VPC firewall rules."
            raise invalid("resource.network", body.network, why)
        if bool(body.allowed) == bool(body.denied):
            raise invalid("resource.allowed", "", "Exactly one of allowed and denied must be given.")
        self._usage.need_global(project, "FIREWALLS")
        body.network = BASE + network
        body.direction = body.direction or "INGRESS"
        if "priority" not in body:
            body.priority = 1000
        if body.direction == "INGRESS" and not (body.source_ranges or body.source_tags or body.source_service_accounts):
            body.source_ranges = ["0.0.0.0/0"]
        return self._store.insert("firewalls.insert", f"projects/{project}/global/firewalls/{body.name}", body)

    def _patch(self, request: Any) -> compute_v1.Operation:
        path = f"projects/{request.project}/global/firewalls/{request.firewall}"
        change = compute_v1.Firewall(request.firewall_resource)

        def effect(body: Any) -> None:
            for field, _ in compute_v1.Firewall.pb(change).ListFields():
                if field.name not in {"name", "network", "direction"}:
                    setattr(body, field.name, getattr(change, field.name))

        def begin() -> Work:
            return self._store.change("firewalls.patch", path, effect)

        return render(self._store, self._store.ledger.once(request.project, request.request_id, begin))

    def _delete(self, request: Any) -> compute_v1.Operation:
        path = f"projects/{request.project}/global/firewalls/{request.firewall}"

        def begin() -> Work:
            return self._store.delete("firewalls.delete", path, lambda: None)

        return render(self._store, self._store.ledger.once(request.project, request.request_id, begin))
