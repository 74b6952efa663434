"""How a cluster's Kubernetes API is reached."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.kube import reach
from shared.adapters.kube_kinds import PLACES
from shared.domain.names import Kind

DNS = {
    "control_plane_endpoints_config": {"dns_endpoint_config": {"allow_external_traffic": True, "endpoint": "e.goog"}}
}
CLOSED = {"control_plane_endpoints_config": {"dns_endpoint_config": {"endpoint": "e.goog"}}}
MEMBER = {"fleet": {"membership": "//gkehub.googleapis.com/projects/demo/locations/us-east4/memberships/m"}}
GLOBAL = {"fleet": {"membership": "//gkehub.googleapis.com/projects/demo/locations/global/memberships/m"}}


@pytest.mark.parametrize(
    ("cluster", "url"),
    [
        pytest.param({**DNS, **MEMBER}, "https://e.goog", id="an open DNS endpoint comes first"),
        pytest.param(
            {**CLOSED, **MEMBER},
            "https://us-east4-connectgateway.googleapis.com/v1/projects/1/locations/us-east4/gkeMemberships/m",
            id="else the fleet's gateway, in the membership's region",
        ),
        pytest.param(
            GLOBAL,
            "https://connectgateway.googleapis.com/v1/projects/1/locations/global/gkeMemberships/m",
            id="or the global one",
        ),
        pytest.param({**CLOSED, "endpoint": "34.1.2.3"}, "", id="never the IP endpoint"),
    ],
)
def test_a_cluster_is_reached(cluster: dict[str, Any], url: str) -> None:
    assert reach(cluster, "1", "https", "") == url


def test_a_setting_replaces_the_gateway_s_host() -> None:
    assert reach(MEMBER, "1", "https", "http://127.0.0.1:9").startswith("http://127.0.0.1:9/v1/projects/1/")


def test_paths_have_the_namespace_only_where_the_kind_has_one() -> None:
    assert PLACES[Kind.WORKLOAD].path("ns", "w") == "/apis/apps/v1/namespaces/ns/deployments/w"
    assert PLACES[Kind.NAMESPACE].path(name="ns") == "/api/v1/namespaces/ns"
