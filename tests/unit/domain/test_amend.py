"""From an ask to the next spec of the deployment that is meant, or a refusal that says what would be right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.amend import DEFAULT_REPLICAS, amend, target_of
from shared.domain.desired import (
    FLEET_PATH,
    DeploymentSpec,
    deployment_path,
    platform_path,
)
from shared.domain.intents import Ask, Balance, Delete, Deploy, Rollback, Scale, Tune, Undo
from tests.unit.domain.estates import (
    EMPTY,
    NAMES,
    RELEASE,
    after,
    changes_of,
    deploy,
    refused,
    spec_after,
    specs,
    stories,
    told,
)
from tests.unit.domain.examples import ANY, CATALOG, EU, US, asked


def test_a_first_deploy_brings_its_platform_along() -> None:
    changes = changes_of(deploy("chat", US, EU), EMPTY)
    assert list(changes) == [deployment_path("chat"), FLEET_PATH, platform_path(EU), platform_path(US)]


def test_the_deployments_own_change_comes_first() -> None:
    assert amend(asked(deploy("chat")), EMPTY, CATALOG, RELEASE)[0].path == deployment_path("chat")


def test_the_name_is_the_models_as_typed_unless_another_is_given() -> None:
    assert target_of(asked(deploy("")), EMPTY) == "llama3-8b"


def test_what_was_resolved_once_stands_in_the_spec() -> None:
    spec = spec_after(deploy("chat"), EMPTY)
    assert (spec.image, spec.picker_image, spec.probe_image, spec.token) == tuple(vars(RELEASE).values())


@pytest.mark.parametrize(
    ("regions", "replicas", "count"),
    [
        pytest.param({US: 5}, 2, 5, id="the region's own"),
        pytest.param({US: None}, 2, 2, id="else the deployment's"),
        pytest.param({US: None}, None, DEFAULT_REPLICAS, id="else the default"),
    ],
)
def test_replicas_of_a_region(regions: dict[str, int | None], replicas: int | None, count: int) -> None:
    assert spec_after(deploy("chat", regions=regions, replicas=replicas), EMPTY).regions[US].replicas == count


def test_a_zone_that_a_person_chose_is_taken() -> None:
    assert spec_after(deploy("chat", zones={US: "us-east4-c"}), EMPTY).regions[US].zone == "us-east4-c"


def test_a_zone_without_the_machine_is_refused_with_those_that_have_it() -> None:
    error = refused(deploy("chat", zones={US: "us-east4-x"}), EMPTY)
    assert error.reason == "MachineNotInZone" and "us-east4-a" in str(error)


def test_deploying_on_an_existing_name_replaces_it() -> None:
    change = changes_of(deploy("chat", US, replicas=5), after(deploy("chat", US)))[deployment_path("chat")]
    assert change.generation == 1 and isinstance(change.before, DeploymentSpec)


@pytest.mark.parametrize(
    "ask",
    [deploy("Chat!"), deploy("chat", US, replicas=0), deploy("chat", "mars"), deploy("chat", machine="abacus")],
    ids=["name", "replicas", "region", "machine"],
)
def test_what_can_never_be_built_is_refused(ask: Deploy) -> None:
    assert refused(ask, EMPTY).field in {"name", "replicas", "region", "machine"}


@pytest.mark.parametrize(
    ("ask", "count"),
    [
        pytest.param(Scale(US, "chat", replicas=5), 5, id="to"),
        pytest.param(Scale(US, "chat", delta=2), 5, id="up by"),
        pytest.param(Scale(US, "chat", delta=-1), 2, id="down by"),
    ],
)
def test_scaling_changes_the_replicas_of_one_region(ask: Scale, count: int) -> None:
    regions = spec_after(ask, after(deploy("chat", US, EU))).regions
    assert (regions[US].replicas, regions[EU].replicas) == (count, 3)


def test_scaling_down_to_nothing_is_refused_and_points_to_delete() -> None:
    assert "use delete" in str(refused(Scale(US, "chat", delta=-3), after(deploy("chat", US))))


def test_scaling_where_it_does_not_serve_says_where_it_does() -> None:
    assert f"it serves in {US}" in str(refused(Scale(EU, "chat", delta=1), after(deploy("chat", US))))


def test_scaling_without_a_name_takes_the_only_deployment_of_that_region() -> None:
    estate = after(deploy("chat", US), deploy("code", EU))
    assert target_of(asked(Scale(EU, delta=1)), estate) == "code"


def test_scaling_without_a_name_asks_which_where_there_are_two() -> None:
    error = refused(Scale(US, delta=1), after(deploy("chat", US), deploy("code", US)))
    assert f"which deployment in {US}" in str(error) and "chat, code" in str(error)


def test_balancing_sets_the_utilisation_and_nothing_else() -> None:
    estate = after(deploy("chat"))
    assert spec_after(Balance(75), estate) == replace(estate.deployments["chat"], utilization=75)


def test_a_utilisation_over_a_hundred_percent_is_refused() -> None:
    assert refused(Balance(101, "chat"), after(deploy("chat"))).field == "percent"


def test_undo_goes_back_to_what_it_was_before_the_last_change() -> None:
    estate = after(deploy("chat"), Scale(US, "chat", replicas=5))
    assert spec_after(Undo("chat"), estate) == after(deploy("chat")).deployments["chat"]


def test_undo_of_an_undo_is_the_change_itself() -> None:
    asks = (deploy("chat"), Scale(US, "chat", replicas=5))
    assert after(*asks, Undo("chat"), Undo("chat")).deployments == after(*asks).deployments


def test_undo_of_a_first_deploy_takes_it_down() -> None:
    assert not specs(after(deploy("chat"), Undo("chat")))


def test_undo_of_a_delete_brings_it_back_with_its_platform() -> None:
    before = after(deploy("chat", US, EU))
    assert specs(after(deploy("chat", US, EU), Delete("chat"), Undo("chat"))) == specs(before)


@ANY
@given(stories, st.sampled_from(NAMES))
def test_undo_always_proposes_the_stored_inverse(story: list[Ask], name: str) -> None:
    estate = told(story)
    there = estate.at(deployment_path(name))
    if there.generation:
        own = amend(asked(Undo(name)), estate, CATALOG, RELEASE)[0]
        assert (own.before, own.after) == (there.spec, there.previous)


@pytest.mark.parametrize(
    "ask", [Delete("nope"), Undo("nope"), Balance(70, "nope"), Scale(US, "nope", 3)], ids=lambda ask: type(ask).__name__
)
def test_an_unknown_deployment_is_refused_with_those_that_there_are(ask: Ask) -> None:
    assert "there is: chat" in str(refused(ask, after(deploy("chat"))))


def test_where_there_is_none_the_refusal_says_how_to_make_one() -> None:
    assert "/infer deploy MODEL REGION" in str(refused(Delete("chat"), EMPTY))


@pytest.mark.parametrize(
    "ask", [deploy("chat"), Scale(US, "chat", 3), Balance(60, "chat")], ids=lambda ask: type(ask).__name__
)
def test_where_nothing_would_change_nothing_is_proposed(ask: Ask) -> None:
    assert refused(ask, after(deploy("chat"))).reason == "NothingToDo"


def test_a_deploy_keeps_what_it_cannot_say() -> None:
    estate = after(deploy("chat"), Balance(45, "chat", US), Tune(max_num_seqs=64, name="chat"))
    spec = spec_after(deploy("chat", EU), estate)
    assert spec is not None and (spec.utilizations, spec.max_num_seqs) == ({}, 64)


def test_a_balance_of_one_region_leaves_the_others_alone() -> None:
    spec = spec_after(Balance(45, "chat", US), after(deploy("chat")))
    assert spec is not None and (spec.spills_at(US), spec.utilization) == (45, 60)


def test_a_balance_of_all_regions_ends_their_differences() -> None:
    spec = spec_after(Balance(70, "chat"), after(deploy("chat"), Balance(45, "chat", US)))
    assert spec is not None and (spec.utilization, spec.utilizations) == (70, {})


def test_a_rollback_changes_the_image_alone() -> None:
    estate = after(deploy("chat"))
    image = "us-docker.pkg.dev/demo/inferops/vllm@sha256:1"
    assert spec_after(Rollback("chat", image), estate) == replace(estate.deployments["chat"], image=image)


def test_a_rollback_without_an_image_needs_one_to_go_back_to() -> None:
    assert refused(Rollback("chat"), after(deploy("chat"))).field == "image"


@pytest.mark.parametrize(
    "ask", [Tune(name="chat"), Tune(max_num_seqs=0, name="chat"), Tune(max_model_len=10**6, name="chat")]
)
def test_a_limit_that_cannot_be_is_refused(ask: Ask) -> None:
    assert refused(ask, after(deploy("chat"))).reason in {"NothingToTune", "BadLimit"}
