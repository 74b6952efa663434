"""What came of remedies: predicted against observed, in words, and how each kind has done so far."""

from __future__ import annotations

from collections.abc import Mapping

from shared.blocks.incident_figures import BECOMES, percent, percents, seconds, times
from shared.blocks.kit import Part, lines, moment, person, safe
from shared.domain.incidents import Incident, Outcome
from shared.domain.learning import Lesson
from shared.domain.suggestions import RemedyKind

Scores = Mapping[RemedyKind, Lesson]
"""How remedies of a kind have done so far, for one deployment."""
_MOST = 6


def outcomes(incident: Incident) -> Part:
    """Return each remedy that was applied, newest first, with its verdict or when it comes."""
    found = sorted(incident.outcomes, key=lambda outcome: outcome.at, reverse=True)
    said = [line for outcome in found[:_MOST] for line in (applied(outcome), verdict(outcome))]
    said += [f"… and {len(found) - _MOST} earlier"] if len(found) > _MOST else []
    return Part(f"*What was done*\n{lines(said)}" if said else "")


def applied(outcome: Outcome) -> str:
    """Say what was applied, when, by whom and as which proposal."""
    who = f" by {person(outcome.by)}" if outcome.by else ""
    proposal = f" (proposal `{safe(outcome.proposal, 40)}`)" if outcome.proposal else ""
    done = "Left alone" if outcome.kind is RemedyKind.NOTHING else "Applied"
    return f"• {done}: {safe(outcome.title, 150)}, {moment(outcome.at)}{who}{proposal}"


def verdict(outcome: Outcome) -> str:
    """Say what was observed against what was predicted, or when that will be known."""
    predicted = f"predicted {percents(outcome.kv)}"
    if not outcome.judged:
        then = f"{predicted}, first token {times(outcome.ttft)}"
        return f"   KV {percent(outcome.kv_before)}, {then}; judged {moment(outcome.judge_at)}"
    if outcome.blind or outcome.held is None:
        return f"   {predicted}; metrics are missing, so nobody can say whether it helped"
    kv = f"KV {percent(outcome.kv_before)} {BECOMES} {percent(outcome.kv_after)}, {predicted}"
    came = "as predicted" if outcome.held else "not as predicted"
    return f"   {kv}: {came}{_first_token(outcome)}"


def _first_token(outcome: Outcome) -> str:
    if outcome.ttft_after is None:
        return ""
    changed = f"{seconds(outcome.ttft_before)} {BECOMES} {seconds(outcome.ttft_after)}"
    return f"; first token {changed}, predicted {times(outcome.ttft)}"


def score(scores: Scores) -> Part:
    """Return how often each kind of remedy came out as predicted, for this deployment."""
    tried = {kind: (round(lesson.hits), round(lesson.tries)) for kind, lesson in scores.items()}
    said = [f"{kind}: {hits} of {tries} as predicted" for kind, (hits, tries) in sorted(tried.items()) if tries > 0]
    return Part(f"*Score so far:* {'; '.join(said)}" if said else "")
