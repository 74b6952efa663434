"""The plan card: who asks for what, what it costs, who must agree, and until when."""

from __future__ import annotations

from shared.blocks.asks import command_of, noun_of
from shared.blocks.kit import Button, Part, Parts, card, lines, moment, people, person, safe
from shared.blocks.money import cost_parts, duration
from shared.blocks.view import View
from shared.domain.proposals import Proposal, State
from shared.ports import Card

APPROVE, REJECT = "approve", "reject"
"""Action ids of the buttons."""


def plan_card(view: View) -> Card:
    """Return the card of a proposal that waits for its quorum, or that nobody needs to agree to."""
    proposal = view.proposal
    parts = [asked(proposal), changes(proposal), *cost_parts(proposal.quote), gate(view), votes(view)]
    return card(Parts(f"Plan: {noun_of(proposal.intent, proposal.deployment)}", parts, ballot(view), footer(proposal)))


def plan_only_card(view: View) -> Card:
    """Return the card of a dry run: the plan, and how to ask for it in earnest."""
    proposal = view.proposal
    again = safe(command_of(proposal.intent).replace("/infer plan ", "/infer ", 1), 600)
    parts = [
        Part("*Only a plan was asked for.* Nothing was changed, and nobody can approve this."),
        asked(proposal),
        changes(proposal),
        *cost_parts(proposal.quote),
        Part(f"To do it: `{again}`"),
    ]
    return card(Parts(f"Plan only: {noun_of(proposal.intent, proposal.deployment)}", parts, (), footer(proposal)))


def asked(proposal: Proposal) -> Part:
    """Say who asked for it, in which words."""
    who = f"{person(proposal.intent.user)} asks" if proposal.intent.user else "Asked"
    return Part(f"{who}: `{safe(command_of(proposal.intent), 600)}`")


def changes(proposal: Proposal) -> Part:
    """Say what changes, field by field, and how many resources that touches."""
    counts = ", ".join(f"{count} {_past(what)}" for what, count in sorted(proposal.counts.items()))
    said = lines((f"• {safe(line)}" for line in proposal.summary), 2600, at_most=25)
    return Part(f"*What changes*\n{said or '• nothing'}\n{f'Resources: {counts}' if counts else ''}".strip())


def _past(what: str) -> str:
    return {"create": "created", "update": "updated", "delete": "deleted"}.get(what, safe(what, 40))


def footer(proposal: Proposal) -> str:
    """Name the proposal and what its figures rest on."""
    catalogue = safe(proposal.quote.catalogue, 80)
    return f"Proposal `{safe(proposal.id, 40)}` · digest {safe(proposal.digest[:12])} · prices: {catalogue}"


def gate(view: View) -> Part:
    """Say who must agree, and until when."""
    asks, asker = view.proposal.gate, person(view.proposal.intent.user)
    if asks.quorum == 0:
        return Part(f"*Approval:* none needed (rule {safe(asks.rule, 100)}); it is applied at once.")
    needed = f"{asks.quorum} {'vote' if asks.quorum == 1 else 'votes'}"
    return Part(
        f"*Approval:* {needed} from {safe(view.who or ' or '.join(asks.roles), 600)}, not {asker} "
        f"(rule {safe(asks.rule, 100)})\n"
        f"*Approve by* {moment(asks.approve_by)}; after that nothing is done. "
        f"Once approved it must start by {moment(asks.run_by)}."
    )


def votes(view: View) -> Part:
    """Say who agreed so far."""
    if not view.approved_by:
        return Part("")
    left = view.proposal.gate.quorum - len(view.approved_by)
    ending = f"; {left} more needed" if left > 0 else "; being applied"
    return Part(f"*Approved by* {people(view.approved_by)}{ending}")


def price(proposal: Proposal) -> str:
    """Say what it costs before and after, as far as known, and how long it takes."""
    before, after = (cents / 100 for cents in proposal.quote.cents)
    return f"Known cost: {before:,.2f} → {after:,.2f} USD per hour. Takes {duration(proposal.quote.eta)}."


def ballot(view: View) -> tuple[Button, ...]:
    """Return the buttons that vote on it: none where no vote is wanted."""
    proposal = view.proposal
    if view.state is not State.OPEN or proposal.gate.quorum == 0:
        return ()
    what, value = noun_of(proposal.intent, proposal.deployment), f"{proposal.id}:{proposal.digest}"
    return (
        Button(
            APPROVE,
            "Approve",
            value,
            f"Approve: {what}",
            f"/infer approve {proposal.id}",
            "primary",
            (f"Approve: {what}?", price(proposal)),
        ),
        Button(
            REJECT,
            "Reject",
            value,
            f"Reject: {what}",
            f"/infer reject {proposal.id}",
            "danger",
            (f"Reject: {what}?", "The proposal ends, and nothing is changed."),
        ),
    )
