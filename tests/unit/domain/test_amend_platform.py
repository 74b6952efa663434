"""An ask brings its platform along: regions stand while they are used, and the config cluster never moves."""

from __future__ import annotations

from hypothesis import given

from shared.domain.amend import amend
from shared.domain.desired import (
    FLEET_PATH,
    FleetSpec,
    PlatformSpec,
    deployment_path,
    platform_path,
)
from shared.domain.intents import Ask, Balance, Delete
from tests.unit.domain.estates import (
    EMPTY,
    RELEASE,
    after,
    changes_of,
    deploy,
    specs,
    stories,
    told,
)
from tests.unit.domain.examples import ANY, CATALOG, EU, US, asked


def test_the_config_cluster_is_in_the_first_region_typed() -> None:
    fleet = changes_of(deploy("chat", US, EU), EMPTY)[FLEET_PATH].after
    assert fleet == FleetSpec(US, frozenset({"chat"}))


def test_the_config_cluster_never_moves_while_any_deployment_is_left() -> None:
    estate = after(deploy("chat", US), deploy("code", EU), Delete("chat"))
    assert estate.fleet == FleetSpec(US, frozenset({"code"}))


def test_the_config_clusters_region_stands_for_deployments_of_other_regions() -> None:
    estate = after(deploy("chat", US), deploy("code", EU), Delete("chat"))
    assert estate.at(platform_path(US)).spec == PlatformSpec(frozenset({"code"}))


def test_with_the_last_deployment_everything_goes() -> None:
    assert not specs(after(deploy("chat", US), deploy("code", EU), Delete("chat"), Delete("code")))


def test_after_everything_went_the_config_cluster_may_be_elsewhere() -> None:
    estate = after(deploy("chat", US), Delete("chat"), deploy("chat", EU))
    assert estate.fleet == FleetSpec(EU, frozenset({"chat"}))


def test_a_region_that_two_deployments_share_stays_for_the_other() -> None:
    estate = after(deploy("one", US), deploy("chat", EU), deploy("code", EU), Delete("chat"))
    assert estate.at(platform_path(EU)).spec == PlatformSpec(frozenset({"code"}))


def test_a_region_that_nobody_uses_any_more_goes() -> None:
    estate = after(deploy("chat", US, EU), deploy("chat", US))
    assert estate.at(platform_path(EU)).spec is None


def test_a_change_binds_only_the_documents_it_changes() -> None:
    estate = after(deploy("chat", US), deploy("code", EU))
    assert list(changes_of(Balance(70, "chat"), estate)) == [deployment_path("chat")]


def test_each_change_carries_the_generation_it_was_made_for() -> None:
    estate = after(deploy("chat", US), deploy("chat", EU), Delete("chat"))
    changes = amend(asked(deploy("chat", US)), estate, CATALOG, RELEASE)
    assert all(change.generation == estate.at(change.path).generation > 0 for change in changes)


@ANY
@given(stories)
def test_every_region_served_has_a_platform_that_names_its_users(story: list[Ask]) -> None:
    estate = told(story)
    for name, spec in estate.deployments.items():
        for region in spec.regions:
            platform = estate.at(platform_path(region)).spec
            assert isinstance(platform, PlatformSpec) and name in platform.deployments


@ANY
@given(stories)
def test_a_platform_stands_only_where_it_is_used_or_holds_the_config_cluster(story: list[Ask]) -> None:
    estate = told(story)
    used = {region for spec in estate.deployments.values() for region in spec.regions}
    config = {estate.fleet.config_region} if estate.fleet else set()
    standing = {path.partition("/")[2] for path, spec in specs(estate).items() if isinstance(spec, PlatformSpec)}
    assert standing == used | config


@ANY
@given(stories)
def test_there_is_a_fleet_exactly_while_there_is_a_deployment(story: list[Ask]) -> None:
    estate = told(story)
    names = estate.fleet.deployments if estate.fleet else frozenset()
    assert names == frozenset(estate.deployments)
