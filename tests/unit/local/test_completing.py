"""What could come next in a command: the words that the grammar takes, and no others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import parse
from bot.help import FORMS
from infra.local.completing import MOST, Known, complete
from shared.catalog.load import load
from shared.domain.errors import TerminalError

CATALOG = load()
KNOWN = Known(
    CATALOG, ("llama3-8b", "chat"), {"p-0123456789ab": "one replica more"}, {"chat.us-east4.3": "chat in us-east4"}
)


def labels(text: str) -> list[str]:
    return [one.label for one in complete(text, KNOWN)]


def test_a_slash_offers_the_command() -> None:
    assert [one.text for one in complete("/", KNOWN)] == ["/infer "]


@pytest.mark.parametrize("text", ["", "hello", "deploy ", "/remind ", "/remind me"])
def test_what_is_no_command_of_ours_is_left_alone(text: str) -> None:
    assert complete(text, KNOWN) == []


def test_the_command_offers_every_verb_with_its_meaning() -> None:
    offered = {one.label: one.help for one in complete("/infer ", KNOWN)}
    assert offered == {verb: form.meaning for verb, form in list(FORMS.items())[:MOST]}


def test_a_verb_is_completed_by_its_beginning() -> None:
    assert [one.text for one in complete("/infer dep", KNOWN)] == ["/infer deploy "]


def test_deploy_offers_models_that_can_be_deployed() -> None:
    offered = labels("/infer deploy ")
    assert offered and all(CATALOG.models[name].options for name in offered)


def test_after_the_model_come_regions_one_after_the_other() -> None:
    assert [one.text for one in complete("/infer deploy llama3-8b us-east4,europe-west3", KNOWN)] == []
    offered = [one.text for one in complete("/infer deploy llama3-8b us-east4,europe-w", KNOWN)]
    assert "/infer deploy llama3-8b us-east4,europe-west3 " in offered


def test_options_are_offered_after_a_dash_and_their_values_after_them() -> None:
    assert labels("/infer deploy llama3-8b us-east4 --s") == ["--spot"]
    assert set(labels("/infer deploy llama3-8b us-east4 --machine a3-highgpu-1")) <= set(CATALOG.machines)


def test_plan_offers_what_can_be_planned_and_then_its_words() -> None:
    assert "approve" not in labels("/infer plan ")
    assert labels("/infer plan delete ") == ["llama3-8b", "chat"]


@pytest.mark.parametrize("verb", ["undo", "delete", "status", "history", "rollback"])
def test_verbs_about_a_deployment_offer_those_there_are(verb: str) -> None:
    assert labels(f"/infer {verb} ") == ["llama3-8b", "chat"]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        pytest.param("balance chat us-east4 ", ["60"], id="a percentage after the region"),
        pytest.param("balance chat us-east4 60 ", [], id="nothing after the percentage"),
        pytest.param("tune chat ", ["--max-num-seqs", "--max-model-len"], id="what can be limited"),
        pytest.param("tune chat --max-num-seqs 64 ", ["--max-model-len"], id="what can be limited beside"),
        pytest.param("incident ", ["chat.us-east4.3", "llama3-8b", "chat"], id="incidents and deployments"),
        pytest.param("incident chat.us-east4.3 ", [], id="nothing after an id"),
        pytest.param("remedy ", ["chat.us-east4.3"], id="only open incidents"),
        pytest.param("snooze chat.us-east4.3 2", ["2h", "24h"], id="times"),
    ],
)
def test_verbs_of_remedies_offer_what_comes_next(text: str, offered: list[str]) -> None:
    assert labels(f"/infer {text}") == offered


def test_a_region_is_offered_where_traffic_may_spill_from_it() -> None:
    assert "us-east4" in labels("/infer balance chat us-e")


def test_a_vote_offers_open_proposals_with_what_they_would_do() -> None:
    assert [(one.label, one.help) for one in complete("/infer approve ", KNOWN)] == [
        ("p-0123456789ab", "one replica more")
    ]


@given(st.text(max_size=40))
def test_any_text_can_be_completed_and_is_only_ever_made_longer(text: str) -> None:
    for one in complete("/infer " + text, KNOWN):
        assert len(one.text) > len("/infer " + text.rpartition(" ")[0])


@pytest.mark.parametrize("verb", ["deploy", "balance", "tune", "rollback", "incident", "remedy"])
@given(data=st.data())
def test_following_completions_never_leads_to_a_word_that_the_grammar_does_not_know(
    verb: str, data: st.DataObject
) -> None:
    text = f"/infer {verb} "
    for _ in range(data.draw(st.integers(1, 5))):
        offered = complete(text, KNOWN)
        if not offered:
            break
        text = data.draw(st.sampled_from(offered)).text
    assert refusal(text.removeprefix("/infer ")) not in {"UnknownOption", "UnknownModel", "UnknownRegion"}


def refusal(text: str) -> str:
    """Why the grammar refuses it, or the empty string: an unfinished command may lack words or ask for the unsold."""
    try:
        parse(text, CATALOG)
    except TerminalError as refused:
        return refused.reason
    return ""
