"""Compute's lists over all scopes, and how the services word the bodies of their errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from google.cloud import compute_v1
from google_place import Place, running


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with running() as made:
        yield made


def get(place: Place, host: str, path: str, **query: Any) -> httpx.Response:
    return httpx.get(place.server.endpoints[host] + path, params=query, trust_env=False)


def scopes(pager: Any) -> dict[str, Any]:
    return dict(pager)


def test_an_aggregated_list_shows_its_own_kind_of_scope(place: Place) -> None:
    found = scopes(place.rest(compute_v1.SubnetworksClient).aggregated_list(project="demo"))
    assert [sub.name for sub in found["regions/us-east4"].subnetworks] == ["default"]
    assert not [scope for scope in found if not scope.startswith("regions/")]


def test_a_scope_with_nothing_in_it_says_so(place: Place) -> None:
    asked = {"project": "demo", "include_all_scopes": True}
    found = scopes(place.rest(compute_v1.SubnetworksClient).aggregated_list(request=asked))
    warning = found["zones/us-east4-a"].warning
    assert warning.code == "NO_RESULTS_ON_PAGE"
    assert warning.message == "No results for the scope 'zones/us-east4-a'."


def test_operations_of_every_scope_are_in_one_list(place: Place) -> None:
    body = compute_v1.Network(name="vpc", auto_create_subnetworks=False)
    place.done(place.rest(compute_v1.NetworksClient).insert_unary(project="demo", network_resource=body))
    link = {"name": "sub", "network": "projects/demo/global/networks/vpc", "ip_cidr_range": "10.0.0.0/24"}
    subnets = place.rest(compute_v1.SubnetworksClient)
    place.done(subnets.insert_unary(project="demo", region="us-east4", subnetwork_resource=link))
    found = scopes(place.rest(compute_v1.GlobalOperationsClient).aggregated_list(project="demo"))
    targets = {scope: [one.target_link.rsplit("/", 1)[1] for one in part.operations] for scope, part in found.items()}
    assert (targets["global"], targets["regions/us-east4"]) == (["vpc"], ["sub"])


def test_a_firewall_s_patch_is_called_by_its_whole_name(place: Place) -> None:
    rules = place.rest(compute_v1.FirewallsClient)
    rule = compute_v1.Firewall(name="rule", allowed=[{"I_p_protocol": "tcp"}])
    place.done(rules.insert_unary(project="demo", firewall_resource=rule))
    change = compute_v1.Firewall(disabled=True)
    patched = place.done(rules.patch_unary(project="demo", firewall="rule", firewall_resource=change))
    assert patched.operation_type == "compute.firewalls.patch"


@pytest.mark.parametrize(("name", "status"), [("returnPartialSuccess", 200), ("returnEverything", 400)])
def test_only_parameters_that_the_api_has_are_taken(place: Place, name: str, status: int) -> None:
    path = "/compute/v1/projects/demo/aggregated/subnetworks"
    assert get(place, "compute", path, **{name: "true"}).status_code == status


@pytest.mark.parametrize(
    ("host", "path", "fields"),
    [
        pytest.param("compute", "/compute/v1/projects/demo/global/networks/none", {"errors"}, id="reasons alone"),
        pytest.param("gke", "/v1/projects/demo/locations/-/clusters/none", {"errors", "status"}, id="both"),
        pytest.param("fleet", "/v1/projects/demo/locations/global/features/none", {"status"}, id="status alone"),
    ],
)
def test_each_service_words_its_errors_in_its_own_way(place: Place, host: str, path: str, fields: set[str]) -> None:
    answer = get(place, host, path)
    assert answer.status_code == 404
    assert answer.json()["error"].keys() - {"code", "message"} == fields
