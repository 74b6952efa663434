"""An intent becomes one proposal or one refusal told privately, whatever happens on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from functions.propose import propose
from shared.domain.desired import DeploymentSpec
from shared.domain.errors import InferError, NeedsHumanError, TerminalError
from shared.domain.intents import Balance, Delete, Deploy
from shared.domain.messages import IntentSubmitted, ProposalMade, Told
from shared.domain.policy import Caps, Directory
from shared.domain.proposals import State, state_of
from shared.domain.records import DIRECTORY
from shared.ports import Document
from shared.services import Services
from shared.store import Commit
from tests.simulation.setting import Resolver
from tests.standins import MemoryDocuments
from tests.unit.functions.place import CHAT, EU, US, Killed, Place, at, die


@dataclass
class Refusing(Resolver):
    """A registry or a secret store that says no."""

    error: InferError

    def image(self, reference: str) -> str:
        raise self.error


def refusing(place: Place, error: InferError) -> Services:
    return replace(place.services, resolver=Refusing(error))


def refusal(place: Place, message: IntentSubmitted) -> str:
    propose(message, place.services)
    assert place.proposal(message) is None
    return place.told()


def test_an_ask_becomes_a_proposal_that_says_what_it_is_about() -> None:
    place = Place()
    proposal = place.propose()
    assert (proposal.deployment, proposal.intent.user, proposal.gate.rule) == ("chat", "ana", "changes")
    assert [change.path for change in proposal.changes] == [CHAT, "platform/global", f"platform/{US}"]


def test_decide_and_notify_are_told_of_it_by_its_id_alone() -> None:
    place = Place()
    proposal = place.propose()
    assert place.heard(ProposalMade) == [ProposalMade(proposal.id)]


def test_nothing_that_is_proposed_is_applied_by_it() -> None:
    place = Place()
    place.propose()
    assert place.desired(CHAT).generation == 0


def test_a_replay_changes_nothing() -> None:
    place = Place()
    message = place.intent()
    propose(message, place.services)
    before, sent = dict(place.documents.stored), len(place.bus.pending)
    place.seconds += 600
    propose(message, place.services)
    assert (place.documents.stored, len(place.bus.pending)) == (before, sent)


def test_two_deliveries_at_once_make_one_proposal() -> None:
    place = Place()
    message = place.intent()
    place.documents.step = at("commit", lambda: propose(message, place.services))
    propose(message, place.services)
    assert len(place.heard(ProposalMade)) == 1 and len(place.lines("proposed")) == 1


def test_dying_before_the_write_leaves_nothing_and_the_next_delivery_answers() -> None:
    place = Place()
    message = place.intent()
    place.documents.step = at("commit", die)
    with pytest.raises(Killed):
        propose(message, place.services)
    assert place.proposal(message) is None
    propose(message, place.services)
    assert place.proposal(message) is not None


def test_dying_after_the_write_leaves_the_message_in_the_outbox() -> None:
    place = Place()
    place.documents.step = at("committed", die)
    with pytest.raises(Killed):
        propose(place.intent(), place.services)
    assert len(place.documents.find("outbox")) == 1 and not place.heard(ProposalMade)


def test_a_refusal_is_told_to_the_asker_alone_and_kept_in_the_record() -> None:
    place = Place()
    message = place.intent(Delete("nope"))
    assert "there is no deployment nope" in refusal(place, message)
    assert [(told.user, told.channel) for told in place.heard(Told)] == [("ana", "C2")]
    assert [line["user"] for line in place.lines("refused")] == ["ana"]


def test_a_refused_intent_is_not_answered_twice() -> None:
    place = Place()
    message = place.intent(Delete("nope"))
    for _ in range(2):
        propose(message, place.services)
    assert len(place.heard(Told)) == 1


def test_a_refusal_by_policy_says_which_rule_and_who_could() -> None:
    place = Place()
    text = refusal(place, place.intent(user="zoe"))
    assert text.startswith("refused by rule 'deny by default'") and "Who could: engineers (ml-platform)" in text


def test_a_stale_directory_refuses() -> None:
    place = Place()
    place.seconds += 16 * 60
    assert "older than 15 minutes" in refusal(place, place.intent())


def test_a_broken_policy_refuses() -> None:
    place = Place()
    place.policy = replace(place.policy, broken="line 3: what is this?")
    assert "line 3: what is this?" in refusal(place, place.intent())


def test_caps_look_at_all_deployments_together() -> None:
    place = Place()
    place.policy = replace(place.policy, caps=Caps(gpus=5))
    place.apply(Deploy("llama3-8b", {US: 4}, "chat"))
    assert "it would make 6 GPUs in all" in refusal(place, place.intent(Deploy("llama3-8b", {EU: 2}, "code")))


def test_what_a_person_can_mend_is_refused_with_the_remedy() -> None:
    place = Place()
    error = NeedsHumanError("there is no image", reason="ImageNotFound", remedy="mirror it")
    propose(place.intent(), refusing(place, error))
    assert place.told() == "there is no image. To mend it: mirror it"


def test_what_can_never_be_is_refused_without_one() -> None:
    place = Place()
    propose(place.intent(), refusing(place, TerminalError("no such tag", reason="ImageNotFound", field="image")))
    assert place.told() == "no such tag"


def test_only_a_deploy_resolves_anything() -> None:
    place = Place()
    place.apply()
    message = place.intent(Balance(70, "chat"))
    propose(message, refusing(place, TerminalError("never asked", reason="ImageNotFound", field="image")))
    assert place.proposal(message) is not None


@pytest.mark.parametrize(
    ("ask", "token"),
    [
        pytest.param(Deploy("llama3-8b", {US: 1}, "chat"), "projects/demo/secrets/hf-token/versions/1", id="gated"),
        pytest.param(Deploy("llama3-8b", {US: 1}, "chat", weights="gs://b/p"), "", id="gated, weights in a bucket"),
    ],
)
def test_a_token_is_resolved_only_where_the_weights_need_one(ask: Deploy, token: str) -> None:
    spec = Place().propose(ask).changes[0].after
    assert isinstance(spec, DeploymentSpec) and spec.token == token


def test_images_are_pinned_by_digest() -> None:
    spec = Place().propose().changes[0].after
    assert isinstance(spec, DeploymentSpec)
    assert all("@sha256:" in image for image in (spec.image, spec.picker_image, spec.probe_image))


def test_a_proposals_card_goes_to_the_ops_channel() -> None:
    assert Place().propose().channel == "C1"


def test_a_mere_plan_is_answered_where_it_was_asked_and_can_never_be_approved() -> None:
    place = Place()
    plan = place.propose(dry_run=True)
    assert plan.channel == "C2"
    assert state_of(plan, (), {}, place.now()) is State.PLAN_ONLY


def test_both_clocks_run_from_the_proposal() -> None:
    place = Place()
    place.seconds += 100
    proposal = place.propose()
    assert proposal.created_at == place.now() < proposal.gate.approve_by < proposal.gate.run_by


def test_a_guest_is_refused_even_where_the_directory_puts_them_in_the_group() -> None:
    place = Place()
    stored = place.documents.get([DIRECTORY])[0]
    assert stored is not None
    everyone = Directory({"ml-platform": frozenset({"guest"})}, frozenset({"guest"}), place.now())
    Commit("sweep", DIRECTORY, place.now()).put(DIRECTORY, everyone, stored.version).run(place.documents, place.bus)
    assert "deny by default" in refusal(place, place.intent(user="guest"))


def test_what_is_applied_while_a_delete_is_worked_out_never_loses_its_platform() -> None:
    place = Place()
    place.apply()
    place.drain()
    newcomer = place.propose(Deploy("llama3-8b", {US: 1}, "code"))
    find, waiting = place.documents.find, [newcomer]

    class Torn(MemoryDocuments):
        """Lets the newcomer be applied between two reads."""

        def find(self, *args: Any, **more: Any) -> list[Document]:
            found = find(*args, **more)
            if waiting:
                place.vote(waiting.pop(), "ben")
            return found

    torn = Torn()
    torn.stored = place.documents.stored
    message = place.intent(Delete("chat"))
    propose(message, replace(place.services, documents=torn))
    gone = place.proposal(message)
    assert gone is not None
    for user in ("ben", "chloe"):
        place.vote(gone, user)
    assert place.spec(f"platform/{US}") is not None and place.spec("deployments/code") is not None
