"""The card of an incident in every state: what it says, what it offers, and what it must never say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.blocks.incident import incident_card, incident_sayings
from shared.domain.incidents import UNREADABLE, Incident, IncidentState, Snooze
from shared.domain.learning import Lesson
from shared.domain.suggestions import Advice, Diagnosis, RemedyKind
from shared.ports import Card
from tests.unit.blocks.incident_values import (
    ADD,
    ADVICE,
    ADVISED,
    ALARM,
    BLIND,
    CONSOLE,
    EMPTY,
    JUST_OPENED,
    NOTHING,
    OUTCOME,
    RESOLVED,
    SHIFT,
    T0,
    ramp,
    window,
)


def shown(incident: Incident) -> str:
    return incident_card(incident, T0).text


def title(card: Card) -> str:
    return str(card.blocks[0]["text"]["text"])


def buttons(incident: Incident) -> list[str]:
    rows = (block["elements"] for block in incident_card(incident, T0).blocks if block["type"] == "actions")
    return [f"{button['action_id']} {button['value']}" for row in rows for button in row]


def diagnosed(diagnosis: Diagnosis) -> Incident:
    return replace(ADVISED, advice=replace(ADVICE, diagnosis=diagnosis))


SNOOZED = replace(ADVISED, snooze=Snooze("U0ANA00001", T0 + timedelta(hours=2), "load test <!channel>"))
TIMED_OUT = replace(
    ADVISED, alarms={"c": replace(ALARM, open=False)}, note="Cloud Monitoring closed the alert by its time-out"
)


@pytest.mark.parametrize(
    ("incident", "said"),
    [
        pytest.param(JUST_OPENED, "chat in us-east4: alert received, metrics are being read", id="not looked yet"),
        pytest.param(ADVISED, "chat in us-east4: KV cache is the limit, 93 % full", id="full"),
        pytest.param(
            diagnosed(Diagnosis.PREFILL_BOUND),
            "chat in us-east4: prefill is the limit, first token after 6 s",
            id="prefill",
        ),
        pytest.param(
            diagnosed(Diagnosis.BAD_RELEASE),
            "chat in us-east4: the last release made it slower, first token after 6 s",
            id="bad release",
        ),
        pytest.param(
            diagnosed(Diagnosis.HUNG),
            "chat in us-east4: servers take requests and answer none, 120 requests waiting",
            id="hung",
        ),
        pytest.param(
            replace(diagnosed(Diagnosis.BLIND), window=BLIND),
            "chat in us-east4: metrics are missing, so not known to be healthy",
            id="blind",
        ),
        pytest.param(
            diagnosed(Diagnosis.HEALTHY), "chat in us-east4: measured in order, alert still open", id="in order again"
        ),
        pytest.param(RESOLVED, "Resolved: chat in us-east4", id="resolved"),
    ],
)
def test_the_title_says_where_what_and_how_bad(incident: Incident, said: str) -> None:
    assert title(incident_card(incident, T0)) == said


def test_the_card_stands_in_the_order_in_which_it_is_read_at_night() -> None:
    text = shown(ADVISED)
    order = ["KV cache is 93 % full", "rose from", "*Figures of", "*Other regions:*", "*1. Shift", "*2. Add", "*Alerts"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


def test_an_option_says_effect_time_price_risk_and_why_not_more() -> None:
    assert (
        "*2. Add 2 replicas on new nodes*\n"
        "KV 93 % → 55\N{EN DASH}62 %, first token 6 s → 0.4\N{EN DASH}0.8 s\n"
        "felt after about 9 min · +12.40 USD per hour · +2 GPUs\n"
        "europe-west3 has room.\n"
        "Risk: europe-west3 gets a third more\n"
        "Why not more: more would fill europe-west3\n"
    ) in shown(ADVISED)


def test_every_figure_is_in_the_table_and_in_words() -> None:
    [table] = [block for block in incident_card(ADVISED, T0).blocks if block["type"] == "table"]
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    assert rows[0] == ["Metric", "Now", "Threshold", "10 min ago"]
    assert ["KV cache, mean", "93 %", "60 %", "75 %"] in rows
    assert "KV cache, mean: 93 %, threshold 60 %, 10 min ago 75 %" in shown(ADVISED)


def test_each_option_has_a_button_and_the_first_is_the_primary_one() -> None:
    assert buttons(ADVISED) == [
        "remedy chat.us-east4.3:s-1",
        "remedy chat.us-east4.3:s-2",
        "why-remedy chat.us-east4.3",
        "snooze-incident chat.us-east4.3",
    ]
    rows = [block["elements"] for block in incident_card(ADVISED, T0).blocks if block["type"] == "actions"]
    assert [button.get("style") for row in rows for button in row] == ["primary", None, None, None]


def test_only_what_may_cost_more_asks_again() -> None:
    rows = [block["elements"] for block in incident_card(ADVISED, T0).blocks if block["type"] == "actions"]
    [shift], [add] = rows[0], rows[1]
    assert "confirm" not in shift
    assert "+12.40 USD per hour, +2 GPUs" in add["confirm"]["text"]["text"]


def test_a_price_that_is_not_known_asks_again() -> None:
    unknown = replace(SHIFT, hourly_delta=None)
    card = incident_card(replace(ADVISED, advice=replace(ADVICE, suggestions=(unknown,))), T0)
    assert (
        "price not known"
        in next(block for block in card.blocks if block["type"] == "actions")["elements"][0]["confirm"]["text"]["text"]
    )


def test_what_was_chosen_shows_its_proposal_and_has_no_button() -> None:
    chosen = replace(ADVISED, chosen={"s-1": "p-0123456789ab"})
    assert "*Chosen:* proposal `p-0123456789ab`" in shown(chosen)
    assert "remedy chat.us-east4.3:s-1" not in buttons(chosen)


def test_what_was_chosen_stays_on_the_card_when_advice_moves_on() -> None:
    moved = replace(ADVISED, advice=replace(ADVICE, suggestions=(ADD,)), chosen={"s-1": "p-1"}, pinned={"s-1": SHIFT})
    assert "*Shift traffic to europe-west3*\n*Chosen:* proposal `p-1`" in shown(moved)


def test_doing_nothing_has_no_number_and_no_button() -> None:
    only = replace(ADVISED, advice=replace(ADVICE, suggestions=(NOTHING,)))
    assert "*Do nothing*\nKV 93 % → 90\N{EN DASH}100 %" in shown(only)
    assert not [button for button in buttons(only) if button.startswith("remedy")]


def test_before_the_first_look_nothing_is_offered_and_nothing_is_called_healthy() -> None:
    assert "Cloud Monitoring raised an alert; the metrics are being read.\nKV above 80 %." in shown(JUST_OPENED)
    assert buttons(JUST_OPENED) == ["snooze-incident chat.us-east4.3"]


def test_quiet_advice_says_why() -> None:
    quiet = replace(ADVISED, advice=Advice(Diagnosis.KV_BOUND, ("full",), quiet="a change was applied 2 min ago"))
    assert "*Nothing is suggested:* a change was applied 2 min ago" in shown(quiet)


def test_a_blind_region_is_never_called_healthy() -> None:
    blind = replace(ADVISED, window=BLIND, advice=Advice(Diagnosis.BLIND, ("no series for 6 min",)), elsewhere={})
    text = shown(blind).lower()
    assert "without metrics nobody can say what would help" in text
    assert "kv cache, mean: unknown" in text
    assert "healthy" not in text.replace("not known to be healthy", "")


def test_a_region_elsewhere_that_is_not_seen_is_not_called_empty() -> None:
    assert "*Other regions:* europe-west3 metrics are missing, so not known to be healthy" in shown(
        replace(ADVISED, elsewhere={"europe-west3": BLIND})
    )


def test_a_storm_is_counted_on_one_card() -> None:
    flapped = replace(ADVISED, received=200, alarms={"c": replace(ALARM, times=100)})
    assert "*Alerts of Cloud Monitoring* (200 notifications)" in shown(flapped)
    assert ", opened 100 times" in shown(flapped)


def test_several_alarms_stand_with_the_open_ones_first() -> None:
    closed = replace(ALARM, name="Many requests wait", open=False, since=T0 - timedelta(hours=1))
    text = shown(replace(ADVISED, alarms={"a": closed, "c": ALARM}))
    assert text.index("KV cache is nearly full: open") < text.index("Many requests wait: closed")


def test_only_addresses_of_googles_console_become_links() -> None:
    escaped = CONSOLE.replace("&", "&amp;")
    assert f"(<{escaped}|open in the console>)" in shown(ADVISED)
    foreign = replace(ALARM, url="https://console.cloud.google.com.evil.example/x")
    assert "evil" not in shown(replace(ADVISED, alarms={"c": foreign}))


def test_a_snoozed_incident_offers_nothing_until_then_and_says_why() -> None:
    text = shown(SNOOZED)
    assert "*Snoozed* until <!date^" in text
    assert "by <@U0ANA00001>: load test &lt;!channel&gt;" in text
    assert (buttons(SNOOZED), "Shift traffic" in text) == (["why-remedy chat.us-east4.3"], False)


def test_after_a_snooze_the_options_are_back() -> None:
    assert "*1. Shift traffic" in incident_card(SNOOZED, T0 + timedelta(hours=3)).text


def test_in_shadow_mode_suggestions_are_shown_and_not_offered() -> None:
    shadow = replace(ADVISED, shadow=True)
    assert "*Shadow mode:* suggestions are recorded and scored here, and not offered." in shown(shadow)
    assert "*1. Shift traffic to europe-west3*" in shown(shadow)
    assert buttons(shadow) == ["why-remedy chat.us-east4.3"]


def test_what_was_applied_waits_for_its_verdict_and_can_be_undone() -> None:
    pending = replace(ADVISED, outcomes=(OUTCOME,))
    assert "• Applied: Shift traffic to europe-west3, <!date^" in shown(pending)
    assert "predicted 55\N{EN DASH}62 %, first token 0.4\N{EN DASH}0.8 s; judged <!date^" in shown(pending)
    assert buttons(pending)[-1] == "undo chat"


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        pytest.param(0.58, "KV 93 % → 58 %, predicted 55\N{EN DASH}62 %: as predicted", id="held"),
        pytest.param(0.71, "KV 93 % → 71 %, predicted 55\N{EN DASH}62 %: not as predicted", id="not held"),
        pytest.param(None, "metrics are missing, so nobody can say whether it helped", id="blind"),
    ],
)
def test_a_verdict_says_predicted_against_observed(after: float | None, verdict: str) -> None:
    judged = replace(ADVISED, outcomes=(replace(OUTCOME, judged=True, kv_after=after, ttft_after=0.6),))
    assert verdict in shown(judged)


def test_a_closed_alert_over_a_hot_region_is_not_called_resolved() -> None:
    text = shown(TIMED_OUT)
    assert "*Note:* Cloud Monitoring closed the alert by its time-out" in text
    assert "*Not resolved:* Cloud Monitoring has closed its alert" in text
    assert "Resolved:" not in text
    assert "resolved" not in {saying.key for saying in incident_sayings(TIMED_OUT)}


def test_a_resolved_incident_says_how_long_it_took_and_what_helped() -> None:
    text = shown(RESOLVED)
    assert "after about 43 min. The metrics were read again: KV 45 %, first token 0.4 s." in text
    assert "KV 93 % → 58 %, predicted 55\N{EN DASH}62 %: as predicted; first token 6 s → 0.6 s" in text
    assert buttons(RESOLVED) == ["why-remedy chat.us-east4.3", "undo chat"]


def test_the_score_of_each_kind_is_shown_once_there_is_one() -> None:
    lessons = {
        RemedyKind.SHIFT: Lesson(hits=3.93, tries=4.88),
        RemedyKind.WARM: Lesson(hits=1.0, tries=1.0),
        RemedyKind.NODES: Lesson(),
    }
    text = incident_card(ADVISED, T0, lessons).text
    assert "*Score so far:* add replicas on warm nodes: 1 of 1 as predicted; shift traffic: 4 of 5 as predicted" in text
    assert "add nodes:" not in text


def test_unreadable_notifications_are_listed_without_any_action() -> None:
    lost = Incident("unreadable.1", UNREADABLE, "", "", T0, received=2, problems=("schema 9.9", "not JSON <!here>"))
    text = shown(lost)
    assert "*2 notifications* could not be read or are not for us. Recorded; nothing was done." in text
    assert "• schema 9.9\n• not JSON &lt;!here&gt;" in text
    assert (buttons(lost), incident_sayings(lost)) == ([], [])


def test_a_card_does_not_flicker_with_figures_that_round_to_the_same() -> None:
    nearly = replace(ADVISED, window=window(ramp(0.410001, 0.930001), ttft=ramp(0.40001, 6.0001)))
    assert incident_card(nearly, T0 + timedelta(minutes=1)) == incident_card(ADVISED, T0)


def test_seldom_metrics_stand_in_the_table_only_when_there_are_any() -> None:
    thrown = replace(ADVISED, window=window(preemptions=ramp(0, 3)))
    assert "Preempted per second: 3" in shown(thrown)
    assert "Preempted" not in shown(ADVISED)


def test_an_incident_that_is_over_offers_nothing() -> None:
    over = replace(ADVISED, state=IncidentState.RESOLVED)
    assert not [button for button in buttons(over) if button.startswith(("remedy", "snooze"))]


def test_the_fullest_server_has_a_row_only_where_it_tells_more() -> None:
    assert "KV cache, fullest server: 99 %" in shown(replace(ADVISED, window=window(kv_max=ramp(0.5, 0.99))))
    assert "fullest" not in shown(ADVISED)


def test_what_was_not_measured_is_unknown_and_not_zero() -> None:
    text = shown(replace(ADVISED, window=window(waiting=EMPTY)))
    assert "Waiting requests: unknown, 10 min ago unknown" in text
