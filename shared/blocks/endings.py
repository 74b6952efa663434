"""The cards of proposals that ended without being applied: what ended them, and how to ask again."""

from __future__ import annotations

from shared.blocks.asks import command_of, noun_of
from shared.blocks.kit import Part, Parts, card, moment, people, safe
from shared.blocks.plan import asked, changes, footer
from shared.blocks.view import View
from shared.ports import Card


def rejected_card(view: View) -> Card:
    """Return the card of a proposal that somebody refused or withdrew."""
    asker = view.proposal.intent.user
    withdrawn = view.rejected_by == {asker}
    who = "Withdrawn by the person who asked" if withdrawn else f"Rejected by {people(view.rejected_by)}"
    when = min((vote.at for vote in view.votes if not vote.approve), default=None)
    at = f" {moment(when)}" if when else ""
    return _ended("Withdrawn" if withdrawn else "Rejected", f"*{who}*{at}. Nothing was changed.", view)


def expired_card(view: View) -> Card:
    """Return the card of a proposal whose time ran out."""
    gate, count = view.proposal.gate, len(view.approved_by)
    late = gate.run_by if count >= gate.quorum else gate.approve_by
    why = f"*Expired* {moment(late)} with {count} of {gate.quorum} approvals. Nothing was done."
    return _ended("Expired", why, view)


def superseded_card(view: View) -> Card:
    """Return the card of a proposal that was made for a state that is no longer."""
    why = "*Superseded:* another change was applied first, so this plan no longer fits. Nothing was done."
    return _ended("Superseded", why, view)


def void_card(view: View) -> Card:
    """Return the card of a proposal that was approved but could not be applied as it was shown."""
    because = safe(view.decision.because, 1500) if view.decision else ""
    why = f"*Void:* {because or 'what was approved is no longer what would happen'}. Nothing was changed."
    return _ended("Void", why, view)


def _ended(word: str, why: str, view: View) -> Card:
    proposal = view.proposal
    again = Part(f"To ask again: `{safe(command_of(proposal.intent), 600)}`")
    title = f"{word}: {noun_of(proposal.intent, proposal.deployment)}"
    return card(Parts(title, [Part(why), asked(proposal), changes(proposal), again], (), footer(proposal)))
