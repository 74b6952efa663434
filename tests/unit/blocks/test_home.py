"""The Home tab: never more than Slack takes, nothing left out in silence, what is broken before what is not."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.blocks.home import EXAMPLE, MOST_WAITING, Fleet, home_view, unread_view
from shared.blocks.reading import Standing
from shared.blocks.view import View, Work
from shared.domain.conditions import Condition, ConditionType, Reason, Truth
from shared.domain.desired import DeploymentSpec, Desired, Placement
from shared.domain.intents import Deploy, Intent
from shared.domain.inventory import PLATFORM, Status, Unit
from shared.domain.proposals import Proposal, State
from shared.domain.quotes import Cost, Quote
from shared.domain.verdicts import AskFirst
from tests.unit.blocks.surfaces import refused, texts
from tests.unit.blocks.test_limits import OURS
from tests.unit.blocks.values import T0, ugly, views

ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SPEC = DeploymentSpec("llama-3.1-8b", "chat", "g2-standard-12", "spot", {"us-east4": Placement(3, "a")}, *"ipp")
TROUBLE = "no quota for NVIDIA_L4_GPUS in us-east4. To mend it: ask for 8 more"
COST = Cost(3.5)


def standing(name: str, *conditions: Condition, owner: str = "") -> Standing:
    unit = Unit(owner or name, "us-east4")
    work = Work(unit, 1, Status(unit, {}, conditions, {"progress": "3/9"}, 1))
    return Standing(name, Desired(f"deployments/{name}", 1, SPEC), (work,))


def condition(kind: ConditionType, status: Truth, message: str = "") -> Condition:
    return Condition(kind, status, Reason.IN_PROGRESS, message, 1, T0)


READY = condition(ConditionType.READY, Truth.TRUE)
BUSY = condition(ConditionType.READY, Truth.FALSE)
STALLED = condition(ConditionType.STALLED, Truth.TRUE, TROUBLE)


def fleet(*standings: Standing, waiting: tuple[View, ...] = (), waiting_in_all: int | None = None) -> Fleet:
    costs = {one.name: COST for one in standings}
    total = Cost(3.5 * len(standings))
    return Fleet(standings, waiting, len(waiting) if waiting_in_all is None else waiting_in_all, costs, total)


def waiting(number: int = 1, asker: str = "U0ANA00001") -> View:
    intent = Intent(f"i-{number}", Deploy("llama3-8b", {"us-east4": None}), asker, "C1", T0)
    quote = Quote((), (), 0, 3, (), timedelta(minutes=20), "2026-01")
    gate = AskFirst("changes", ("approvers",), 1, T0 + timedelta(hours=1), T0 + timedelta(hours=2))
    name = f"p-{number:012x}"
    return View(Proposal(name, intent, (), ("x",), {}, quote, gate, "d" * 64, T0, "chat", "C1"), State.OPEN)


def shown(made: Fleet, note: str = "") -> str:
    return texts(home_view(made, T0, note))


def buttons(view: Any) -> list[tuple[str, str]]:
    rows = (block["elements"] for block in view["blocks"] if block["type"] == "actions")
    return [(button["action_id"], button["value"]) for row in rows for button in row]


def test_an_empty_fleet_says_what_to_type() -> None:
    assert f"There is no deployment yet.* Press the button above, or type for example: `{EXAMPLE}`" in shown(fleet())


def test_a_deployment_stands_with_its_state_in_each_region_and_its_cost() -> None:
    said = shown(fleet(standing("chat", READY)))
    assert "*chat* ready, 3.50 USD per hour" in said
    assert "us-east4: Ready :white_check_mark:" in said
    assert "llama-3.1-8b on g2-standard-12 (spot): us-east4 x3" in said


def test_the_whole_cost_is_said_once() -> None:
    assert "*2 deployments*, 7.00 USD per hour, clusters included." in shown(fleet(standing("a"), standing("b")))


def test_what_is_broken_is_said_with_its_remedy_before_all_else() -> None:
    said = shown(fleet(standing("calm", READY), standing("chat", STALLED), waiting=(waiting(),)))
    order = [said.index(text) for text in ("A person is needed\n", "ask for 8 more", "Waiting for", "Deployments\n")]
    assert order == sorted(order)


def test_what_waits_for_a_person_stands_first_among_the_deployments_then_what_is_under_way() -> None:
    said = shown(fleet(standing("a", READY), standing("b", BUSY), standing("c", STALLED)))
    assert said.index("*c* waits") < said.index("*b* in progress") < said.index("*a* ready")


def test_trouble_of_what_several_share_is_said_once() -> None:
    said = shown(fleet(standing("a", STALLED, owner=PLATFORM), standing("b", STALLED, owner=PLATFORM)))
    assert said.count("ask for 8 more") == 1
    assert "*a, b, us-east4 cluster*" in said


def test_a_waiting_proposal_says_who_may_approve_and_votes_as_on_its_card() -> None:
    view = home_view(fleet(waiting=(waiting(),)), T0)
    said = texts(view)
    assert "*Deploy chat* (`p-000000000001`)" in said
    assert "*Approval:* 1 vote from approvers, not <@U0ANA00001> (rule changes)" in said
    assert buttons(view)[2:] == [(action, f"p-000000000001:{'d' * 64}") for action in ("approve", "reject")]


def test_the_form_and_a_fresh_look_are_always_at_hand() -> None:
    for view in (home_view(fleet(), T0), unread_view("the documents were silent.", T0)):
        assert [action for action, _ in buttons(view)] == ["deploy", "home_refresh"]


def test_what_the_person_just_did_is_said() -> None:
    assert "Heard: your approval" in shown(fleet(), "Heard: your approval")


def test_a_fleet_that_could_not_be_read_says_so() -> None:
    said = texts(unread_view("the documents did not answer within 1.5 seconds.", T0))
    assert "*Not read:* the documents did not answer within 1.5 seconds. Nothing was changed." in said


@pytest.mark.parametrize("condition", [READY, STALLED], ids=["all well", "all broken"])
def test_two_hundred_deployments_fit_and_the_rest_is_counted(condition: Condition) -> None:
    many = [standing(f"chat-{n}", condition) for n in range(200)]
    view = home_view(fleet(*many, waiting=tuple(map(waiting, range(MOST_WAITING))), waiting_in_all=37), T0, "note")
    assert refused(view) == ""
    assert len(view["blocks"]) <= 100
    said = texts(view)
    assert "… and 150 more: `/infer list` shows them." in said
    assert "… and 27 more: their cards are in the channel for cards." in said
    assert ("… and 185 more: `/infer why NAME` shows them." in said) is (condition is STALLED)


def test_where_long_texts_make_it_too_large_less_is_shown_and_more_is_counted() -> None:
    wordy = condition(ConditionType.STALLED, Truth.TRUE, "\N{WHITE SMILING FACE}" * 5000)
    many = [standing(f"{'n' * 25}-{n}", wordy) for n in range(60)]
    view = home_view(fleet(*many, waiting=tuple(map(waiting, range(MOST_WAITING)))), T0)
    assert refused(view) == ""
    assert re.search(r"… and \d+ more: `/infer why NAME`", texts(view))


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Any fleet, made of what any proposals and their units may look like."""
    found = draw(st.lists(views(), max_size=4))
    names = [f"chat-{n}" for n in range(draw(st.integers(0, 60)))]
    works = [view.works for view in found] or [()]
    desired = [Desired("deployments/chat", 1, view.after) for view in found] or [Desired("deployments/chat", 1, SPEC)]
    standings = tuple(Standing(name, desired[n % len(desired)], works[n % len(works)]) for n, name in enumerate(names))
    unknown = draw(st.lists(ugly, max_size=2).map(tuple))
    costs = {name: Cost(1.0, unknown) for name in names}
    return Fleet(standings, tuple(found), draw(st.integers(len(found), 90)), costs, Cost(1.0, unknown))


@ANY
@given(fleets())
def test_slack_takes_every_home_tab_and_nothing_foreign_in_it_can_mention_or_link(made: Fleet) -> None:
    view = home_view(made, T0)
    assert refused(view) == ""
    assert not [text for text in texts(view).split("\n") if set(OURS.sub("", text)) & set("<>")]
