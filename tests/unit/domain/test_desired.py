"""Documents of desired state have derived paths, and clusters and namespaces derived names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.desired import FLEET_PATH, cluster_name, deployment_path, namespace_of, platform_path
from shared.domain.names import LONGEST_NAME
from tests.unit.domain.examples import ANY, CATALOG

names = st.from_regex(r"[a-z][-a-z0-9]{0,28}[a-z0-9]", fullmatch=True)


def test_the_global_platform_is_one_document_beside_the_regions() -> None:
    assert platform_path("global") == FLEET_PATH == "platform/global"


def test_a_deployment_has_a_document_of_its_name() -> None:
    assert deployment_path("chat") == "deployments/chat"


@pytest.mark.parametrize("region", sorted(CATALOG.regions))
def test_every_regions_cluster_has_a_name_that_gke_takes(region: str) -> None:
    assert len(cluster_name(region)) <= LONGEST_NAME and cluster_name(region).startswith("inferops-")


def test_no_two_regions_share_a_cluster() -> None:
    assert len({cluster_name(region) for region in CATALOG.regions}) == len(CATALOG.regions)


@ANY
@given(names)
def test_a_namespace_is_short_and_clear_of_kubernetes_own(name: str) -> None:
    assert len(namespace_of(name)) <= LONGEST_NAME and not namespace_of(name).startswith(("kube-", "default", "gke-"))


@ANY
@given(names, names)
def test_no_two_deployments_share_a_namespace(one: str, other: str) -> None:
    assert (namespace_of(one) == namespace_of(other)) == (one == other)
