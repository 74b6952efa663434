"""The form: what may be chosen, what is chosen already, and that Slack takes it whatever was said."""

from __future__ import annotations

from typing import Any

import pytest

from shared.blocks.form import CHOOSE, FIELDS, Filled, deploy_form, heard_form
from shared.catalog.load import load
from shared.domain.names import valid_name
from tests.unit.blocks.surfaces import refused, texts

CATALOG = load()
MODELS = [model for model in CATALOG.models.values() if model.options]
NAMES = [name for model in MODELS for name in (model.id, *model.aliases)]


def field(name: str, filled: Filled | None = None) -> dict[str, Any]:
    form = deploy_form(filled or Filled(), "C1", CATALOG)
    return dict(next(block["element"] for block in form["blocks"] if block.get("block_id") == name))


def values(name: str, filled: Filled | None = None) -> list[str]:
    return [option["value"] for option in field(name, filled)["options"]]


def sold_in(region: str) -> bool:
    machines = {CATALOG.machine(option.machine) for model in MODELS for option in model.options}
    return any(CATALOG.zones_for(machine, CATALOG.region(region)) for machine in machines)


@pytest.mark.parametrize("model", ["", *NAMES])
def test_slack_takes_the_form_for_every_model(model: str) -> None:
    assert refused(deploy_form(Filled(model=model), "C1", CATALOG)) == ""


def test_slack_takes_the_form_with_everything_said() -> None:
    filled = Filled("llama3-8b", ("us-east4=64",), "64", "g2-standard-12", "spot", "a" * 30, ("--zone", "us-east4-a"))
    assert refused(deploy_form(filled, "C0INFEROPS", CATALOG)) == ""


def test_every_choice_of_the_catalogue_fits_a_menu() -> None:
    assert values("model") == [model.id for model in MODELS]
    assert values("regions") == [name for name in CATALOG.regions if sold_in(name)]
    assert values("machine") == [CHOOSE, *CATALOG.machines]


def test_the_fields_stand_in_the_order_of_a_command() -> None:
    blocks = deploy_form(Filled(), "C1", CATALOG)["blocks"]
    assert tuple(block["block_id"] for block in blocks if block["type"] == "input") == FIELDS


def test_a_models_choice_says_its_size_and_what_it_needs() -> None:
    [found] = [option for option in field("model")["options"] if option["value"] == "llama-3.1-8b"]
    assert found["description"]["text"] == "16.1 GB on a3-highgpu-2g, needs a licence token"


def test_an_alias_stays_the_word_that_was_said() -> None:
    assert field("model", Filled(model="llama3-8b"))["initial_option"]["value"] == "llama3-8b"


def test_only_machines_that_hold_the_model_are_offered() -> None:
    assert values("machine", Filled(model="llama-3.1-405b")) == [
        CHOOSE,
        "a3-highgpu-8g",
        "a3-ultragpu-8g",
        "a4-highgpu-8g",
    ]


def test_only_regions_where_something_that_fits_is_sold_are_offered() -> None:
    found = set(values("regions", Filled(model="deepseek-v3")))
    assert found == {
        region.name
        for machine in ("a3-ultragpu-8g", "a4-highgpu-8g")
        for region in CATALOG.where(CATALOG.machine(machine))
    }


def test_what_was_said_is_chosen_already() -> None:
    filled = Filled("llama3-8b", (), "2", "g2-standard-12", "flex-start", "chat")
    assert field("replicas", filled)["initial_value"] == "2"
    assert field("machine", filled)["initial_option"]["value"] == "g2-standard-12"
    assert field("buy", filled)["initial_option"]["value"] == "flex-start"
    assert field("name", filled)["initial_value"] == "chat"


def test_a_region_with_a_number_of_its_own_keeps_it() -> None:
    [found] = field("regions", Filled(regions=("us-east4=3",)))["initial_options"]
    assert (found["value"], found["text"]["text"]) == ("us-east4=3", "us-east4, 3 replicas")


def test_words_without_a_field_are_shown() -> None:
    assert "`--zone us-east4-a`" in texts(deploy_form(Filled(more=("--zone", "us-east4-a")), "C1", CATALOG))


def test_a_name_that_the_form_lets_through_is_no_longer_than_a_name_may_be() -> None:
    longest = field("name")["max_length"]
    assert (valid_name("a" * longest), valid_name("a" * (longest + 1))) == (True, False)


def test_slack_takes_what_is_said_in_the_forms_place() -> None:
    assert refused(heard_form("Heard: `/infer deploy llama3-8b us-east4`.")) == ""
