"""When a Gateway, its route and its policies are in force."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from shared.adapters.kube import Object
from shared.domain.conditions import Reason
from shared.domain.site import Site
from shared.providers.base import Answers
from shared.providers.kube_conditions import missing

_HEALTHY = "networking.gke.io/GatewayHealthy"
_IMPORT = "GCPInferencePoolImport"


def regions_of(gateway: Object) -> list[str]:
    """Return the regions that a Gateway asks an address in."""
    return [str(address["value"]) for address in gateway.get("spec", {}).get("addresses", ())]


def gateway(obj: Object, more: Answers, site: Site) -> tuple[str, Reason, dict[str, str]]:
    """Return what a Gateway waits for, why, and its addresses by region."""
    conditions, generation = obj.get("status", {}).get("conditions", ()), obj["metadata"].get("generation", 0)
    because = missing(conditions, generation, "Accepted", "Programmed", _HEALTHY)
    found = addresses(obj, more, site)
    report = {f"address/{region}": address for region, address in sorted(found.items())}
    if because:
        # An invalid Gateway may be Accepted; what is said against it stands in the error code (GWCER...).
        reason = Reason.INVALID if "GWCER" in because else Reason.IN_PROGRESS
        return because, reason, report
    given, asked = len(obj.get("status", {}).get("addresses", ())), len(regions_of(obj))
    if given < asked:
        return f"{given} of {asked} addresses are there", Reason.IN_PROGRESS, report
    return "", Reason.AS_WANTED, report


def addresses(obj: Object, more: Answers, site: Site) -> dict[str, str]:
    """Return the Gateway's addresses by region: the region whose subnet holds it. Their order means nothing."""
    found: dict[str, str] = {}
    for given in obj.get("status", {}).get("addresses", ()):
        for region in regions_of(obj):
            if _holds(more.get(("subnets", region)), given["value"], site):
                found[region] = given["value"]
    return found


def _holds(subnets: Any, address: str, site: Site) -> bool:
    if not isinstance(subnets, list):
        return False
    network = f"/global/networks/{site.network}"
    ranges = [subnet["ip_cidr_range"] for subnet in subnets if subnet.get("network", "").endswith(network)]
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(each) for each in ranges)


def route(obj: Object) -> str:
    """Return what a route waits for: every parent must have accepted, resolved and reconciled it as it is now."""
    parents = obj.get("status", {}).get("parents", ())
    if not parents:
        return "no Gateway has taken it up yet"
    generation = obj["metadata"].get("generation", 0)
    said = (missing(p.get("conditions", ()), generation, "Accepted", "ResolvedRefs", "Reconciled") for p in parents)
    return next((because for because in said if because), "")


def policy(obj: Object) -> tuple[str, Reason]:
    """Return what a policy waits for. One on an InferencePool itself needs no word from anybody."""
    if obj.get("spec", {}).get("targetRef", {}).get("kind") != _IMPORT:
        return "", Reason.AS_WANTED
    status: Mapping[str, Any] = obj.get("status", {})
    said = [*status.get("conditions", ())]
    said += [each for ancestor in status.get("ancestors", ()) for each in ancestor.get("conditions", ())]
    because = missing(said, 0, "Attached")
    conflict = any(word in because for word in ("Conflicted", "Invalid", "False"))
    return because, Reason.CONFLICT if conflict else Reason.IN_PROGRESS
