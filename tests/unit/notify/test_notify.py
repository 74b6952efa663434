"""What Slack shows is what is stored: once, in order, and whoever dies in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.errors import NeedsHumanError, TerminalError
from shared.domain.inventory import PLATFORM, Unit
from shared.domain.messages import CardDue, Decided, ProposalMade, StatusChanged, Told, Wake
from shared.domain.names import GLOBAL
from shared.domain.proposals import Decision, Outcome
from shared.domain.records import decision_path
from tests.unit.notify.place import ANA, BEN, Place

EAST = Unit("chat", "us-east4")


@pytest.fixture
def place() -> Place:
    return Place()


def buttons(place: Place) -> list[str]:
    blocks = (block for block in place.cards[0].blocks if block["type"] == "actions")
    return [element["action_id"] for block in blocks for element in block["elements"]]


def test_a_proposal_gets_one_card_with_its_buttons(place: Place) -> None:
    made = place.propose()
    place.hear(ProposalMade(made.id), ProposalMade(made.id), CardDue(made.id))
    assert (len(place.cards), buttons(place)) == (1, ["approve", "reject"])


def test_the_card_says_who_asks_what_it_costs_and_who_must_agree(place: Place) -> None:
    place.hear(ProposalMade(place.propose().id))
    text = place.cards[0].text
    for said in (
        f"<@{ANA}>",
        "1.50 USD",
        "1,095.00 USD",
        "approvers (ml-platform)",
        "deploy llama3-8b us-east4=3 as chat",
    ):
        assert said in text


def test_an_unknown_proposal_says_nothing(place: Place) -> None:
    place.hear(ProposalMade("p-404404404404"), CardDue("p-404404404404"))
    assert place.chat.messages == {}


def test_other_functions_messages_are_left_alone(place: Place) -> None:
    place.hear(Wake(EAST))
    assert place.documents.stored == {}


def test_once_applied_the_card_shows_progress_and_the_thread_is_told(place: Place) -> None:
    made = place.propose()
    place.hear(ProposalMade(made.id))
    place.vote(made)
    place.apply(made)
    place.later(10)
    place.hear(Decided(made.id))
    assert "Deploying chat" in place.cards[0].text
    assert (buttons(place), place.replies) == ([], ["applied"])


def test_once_ready_the_card_offers_undo_and_names_the_endpoint(place: Place) -> None:
    made = place.propose()
    place.apply(made)
    place.all_ready()
    place.report(Unit("chat", GLOBAL), ready=True, address="10.150.0.7")
    place.hear(StatusChanged(EAST))
    assert "Done: chat is serving" in place.cards[0].text
    assert "http://10.150.0.7" in place.cards[0].text
    assert (buttons(place), place.replies) == (["undo"], ["done"])


def test_the_platforms_change_updates_the_cards_of_who_stands_on_it(place: Place) -> None:
    made = place.propose()
    place.apply(made)
    place.hear(StatusChanged(Unit(PLATFORM, "us-east4")))
    assert "Deploying chat" in place.cards[0].text


def test_what_a_person_must_do_stands_in_full_on_card_and_thread(place: Place) -> None:
    made = place.propose()
    place.apply(made)
    command = "gcloud services enable container.googleapis.com --project=demo"
    place.report(EAST, ready=False, stalled=f"api is disabled. To mend it: {command}")
    place.hear(StatusChanged(EAST))
    texts = [card.text for _, card, _, _ in place.chat.messages.values()]
    assert [f"```{command}```" in text for text in texts] == [True, False, True]


def test_a_repair_after_the_end_does_not_move_the_end(place: Place) -> None:
    made = place.propose()
    place.apply(made)
    place.all_ready()
    place.hear(StatusChanged(EAST))
    before = place.cards[0].text
    place.later(3600)
    place.report(EAST, ready=False)
    place.hear(StatusChanged(EAST))
    assert "Repairing chat" in place.cards[0].text
    place.later(60)
    place.report(EAST, ready=True)
    place.hear(StatusChanged(EAST))
    assert (place.cards[0].text, place.replies) == (before, ["done"])


def test_edits_keep_their_distance(place: Place) -> None:
    made = place.propose()
    place.hear(ProposalMade(made.id))
    place.apply(made)
    place.later(1)
    place.hear(Decided(made.id))
    assert "Plan:" in place.cards[0].text
    place.later(2)
    assert "Deploying" in place.cards[0].text


def test_the_same_state_is_not_edited_again(place: Place) -> None:
    made = place.propose()
    place.hear(ProposalMade(made.id))
    stored = dict(place.documents.stored)
    place.later(60)
    place.hear(ProposalMade(made.id))
    assert place.documents.stored == stored


def test_a_rate_limit_is_waited_for_without_waiting(place: Place) -> None:
    made = place.propose()
    place.chat.limited = 1
    place.hear(ProposalMade(made.id))
    assert place.cards == []
    place.later(5)
    assert len(place.cards) == 1


def test_refused_blocks_are_said_plainly_with_buttons(place: Place) -> None:
    place.chat.refuses_blocks = True
    place.hear(ProposalMade(place.propose().id))
    assert {block["type"] for block in place.cards[0].blocks} == {"section", "actions"}


def test_slack_that_does_not_answer_is_asked_later(place: Place) -> None:
    place.chat.down = True
    place.hear(ProposalMade(place.propose().id))
    place.chat.down = False
    place.later(121)
    assert len(place.cards) == 1


def test_a_refusal_that_a_person_must_mend_is_tried_again_later(place: Place) -> None:
    place.chat.refusal = NeedsHumanError("not in the channel", reason="PermissionDenied", remedy="invite it")
    place.hear(ProposalMade(place.propose().id))
    place.chat.refusal = None
    place.later(300)
    assert len(place.cards) == 1


def test_a_card_deleted_by_hand_is_posted_anew(place: Place) -> None:
    made = place.propose()
    place.hear(ProposalMade(made.id))
    place.chat.messages.clear()
    place.vote(made, approve=False)
    place.later(10)
    place.hear(Decided(made.id))
    assert ["Rejected" in card.text for card in place.cards] == [True]


def test_a_plan_where_the_app_is_not_is_told_to_the_asker_alone(place: Place) -> None:
    made = place.propose(dry_run=True, channel="C2")
    place.chat.refusal = NeedsHumanError("not in the channel", reason="PermissionDenied", remedy="invite it")
    place.hear(ProposalMade(made.id), ProposalMade(made.id))
    assert [(user, "Only a plan" in text) for user, text in place.chat.told] == [(ANA, True)]


def test_whoever_asked_elsewhere_gets_a_pointer_once(place: Place) -> None:
    made = place.propose(channel="C2")
    place.hear(ProposalMade(made.id), ProposalMade(made.id))
    assert [(user, made.id in text and "<#C1>" in text) for user, text in place.chat.told] == [(ANA, True)]


@pytest.mark.parametrize(
    ("how", "title", "reply"),
    [
        pytest.param("rejected", "Rejected: deploy chat", "rejected", id="rejected"),
        pytest.param("withdrawn", "Withdrawn: deploy chat", "rejected", id="withdrawn"),
        pytest.param("expired", "Expired: deploy chat", "expired", id="expired"),
        pytest.param("void", "Void: deploy chat", "void", id="void"),
        pytest.param("superseded", "Superseded: deploy chat", "superseded", id="superseded"),
    ],
)
def test_an_ending_takes_the_buttons_away_and_is_said_once(place: Place, how: str, title: str, reply: str) -> None:
    made = place.propose()
    place.hear(ProposalMade(made.id))
    place.now += timedelta(hours=25 if how == "expired" else 1)
    match how:
        case "rejected" | "withdrawn":
            place.vote(made, approve=False, user=ANA if how == "withdrawn" else BEN)
        case "void":
            place.put(decision_path(made.id), Decision(made.id, Outcome.VOID, "the price changed", place.now, {}))
        case "superseded":
            place.apply(place.propose("p-000000000002"))
    place.hear(CardDue(made.id), CardDue(made.id))
    assert title in place.cards[0].text
    assert (buttons(place), place.replies) == ([], [reply])


def test_a_decision_has_the_cards_looked_at_that_it_overtook(place: Place) -> None:
    first, second = place.propose(), place.propose("p-000000000002")
    place.hear(ProposalMade(first.id), ProposalMade(second.id))
    place.apply(second)
    place.later(10)
    place.hear(Decided(second.id))
    place.later(0)
    assert "Superseded" in place.cards[0].text


def test_a_done_card_that_was_overtaken_says_by_what(place: Place) -> None:
    first = place.propose()
    place.apply(first)
    place.all_ready()
    place.hear(StatusChanged(EAST))
    second = place.propose("p-000000000002", generation=1)
    place.apply(second, generation=2)
    place.later(10)
    place.hear(Decided(second.id))
    place.later(0)
    assert "Replaced" in place.cards[0].text
    assert second.id in place.cards[0].text


def test_one_telling_is_told_once(place: Place) -> None:
    told = Told("t1", ANA, "C1", "hello <!channel>")
    place.hear(told, told, CardDue("told-t1"))
    assert place.chat.told == [(ANA, "hello &lt;!channel&gt;")]


def test_a_telling_outlives_a_rate_limit_and_a_silent_slack(place: Place) -> None:
    place.chat.limited, place.chat.down = 1, True
    place.hear(Told("t1", ANA, "C1", "hello"))
    place.later(5)
    assert place.chat.told == []
    place.chat.down = False
    place.later(30)
    assert place.chat.told == [(ANA, "hello")]


def test_whoever_cannot_be_told_at_all_is_not_tried_for_ever(place: Place) -> None:
    class Deaf(type(place.chat)):  # type: ignore[misc]  # the class of a fixture
        def tell(self, user: str, channel: str, text: str) -> None:
            raise TerminalError("no such user", reason="Invalid", field="user")

    place.services = replace(place.services, chat=Deaf())
    place.hear(Told("t1", "U404", "C1", "hello"))
    assert not place.timers.pending
