"""Lists that show the children of Gateways: forwarding rules, addresses, backend services, NEGs, health checks."""

from __future__ import annotations

from typing import Any

from google.cloud import compute_v1
from google.protobuf import json_format

from infra.local.cloud.compute_lists import matching
from infra.local.cloud.compute_store import BASE, Child, Store
from infra.local.cloud.wire import Handler

CLIENTS: dict[str, tuple[str, str, str]] = {
    "forwarding_rules": ("ForwardingRulesClient", "forwardingRules", "ForwardingRule"),
    "global_forwarding_rules": ("GlobalForwardingRulesClient", "forwardingRules", "ForwardingRule"),
    "addresses": ("AddressesClient", "addresses", "Address"),
    "global_addresses": ("GlobalAddressesClient", "addresses", "Address"),
    "backend_services": ("BackendServicesClient", "backendServices", "BackendService"),
    "region_backend_services": ("RegionBackendServicesClient", "backendServices", "BackendService"),
    "network_endpoint_groups": ("NetworkEndpointGroupsClient", "networkEndpointGroups", "NetworkEndpointGroup"),
    "health_checks": ("HealthChecksClient", "healthChecks", "HealthCheck"),
}
"""Module of the client -> client, collection, item type."""
_SCOPED = {
    "ForwardingRule": "forwarding_rules",
    "Address": "addresses",
    "BackendService": "backend_services",
    "NetworkEndpointGroup": "network_endpoint_groups",
    "HealthCheck": "health_checks",
}
_AGGREGATED = {
    "ForwardingRule": "ForwardingRuleAggregatedList",
    "Address": "AddressAggregatedList",
    "BackendService": "BackendServiceAggregatedList",
    "NetworkEndpointGroup": "NetworkEndpointGroupAggregatedList",
    "HealthCheck": "HealthChecksAggregatedList",
}


def as_item(store: Store, project: str, child: Child, kind: str) -> Any:
    """Return a child as the API's own type."""
    message = getattr(compute_v1, kind)
    fields = {**child.body, "name": child.name, "selfLink": BASE + store.child_path(project, child)}
    # A controller's body may say more than the API's type; the list shows what the API knows.
    return message.wrap(json_format.ParseDict(fields, message.pb()(), ignore_unknown_fields=True))


class Children:
    """List and AggregatedList of one collection."""

    def __init__(self, store: Store, collection: str, kind: str) -> None:
        self._store = store
        self._collection = collection
        self._kind = kind

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by RPC."""
        return {"List": self._list, "AggregatedList": self._aggregated}

    def _by_scope(self, project: str) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for child in self._store.children_in(project, self._collection):
            path = self._store.child_path(project, child).split("/")
            scope = "global" if path[2] == "global" else "/".join(path[2:4])
            found.setdefault(scope, []).append(as_item(self._store, project, child, self._kind))
        return found

    def _list(self, request: Any) -> Any:
        scope = "global"
        for place in ("region", "zone"):
            if hasattr(request, place):
                scope = f"{place}s/{getattr(request, place)}"
        items = matching(self._by_scope(request.project).get(scope, []), request.filter)
        return getattr(compute_v1, f"{self._kind}List")(items=items)

    def _aggregated(self, request: Any) -> Any:
        name, answer = _SCOPED[self._kind], getattr(compute_v1, _AGGREGATED[self._kind])
        scopes = self._by_scope(request.project).items()
        return answer(items={scope: {name: matching(items, request.filter)} for scope, items in scopes})
