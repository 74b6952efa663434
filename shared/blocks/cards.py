"""From a view to the one card that shows it, and to the outcome that its thread is told once. Called by notify."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.blocks.endings import expired_card, rejected_card, superseded_card, void_card
from shared.blocks.kit import lines, people, person, safe
from shared.blocks.money import duration
from shared.blocks.plan import plan_card, plan_only_card
from shared.blocks.progress import deleted_card, done_card, progress_card, replaced_card
from shared.blocks.units import addresses, trouble_text, unit_name
from shared.blocks.view import Phase, View
from shared.domain.names import short_hash
from shared.ports import Card

_CARDS: Mapping[Phase, Callable[[View], Card]] = {
    Phase.PLAN: plan_card,
    Phase.PLAN_ONLY: plan_only_card,
    Phase.REJECTED: rejected_card,
    Phase.EXPIRED: expired_card,
    Phase.SUPERSEDED: superseded_card,
    Phase.VOID: void_card,
    Phase.PROGRESS: progress_card,
    Phase.DONE: done_card,
    Phase.DELETED: deleted_card,
    Phase.REPLACED: replaced_card,
}


@dataclass(frozen=True)
class Saying:
    """Something a card's thread is told once. ``key`` names it within the card."""

    key: str
    text: str


def card_of(view: View) -> Card:
    """Return the card that shows the proposal as it stands."""
    return _CARDS[view.phase](view)


def sayings_of(view: View) -> list[Saying]:
    """Return what the thread has to have been told by now, oldest first. An edit of the card notifies nobody."""
    name, asker = safe(view.proposal.deployment), person(view.proposal.intent.user)
    match view.phase:
        case Phase.PLAN | Phase.PLAN_ONLY:
            return []
        case Phase.REPLACED:
            return [_finished(view)] if view.finished else []
        case Phase.PROGRESS:
            return [*([] if view.finished else [_applied(view)]), *_troubles(view)]
        case Phase.DONE:
            return [Saying("done", f"Done: {name} is serving{_after(view)}. {asker}\n{_endpoints(view)}".strip())]
        case Phase.DELETED:
            return [Saying("deleted", f"Deleted: {name} is gone{_after(view)}. {asker}")]
        case Phase.REJECTED:
            return [Saying("rejected", f"Rejected by {people(view.rejected_by)}: nothing was changed. {asker}")]
        case Phase.EXPIRED:
            return [Saying("expired", f"Expired: nobody acted in time, and nothing was done. {asker}")]
        case Phase.SUPERSEDED:
            return [Saying("superseded", f"Superseded: another change came first, and nothing was done. {asker}")]
        case Phase.VOID:
            because = safe(view.decision.because, 1000) if view.decision else ""
            return [Saying("void", f"Void: {because}. Nothing was changed. {asker}")]


def _applied(view: View) -> Saying:
    who = f"approved by {people(view.approved_by)}" if view.approved_by else "no approval was needed"
    return Saying(
        "applied", f"Applied: {who}. Takes {duration(view.proposal.quote.eta)}; the card above shows how far it is."
    )


def _finished(view: View) -> Saying:
    """What had been reached when a later change came, before the thread was told so."""
    name, asker = safe(view.proposal.deployment), person(view.proposal.intent.user)
    key, reached = ("deleted", "Deleted") if view.after is None else ("done", "Done")
    return Saying(key, f"{reached}: {name} was as asked for{_after(view)}, and has been changed again since. {asker}")


def _troubles(view: View) -> list[Saying]:
    return [
        Saying(
            f"trouble-{short_hash([str(work.unit), work.trouble], 10)}", _trouble(unit_name(work.unit), work.trouble)
        )
        for work in view.troubles
    ]


def _trouble(where: str, message: str) -> str:
    return f"{where}: {trouble_text(message)}"


def _after(view: View) -> str:
    when = view.finished_at
    return f", {duration(when - view.decision.at)} after it was applied" if when and view.decision else ""


def _endpoints(view: View) -> str:
    found = addresses(work.status for work in view.works if work.status and not work.unit.is_platform)
    return lines(f"{safe(place)}: `http://{safe(address)}`" for place, address in found)
