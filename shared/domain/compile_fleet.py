"""The one global platform: what the project must have, and the feature that makes Gateways span clusters."""

from __future__ import annotations

from shared.domain.catalog import Catalog
from shared.domain.compile_alerts import CHANNEL_KEY, notification_channel
from shared.domain.compile_place import Place, cloud_labels, cluster_key, membership_key
from shared.domain.compile_platform import membership_path
from shared.domain.desired import FleetSpec
from shared.domain.graph import Resource, ResourceGraph
from shared.domain.names import GLOBAL, Kind, ResourceKey
from shared.domain.requirements import Api, Grant
from shared.domain.site import Site

GATEWAY_CLASS = "gke-l7-cross-regional-internal-managed-mc"
FEATURE_KEY = ResourceKey(GLOBAL, Kind.FEATURE, "multiclusteringress")
CONTROLLER_GRANT = "gateway-controller"
"""Id, in the catalogue, of the grant without which the multi-cluster controller cannot read the clusters."""
ALERTS_GRANT = "alert-notifications"
"""Id of the grant without which no alert reaches us. Google makes its account with the first channel of the kind, so
there is nobody to grant it to before."""
ALERTS_API = ResourceKey(GLOBAL, Kind.API, "monitoring.googleapis.com")


def fleet_platform(spec: FleetSpec, site: Site, catalog: Catalog) -> ResourceGraph:
    """Return the checks, the feature with its config membership, the GatewayClass that proves it works, the channel."""
    apis = [_api(api, site) for api in catalog.apis]
    grants = {grant.id: _grant(grant, site) for grant in catalog.grants}
    asked = {*(api.key for api in apis), grants[CONTROLLER_GRANT].key}
    feature = Resource(
        FEATURE_KEY,
        {
            "spec": {"multiclusteringress": {"config_membership": membership_path(spec.config_region, site)}},
            "labels": cloud_labels(site),
        },
        frozenset({membership_key(spec.config_region), *asked}),
    )
    built = [feature, _gateway_class(spec.config_region, site), notification_channel(site, {ALERTS_API})]
    return ResourceGraph.of([*apis, *grants.values(), *built])


def gateway_class_key(config_region: str) -> ResourceKey:
    """Return the key of the class that our Gateways use."""
    return Place(GLOBAL, config_region).key(Kind.GATEWAY_CLASS, GATEWAY_CLASS)


def _api(api: Api, site: Site) -> Resource:
    return Resource(ResourceKey(GLOBAL, Kind.API, api.name), {"name": api.name}, remedy=api.remedy(site.project))


def _grant(grant: Grant, site: Site) -> Resource:
    spec = {"member": grant.member(site.project, site.number), "role": grant.role}
    needs = frozenset({CHANNEL_KEY}) if grant.id == ALERTS_GRANT else frozenset[ResourceKey]()
    remedy = grant.remedy(site.project, site.number)
    return Resource(ResourceKey(GLOBAL, Kind.GRANT, grant.id), spec, needs, remedy=remedy)


def _gateway_class(config_region: str, site: Site) -> Resource:
    remedy = (
        f"check that feature {FEATURE_KEY.name} of project {site.project} is ACTIVE with config membership "
        f"{membership_path(config_region, site)}, that the grant {CONTROLLER_GRANT} holds and that the cluster's "
        "Gateway API channel is standard; switching the feature off and on again is the last resort, because it "
        "deletes all routing"
    )
    return Resource(
        gateway_class_key(config_region),
        {"metadata": {"name": GATEWAY_CLASS}},
        frozenset({FEATURE_KEY, cluster_key(config_region)}),
        remedy=remedy,
    )
