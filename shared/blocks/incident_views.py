"""What one person is shown about an incident beside its card: why it is advised, and the form that snoozes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

from shared.blocks.incident import SNOOZE
from shared.blocks.incident_evidence import name_of, title_of
from shared.blocks.incident_figures import effect
from shared.blocks.incident_options import choices
from shared.blocks.kit import Block, lines, safe, section, words
from shared.domain.incidents import Incident
from shared.domain.suggestions import Suggestion
from shared.domain.windows import latest
from shared.ports import Surface

FOR, REASON = "for", "reason"
"""Block ids of the fields, and the action id within each."""
LONGEST_REASON = 300
"""Characters; more are not kept."""
SNOOZES = {
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "2h": timedelta(hours=2),
    "4h": timedelta(hours=4),
    "8h": timedelta(hours=8),
    "24h": timedelta(hours=24),
}
"""What is offered, by the word that would be typed for it."""
_USUAL = "2h"
_MOST_FIGURES = 30


def why_view(incident: Incident) -> Surface:
    """Return the formulas and figures behind each suggestion, as they were when it was advised."""
    numbers = {suggestion.id: number for number, suggestion in enumerate(choices(incident), start=1)}
    found = incident.advice.suggestions if incident.advice else ()
    blocks = [section(f"*{safe(title_of(incident), 300)}*"), *_rests_on(incident)]
    blocks += [section(_why(each, numbers.get(each.id, 0), incident)) for each in found[:10]]
    if not found:
        quiet = incident.advice.quiet if incident.advice else ""
        blocks.append(section(f"Nothing is suggested{f': {safe(quiet, 600)}' if quiet else '.'}"))
    return _shown("Why", blocks)


def _rests_on(incident: Incident) -> list[Block]:
    said = [f"• {safe(each, 400)}" for each in (incident.advice.evidence if incident.advice else ())]
    return [section(f"*Evidence*\n{lines(said, at_most=12)}")] if said else []


def _why(suggestion: Suggestion, number: int, incident: Incident) -> str:
    kv, ttft = (latest(incident.window.kv), latest(incident.window.ttft)) if incident.window else (None, None)
    figures = (f"• {safe(name, 120)}: {safe(value, 400)}" for name, value in suggestion.figures)
    return lines(
        [
            f"*{f'{number}. ' if number else ''}{safe(suggestion.title, 150)}*",
            safe(suggestion.why, 400),
            f"Predicted, eight times in ten: {effect(kv, ttft, suggestion.kv, suggestion.ttft)}",
            *figures,
        ],
        at_most=_MOST_FIGURES,
    )


def snooze_form(incident: Incident, channel: str) -> Surface:
    """Return the form that asks how long and why. ``channel``: where it was opened."""
    options = [_option(word) for word in SNOOZES]
    usual = next(option for option in options if option["value"] == _USUAL)
    menu: Block = {"type": "static_select", "action_id": FOR, "options": options, "initial_option": usual}
    reason: Block = {"type": "plain_text_input", "action_id": REASON, "multiline": True, "max_length": LONGEST_REASON}
    return {
        "type": "modal",
        "callback_id": SNOOZE,
        "title": words("Snooze suggestions", 24),
        "submit": words("Snooze", 24),
        "close": words("Cancel", 24),
        "private_metadata": json.dumps({"channel": channel, "incident": incident.id}),
        "blocks": [
            section(
                f"No suggestions for {safe(name_of(incident), 120)} until then. Alerts are still recorded, and the "
                "incident is still looked at."
            ),
            _field(FOR, "For how long", menu),
            _field(REASON, "Why", reason, "Everybody reads it on the card."),
        ],
    }


def _field(name: str, label: str, element: Block, hint: str = "") -> Block:
    asked: dict[str, object] = {"type": "input", "block_id": name, "label": words(label, 2000), "element": element}
    return asked | ({"hint": words(hint, 2000)} if hint else {})


def _option(word: str) -> Block:
    time = SNOOZES[word]
    count, unit = (time // timedelta(hours=1), "hour") if time >= timedelta(hours=1) else (30, "minute")
    return {"text": words(f"{count} {unit}{'' if count == 1 else 's'}", 75), "value": word}


def told_view(title: str, text: str) -> Surface:
    """Return what is shown where there is nothing to ask: one paragraph."""
    return _shown(title, [section(text)])


def _shown(title: str, blocks: Iterable[Block]) -> Surface:
    return {"type": "modal", "title": words(title, 24), "close": words("Close", 24), "blocks": list(blocks)}
