"""What the thread of an incident is told, and the line that stands for it in a list."""

from __future__ import annotations

from dataclasses import replace

from shared.blocks.incident import incident_line, incident_sayings
from shared.domain.incidents import Snooze
from tests.unit.blocks.incident_values import ADVISED, JUST_OPENED, RESOLVED, SHIFT, T0


def test_the_thread_is_told_each_step_once() -> None:
    first = [saying.key for saying in incident_sayings(JUST_OPENED)]
    advised = [saying.key for saying in incident_sayings(ADVISED)]
    assert (first, advised) == (["opened"], ["opened", "diagnosis-kv_bound"])
    kinds = [saying.key.partition("-")[0] for saying in incident_sayings(RESOLVED)]
    assert kinds == ["opened", "applied", "judged", "resolved"]


def test_the_thread_is_told_what_can_be_done_because_an_edit_notifies_nobody() -> None:
    [_, advised] = incident_sayings(ADVISED)
    assert advised.text == (
        "KV cache is the limit, 93 % full.\n1. Shift traffic to europe-west3\n2. Add 2 replicas on new nodes"
    )


def test_nothing_is_offered_to_the_thread_in_shadow_mode() -> None:
    [_, advised] = incident_sayings(replace(ADVISED, shadow=True))
    assert advised.text == "KV cache is the limit, 93 % full."


def test_a_line_names_the_incident_its_state_and_how_many_options() -> None:
    line = incident_line(ADVISED)
    assert line.startswith("• `chat.us-east4.3` *chat in us-east4*: KV cache is the limit, 93 % full, since <!date^")
    assert line.endswith("; 2 options")


def test_a_choice_is_told_by_its_title_even_when_advice_has_moved_on() -> None:
    moved = replace(ADVISED, advice=None, chosen={"s-1": "p-1"}, pinned={"s-1": SHIFT})
    assert incident_sayings(moved)[-1].text == "Chosen: Shift traffic to europe-west3, as proposal `p-1`."


def test_two_snoozes_are_told_and_the_same_one_only_once() -> None:
    first, second = (replace(ADVISED, snooze=Snooze("U0ANA00001", T0.replace(hour=at), "x")) for at in (10, 11))
    keys = {saying.key for each in (first, first, second) for saying in incident_sayings(each)}
    assert len([key for key in keys if key.startswith("snoozed-")]) == 2


def test_a_note_is_told_once_as_long_as_it_says_the_same() -> None:
    noted = replace(ADVISED, note="Cloud Monitoring closed the alert by its time-out")
    [told] = [saying for saying in incident_sayings(noted) if saying.key.startswith("note-")]
    assert told.text == "Note: Cloud Monitoring closed the alert by its time-out"
