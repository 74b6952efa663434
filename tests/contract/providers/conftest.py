"""A running cloud for each test, or one with a deployment in it for those that only look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.providers.cloud import CloudProviders
from tests.contract.providers.whole_cloud import EAST, Rounds, WholeCloud, converge, deployment, platform, running, spec


@pytest.fixture
def cloud() -> Iterator[WholeCloud]:
    with running() as cloud:
        yield cloud


@pytest.fixture
def providers(cloud: WholeCloud) -> CloudProviders:
    return cloud.providers()


@pytest.fixture
def east(cloud: WholeCloud, providers: CloudProviders) -> Rounds:
    """The platform of one region, built."""
    unit, _global = platform(cloud, providers, EAST)
    converge(unit)
    return unit


@pytest.fixture
def served(cloud: WholeCloud, providers: CloudProviders) -> list[Rounds]:
    """A deployment in one region, built: platform, fleet, region, routing."""
    units = [*platform(cloud, providers, EAST), *deployment(cloud, providers, spec(EAST), EAST)]
    converge(*units)
    return units
