"""What can be done about an incident: each suggestion with its prediction and price, and the button that chooses it."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from shared.blocks.asks import command_of
from shared.blocks.incident_evidence import name_of, sentence
from shared.blocks.incident_figures import effect, gpus_of, known, price_of, within
from shared.blocks.kit import Button, Part, actions, lines, moment, person, safe
from shared.domain.incidents import Incident, IncidentState
from shared.domain.intents import Ask, Balance, Delete, Deploy, Intent, Rollback, Scale, Tune, Undo
from shared.domain.suggestions import Diagnosis, Suggestion
from shared.domain.windows import latest

REMEDY = "remedy"
"""Action id of the buttons; the value is ``INCIDENT:SUGGESTION``."""
_MOST_OPTIONS = 6
_LONGEST = 300


def choices(incident: Incident) -> list[Suggestion]:
    """Return the suggestions that can be chosen, in the order of their numbers."""
    found = incident.advice.suggestions if incident.advice else ()
    return [each for each in found if each.ask is not None][:_MOST_OPTIONS]


def is_snoozed(incident: Incident, now: datetime) -> bool:
    """Say whether suggestions are silent."""
    return incident.snooze is not None and now < incident.snooze.until


def is_offered(incident: Incident, now: datetime) -> bool:
    """Say whether anything of the advice may be chosen now."""
    return incident.state is IncidentState.OPEN and not incident.shadow and not is_snoozed(incident, now)


def options(incident: Incident, now: datetime) -> list[Part]:
    """Return the suggestions with their buttons, best first, or why there is none."""
    if incident.state is not IncidentState.OPEN:
        return []
    parts = [_silence(incident, now), _quiet(incident)]
    if is_snoozed(incident, now) or incident.advice is None:
        return parts
    numbers = {suggestion.id: number for number, suggestion in enumerate(choices(incident), start=1)}
    parts += [Part(_chosen_before(incident))]
    for suggestion in incident.advice.suggestions:
        number = numbers.get(suggestion.id, 0)
        if number or suggestion.ask is None:
            parts.append(Part(_paragraph(suggestion, number, incident)))
            parts += _chooser(suggestion, number, incident) if number and is_offered(incident, now) else []
    return parts


def _chosen_before(incident: Incident) -> str:
    """Say what was chosen and is no longer among the suggestions, because advice has moved on."""
    now = {suggestion.id for suggestion in incident.advice.suggestions} if incident.advice else set()
    gone = ((seen(incident, name), proposal) for name, proposal in incident.chosen.items() if name not in now)
    return lines(f"*{safe(found.title, 150)}*\n{_became(proposal)}" for found, proposal in gone if found)


def seen(incident: Incident, suggestion: str) -> Suggestion | None:
    """Return a suggestion as it was when it was chosen, or else as it stands."""
    return incident.pinned.get(suggestion) or incident.suggestion(suggestion)


def _silence(incident: Incident, now: datetime) -> Part:
    said = []
    if incident.shadow:
        said.append("*Shadow mode:* suggestions are recorded and scored here, and not offered.")
    if incident.snooze and is_snoozed(incident, now):
        snooze = incident.snooze
        said.append(f"*Snoozed* until {moment(snooze.until)} by {person(snooze.by)}: {safe(snooze.reason, _LONGEST)}")
    return Part("\n".join(said))


def _quiet(incident: Incident) -> Part:
    if incident.advice is None:
        return Part("")
    if incident.advice.quiet:
        return Part(f"*Nothing is suggested:* {safe(incident.advice.quiet, 600)}")
    if incident.advice.diagnosis is Diagnosis.BLIND and not incident.advice.suggestions:
        return Part("*Nothing is suggested:* without metrics nobody can say what would help.")
    return Part("")


def _paragraph(suggestion: Suggestion, number: int, incident: Incident) -> str:
    kv, ttft = (latest(incident.window.kv), latest(incident.window.ttft)) if incident.window else (None, None)
    facts = [within(suggestion.relief)] if number else []
    facts += [price_of(suggestion.hourly_delta), gpus_of(suggestion.gpu_delta)] if number else []
    said = [
        f"*{f'{number}. ' if number else ''}{safe(suggestion.title, 150)}*",
        f"{effect(kv, ttft, suggestion.kv, suggestion.ttft)}{'' if number else ' if nothing is done'}",
        " · ".join(facts),
        sentence(safe(suggestion.why, 400)),
        f"Risk: {safe(suggestion.risk, _LONGEST)}" if suggestion.risk else "",
        f"Why not more: {safe(suggestion.why_not_more, _LONGEST)}" if suggestion.why_not_more else "",
        _became(incident.chosen.get(suggestion.id, "")),
    ]
    return lines(line for line in said if line)


def _became(proposal: str) -> str:
    return f"*Chosen:* proposal `{safe(proposal, 40)}`, whose card shows how it stands." if proposal else ""


def _chooser(suggestion: Suggestion, number: int, incident: Incident) -> list[Part]:
    ask = suggestion.ask
    if ask is None or suggestion.id in incident.chosen:
        return []
    typed = safe(command_of(Intent("", ask, "", "", incident.opened_at)), 600)
    label = label_of(ask)
    button = Button(
        REMEDY,
        f"{number}. {label}",
        f"{incident.id}:{suggestion.id}",
        f"{label}: option {number} for {name_of(incident)}",
        typed,
        "primary" if number == 1 else "",
        (f"{label}?", _question(suggestion)) if _spends(suggestion) else None,
    )
    return [Part(f"Option {number}: `{typed}`", actions([button]))]


def _spends(suggestion: Suggestion) -> bool:
    """Say whether it may cost more: a price that is not known is not nothing."""
    return suggestion.gpu_delta > 0 or (known(suggestion.hourly_delta) or 0) > 0 or suggestion.hourly_delta is None


def _question(suggestion: Suggestion) -> str:
    cost = f"{price_of(suggestion.hourly_delta)}, {gpus_of(suggestion.gpu_delta)}"
    return f"{suggestion.title[:120]}: {cost}. It becomes a proposal; its card says who must agree."


def label_of(ask: Ask) -> str:
    """Return the words of a button."""
    match ask:
        case Balance():
            return "Shift traffic"
        case Scale(delta=delta, replicas=replicas):
            return _scaling(delta, replicas)
        case Deploy():
            return "Add a region"
        case Tune():
            return "Limit the batch"
        case Rollback():
            return "Roll back"
        case Undo():
            return "Undo the last change"
        case Delete():
            return "Delete"
        case other:
            assert_never(other)


def _scaling(delta: int | None, replicas: int | None) -> str:
    if delta is None:
        return f"Scale to {replicas}"
    return f"{'Add' if delta > 0 else 'Remove'} {abs(delta)} {'replica' if abs(delta) == 1 else 'replicas'}"
