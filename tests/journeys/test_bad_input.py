"""Whatever is wrong with what comes in, one person is told so once, clearly and privately, and nothing changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from infra.local.story import differences
from tests.journeys.bad_inputs import BALLOTS, SENT, TYPED, Ballot, Sent, Typed
from tests.journeys.bad_stage import Stage, Told, write_policy
from tests.journeys.journey import travelling

MENTION = re.compile(r"<!(channel|here|everyone)|<@U123|<https?:")
"""What would call people, or be a link, had it been passed on as it came."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    write_policy(policy)
    with travelling(policy=policy) as journey:
        made = Stage(journey, policy)
        made.set_up()
        yield made


def moved(stage: Stage, act: Callable[[], list[Told]]) -> tuple[list[Told], list[str]]:
    """Return what people were told, and which part of the record an act has changed."""
    before = stage.record()
    told = act()
    return told, list(differences(before, stage.record()))


def missing(says: tuple[str, ...], text: str) -> list[str]:
    return [phrase for phrase in says if phrase not in text]


@pytest.mark.parametrize("row", TYPED, ids=lambda row: row.id)
def test_a_bad_command_is_answered_once_privately_and_changes_nothing(stage: Stage, row: Typed) -> None:
    told, changed = moved(stage, lambda: stage.news(lambda: stage.people.say(row.user, f"/infer {row.text}")))
    assert [who for who, _ in told] == [row.user], told
    assert missing(row.says, told[0][1]) == [], told[0][1]
    assert changed == []


@pytest.mark.parametrize("row", [row for row in TYPED if "<" in row.text or "@" in row.text], ids=lambda row: row.id)
def test_no_answer_passes_a_mention_on(stage: Stage, row: Typed) -> None:
    told = stage.news(lambda: stage.people.say(row.user, f"/infer {row.text}"))
    assert not MENTION.search(told[0][1]), told[0][1]


@pytest.mark.parametrize("row", BALLOTS, ids=lambda row: row.id)
def test_a_vote_that_cannot_count_is_refused_privately_and_changes_nothing(stage: Stage, row: Ballot) -> None:
    told, changed = moved(stage, lambda: stage.news(lambda: cast(stage, row)))
    assert [who for who, _ in told] == [row.user], told
    assert missing(row.says, told[0][1]) == [], told[0][1]
    assert changed == []


def cast(stage: Stage, row: Ballot) -> None:
    person = stage.journey.cloud.slack.workspace.person(row.user)
    assert person is not None
    action = {"type": "button", "action_id": "approve" if row.approve else "reject"}
    answer = stage.send(
        stage.click(
            user={"id": person.id, "team_id": stage.host.settings.team},
            actions=[{**action, "value": stage.value(row.about, row.digest)}],
        )
    )
    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize("row", SENT, ids=lambda row: row.id)
def test_what_is_not_genuine_is_refused_at_the_door_and_nobody_else_hears_of_it(stage: Stage, row: Sent) -> None:
    body = row.body or (stage.click(**row.click) if row.click else stage.command(**row.form))
    intents = stage.host.documents("intents")
    answers = []
    told, changed = moved(stage, lambda: stage.news(lambda: answers.append(stage.send(body, row))))
    assert (answers[0].status_code, row.says in answers[0].text) == (row.status, True), answers[0].text
    assert (told, changed) == ([], [])
    assert stage.host.documents("intents") == intents


def test_what_is_genuine_comes_through_and_is_seen_to_change_something(stage: Stage) -> None:
    """Without this, the other tests might refuse everything, or see nothing."""
    body = stage.command(text="plan delete chat")
    answers = []
    told, changed = moved(stage, lambda: stage.news(lambda: answers.append(stage.send(body))))
    proposal = stage.people.proposal_in(answers[0].text)
    assert told == []
    assert changed == ["/channels/infer-ops", f"/proposals/{proposal}", f"/states/{proposal}"]


def test_a_replayed_request_is_the_same_intent(stage: Stage) -> None:
    body = stage.command(text="plan scale chat us-east4 7")
    first = stage.send(body)
    stage.rest(seconds=15)
    intents, again = stage.host.documents("intents"), []
    told, changed = moved(stage, lambda: stage.news(lambda: again.append(stage.send(body))))
    assert again[0].text == first.text
    assert (told, changed) == ([], [])
    assert stage.host.documents("intents") == intents


def test_a_second_click_is_the_same_vote_and_says_nothing(stage: Stage) -> None:
    row = Ballot("", "applied", "ben", ())
    assert moved(stage, lambda: stage.news(lambda: cast(stage, row))) == ([], [])


ACTS = {
    "vote": lambda stage: stage.people.click("ben", "approve", stage.proposals["open"]),
    "command": lambda stage: stage.people.say("ana", "/infer delete chat"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_nothing_is_judged_by_a_stale_directory(stage: Stage, act: Callable[[Stage], object]) -> None:
    stage.journey.fault(lambda faults: faults.unavailable.add("slack"))
    stage.rest(minutes=16)

    def late() -> list[Told]:
        silent = stage.news(lambda: act(stage))
        stage.journey.fault(lambda faults: faults.unavailable.clear())
        return [*silent, *stage.news(lambda: None, minutes=6)]

    told, changed = moved(stage, late)
    assert len(told) == 1
    assert missing(("older than 15 minutes, so roles cannot be judged",), told[0][1]) == [], told[0][1]
    assert "try again in 5 minutes" in told[0][1] or "anyone, once it has been fetched again" in told[0][1]
    assert changed == []


def test_an_approval_under_another_policy_is_void_and_the_voter_is_told_so(stage: Stage) -> None:
    proposal = stage.journey.propose("scale chat us-east4 5")
    before = stage.record()
    write_policy(stage.policy, "# reviewed\n")
    try:
        told = stage.news(lambda: stage.people.click("ben", "approve", proposal))
    finally:
        write_policy(stage.policy)
    after = stage.record()
    assert [who for who, _ in told] == ["ben"], told
    assert missing((f"{proposal} is void", "policy", "type the command again"), told[0][1]) == [], told[0][1]
    assert after["states"][proposal] == "void"
    assert [after[part] for part in ("deployments", "platform", "cloud")] == [
        before[part] for part in ("deployments", "platform", "cloud")
    ]
