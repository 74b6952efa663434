"""A deploy of which something is missing: what the form opens with, and what is refused all the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import reads
from bot.forms import ask_of, words_in
from bot.grammar import form_refusal, parse
from shared.blocks.form import Filled, deploy_form
from shared.catalog.load import load
from shared.domain.errors import TerminalError
from tests.unit.bot.choosing import state_of

CATALOG = load()
US, EU = "us-east4", "europe-west3"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        pytest.param("deploy", Filled(), id="nothing said"),
        pytest.param("deploy LLAMA3-8b", Filled(model="llama3-8b"), id="a model by its alias"),
        pytest.param("deploy us-east4", Filled(regions=(US,)), id="a region"),
        pytest.param("deploy us-east4=3, europe-west3", Filled(regions=(f"{US}=3", EU)), id="regions with numbers"),
        pytest.param("deploy --spot", Filled(way="spot"), id="only how to buy"),
        pytest.param("deploy as Chat", Filled(name="chat"), id="only a name"),
        pytest.param(
            "deploy llama3-8b as chat --replicas=2 --machine g2-standard-12 --flex-start",
            Filled(model="llama3-8b", replicas="2", machine="g2-standard-12", way="flex-start", name="chat"),
            id="all but the regions",
        ),
        pytest.param("deploy llama3-8b --on-demand", Filled(model="llama3-8b", way="on-demand"), id="another machine"),
        pytest.param(
            "deploy us-east4 --weights gs://models/llama3",
            Filled(regions=(US,), more=("--weights", "gs://models/llama3")),
            id="what the form has no field for",
        ),
        pytest.param(
            "deploy --zone us-east4-a --zone europe-west3-a",
            Filled(regions=(US, EU), more=("--zone", "us-east4-a", "--zone", "europe-west3-a")),
            id="zones tell their regions",
        ),
    ],
)
def test_a_gap_keeps_what_was_said(text: str, filled: Filled) -> None:
    assert parse(text, CATALOG) == reads.Gap(filled)


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        pytest.param("deploy lama3-8b", "UnknownModel", "did you mean llama3-8b", id="model misspelt"),
        pytest.param("deploy us-esat4", "UnknownModel", "us-east4", id="region misspelt"),
        pytest.param("deploy us-east4,us-esat4", "UnknownRegion", "us-east4", id="one region misspelt"),
        pytest.param("deploy us-east4-a", "ZoneForRegion", "--zone us-east4-a", id="a zone for a region"),
        pytest.param("deploy us-east4=0", "BadReplicas", "between 1 and 64", id="no replicas"),
        pytest.param("deploy --replicas many", "BadNumber", "whole number", id="replicas in words"),
        pytest.param("deploy --spott", "UnknownOption", "--spot", id="option misspelt"),
        pytest.param("deploy --spot --on-demand", "Duplicate", "exclude", id="two ways to buy"),
        pytest.param("deploy --machine g9", "UnknownMachine", "known", id="machine unknown"),
        pytest.param("deploy as Chat!", "BadName", "letters", id="bad name"),
        pytest.param("deploy llama3-8b as", "TooFewWords", "as needs", id="name missing"),
        pytest.param("deploy gemma-4-31b", "ModelNotDeployable", "cannot be deployed", id="model not for deployment"),
        pytest.param(
            "deploy llama3-70b --machine g2-standard-4", "MachineDoesNotFit", "it fits", id="machine too small"
        ),
        pytest.param(
            "deploy --machine a3-highgpu-1g --on-demand", "ConsumptionNotSold", "it is sold as", id="not sold so"
        ),
        pytest.param("deploy me-west1 --machine a4-highgpu-8g", "NothingFits", "a4-highgpu-8g", id="nothing there"),
        pytest.param("deploy --zone us-east4-zz", "UnknownZone", "us-east4-a", id="zone unknown"),
        pytest.param("deploy --zone us-east4-a --zone us-east4-b", "Duplicate", "only one", id="two zones in one"),
    ],
)
def test_what_is_wrong_is_refused_even_beside_a_gap(text: str, reason: str, hint: str) -> None:
    with pytest.raises(TerminalError) as refused:
        parse(text, CATALOG)
    assert (refused.value.reason, hint in str(refused.value)) == (reason, True), str(refused.value)
    assert "Right form: /infer deploy" in str(refused.value)


def test_where_no_form_can_be_shown_the_right_form_is_said() -> None:
    assert "a model and at least one region" in str(form_refusal())
    assert "Right form: /infer deploy MODEL REGION" in str(form_refusal())


MODELS = [model for model in CATALOG.models.values() if model.options]
ids = st.sampled_from([model.id for model in MODELS])
names = st.sampled_from([name for model in MODELS for name in (model.id, *model.aliases)])
regions = st.lists(st.sampled_from(sorted(CATALOG.regions)), min_size=1, max_size=3, unique=True)
options = st.lists(
    st.sampled_from(["--spot", "--machine g2-standard-12", "--weights gs://m-1/x", "as chat"]), unique=True, max_size=3
).map(" ".join)


def understood(text: str) -> reads.Said | None:
    try:
        return parse(text, CATALOG)
    except TerminalError:
        return None


def sent(gap: str, **chosen: str | list[str]) -> object:
    """Say a deploy with a gap, fill the gap in the form that opens, and send it."""
    opened = parse(gap, CATALOG)
    assert isinstance(opened, reads.Gap)
    form = deploy_form(opened.filled, "C1", CATALOG)
    return ask_of(words_in(state_of(form, **chosen), opened.filled.more, CATALOG), CATALOG)


@given(ids, regions, st.sampled_from(["", "=1", "=7"]), options)
def test_the_model_chosen_in_the_form_is_as_if_typed(model: str, places: list[str], count: str, rest: str) -> None:
    place = ",".join(f"{region}{count}" for region in places)
    typed = understood(f"deploy {model} {place} {rest} --replicas 3")
    assert typed is None or sent(f"deploy {place} {rest}", model=model) == typed


@given(names, regions, options)
def test_the_regions_chosen_in_the_form_are_as_if_typed(model: str, places: list[str], rest: str) -> None:
    typed = understood(f"deploy {model} {','.join(places)} {rest} --replicas 3")
    assert typed is None or sent(f"deploy {model} {rest}", regions=places) == typed
