"""A whole deployment, built and taken down by rounds over the real wire protocols."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.domain.names import Kind
from shared.domain.observations import Present
from shared.providers.cloud import CloudProviders
from tests.contract.providers.whole_cloud import (
    EAST,
    TOKEN,
    WEST,
    Rounds,
    WholeCloud,
    converge,
    deployment,
    platform,
    running,
    spec,
    take_down,
)


@pytest.fixture(scope="module")
def built() -> Iterator[tuple[WholeCloud, list[Rounds]]]:
    with running() as cloud:
        providers = cloud.providers()
        units = [*platform(cloud, providers, EAST, WEST), *deployment(cloud, providers, spec(EAST, WEST), EAST)]
        converge(*units)
        yield cloud, units


Built = tuple[WholeCloud, list[Rounds]]


def report(units: list[Rounds]) -> dict[str, str]:
    seen = [observed for unit in units for observed in unit.seen.values() if isinstance(observed, Present)]
    return {name: value for observed in seen for name, value in observed.report.items()}


def unit_of(units: list[Rounds], owner: str, location: str) -> Rounds:
    return next(unit for unit in units if (unit.unit.owner, unit.unit.location) == (owner, location))


def test_both_regions_answer_requests_at_their_own_address(built: Built) -> None:
    said = report(built[1])
    assert said[f"tested/{EAST}"] == said[f"address/{EAST}"]
    assert said[f"tested/{WEST}"] == said[f"address/{WEST}"]


def test_addresses_go_to_the_region_whose_subnet_holds_them(built: Built) -> None:
    said = report(built[1])
    assert said[f"address/{EAST}"].startswith("10.150.")
    assert said[f"address/{WEST}"].startswith("10.156.")


def test_a_converged_round_starts_nothing(built: Built) -> None:
    assert [list(unit.round().actions) for unit in built[1]] == [[]] * 6


def test_looking_takes_one_list_per_kind(built: Built) -> None:
    cloud, units = built
    cloud.run(cloud.kube.log.clear)
    unit_of(units, "llm", EAST).round()
    asked = [line.split()[1].partition("/clusters/")[2] for line in cloud.run(lambda: list(cloud.kube.log))]
    assert len(asked) == len(set(asked))
    assert "PATCH" not in str(asked)


def test_the_token_s_value_is_nowhere_but_in_the_cluster(built: Built) -> None:
    cloud, units = built
    told = repr([(unit.seen, unit.plan, unit.results, unit.status) for unit in units])
    assert TOKEN not in told
    stored = cloud.run(lambda: cloud.objects(EAST).get("Secret", "infer-llm", "hf-token"))
    assert stored["data"]["token"]


def test_a_change_by_hand_is_taken_back(built: Built) -> None:
    cloud, units = built

    def meddle() -> None:
        objects = cloud.objects(EAST)
        service = objects.get("Service", "infer-llm", "llm-epp")
        assert service
        service["spec"]["ports"][0]["port"] = 9999
        objects.put(service, "someone")

    cloud.run(meddle)
    unit = unit_of(units, "llm", EAST)
    plan = unit.round()
    assert [action.key.kind for action in plan.actions] == [Kind.SERVICE]
    converge(unit)


def test_nothing_is_left_behind() -> None:
    with running() as cloud:
        providers: CloudProviders = cloud.providers()
        units = [*platform(cloud, providers, EAST), *deployment(cloud, providers, spec(EAST), EAST)]
        converge(*units)
        take_down(*units)
        parts = (cloud.compute, cloud.gke, cloud.fleet, cloud.alerting)
        left = cloud.run(lambda: [part.snapshot() for part in parts])
    assert left == [{"resources": {}, "children": {}}, {}, {}, {"policies": {}, "channels": {}}]


def test_the_nested_shape_of_metrics_is_written_where_the_cluster_wants_it() -> None:
    with running(shape="B") as cloud:
        providers = cloud.providers()
        units = [*platform(cloud, providers, EAST), *deployment(cloud, providers, spec(EAST), EAST)]
        converge(*units)
        kind = "AutoscalingMetric.autoscaling.gke.io"
        (stored,) = cloud.run(lambda: cloud.objects(EAST).list(kind))
    assert "pod" in stored["spec"]["metrics"][0]
