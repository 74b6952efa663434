"""What may still be used, read off Compute and Cloud Quotas."""

from __future__ import annotations

import pytest

from shared.adapters.compute import Compute
from shared.adapters.quotas import CloudQuotas
from shared.domain.quotes import QuotaFinding, QuotaVerdict
from tests.contract.providers.whole_cloud import EAST, WEST, WholeCloud

L4, H100, SPOT = "NVIDIA_L4_GPUS", "NVIDIA_H100_GPUS", "PREEMPTIBLE_NVIDIA_H100_GPUS"


@pytest.fixture
def quotas(cloud: WholeCloud) -> CloudQuotas:
    at = cloud.server.endpoints
    return CloudQuotas(Compute(at["compute"], "demo"), at["cloudquotas"], "demo")


def find(quotas: CloudQuotas, region: str, metric: str, need: int = 1) -> QuotaFinding:
    (found,) = quotas.findings({(region, metric): need})
    return found


def test_a_region_s_own_metric_has_limit_and_usage(cloud: WholeCloud, quotas: CloudQuotas) -> None:
    cloud.run(lambda: cloud.world.faults.quota.update({(EAST, L4): 4}))
    assert find(quotas, EAST, L4, 3) == QuotaFinding(EAST, L4, 3, 4.0, 0.0)


def test_too_little_is_short(cloud: WholeCloud, quotas: CloudQuotas) -> None:
    cloud.run(lambda: cloud.world.faults.quota.update({(EAST, SPOT): 4}))
    assert find(quotas, EAST, SPOT, 5).verdict is QuotaVerdict.SHORT


def test_a_family_that_regions_do_not_list_has_a_limit_but_no_usage(cloud: WholeCloud, quotas: CloudQuotas) -> None:
    cloud.run(lambda: cloud.world.faults.quota.update({(EAST, H100): 16}))
    found = find(quotas, EAST, H100)
    assert (found.limit, found.usage) == (16.0, None)


def test_an_unknown_metric_is_not_visible(quotas: CloudQuotas) -> None:
    assert find(quotas, EAST, "NVIDIA_Z900_GPUS").verdict is QuotaVerdict.NOT_VISIBLE


def test_the_whole_project_has_limits_too(quotas: CloudQuotas) -> None:
    assert find(quotas, "global", "GPUS_ALL_REGIONS").limit is not None


def test_a_region_that_is_down_does_not_hide_the_other(cloud: WholeCloud, quotas: CloudQuotas) -> None:
    cloud.run(lambda: cloud.world.faults.unavailable.add(f"compute/{EAST}"))
    east, west = sorted(quotas.findings({(EAST, L4): 1, (WEST, L4): 1}), key=lambda found: found.region != EAST)
    assert (east.limit, west.limit is None) == (None, False)


def test_while_everything_is_down_nothing_is_visible(cloud: WholeCloud, quotas: CloudQuotas) -> None:
    cloud.run(lambda: cloud.world.faults.unavailable.update({"compute", "cloudquotas"}))
    found = quotas.findings({(EAST, L4): 1, (EAST, H100): 1})
    assert {each.verdict for each in found} == {QuotaVerdict.NOT_VISIBLE}
