"""The cards of an applied proposal: under way, done, deleted, replaced by a later one."""

from __future__ import annotations

from shared.blocks.asks import doing
from shared.blocks.kit import Button, Part, Parts, card, lines, moment, people, safe
from shared.blocks.money import duration, usd
from shared.blocks.plan import asked, changes, footer
from shared.blocks.units import addresses, unit_text
from shared.blocks.view import View
from shared.domain.desired import DeploymentSpec
from shared.domain.quotes import total
from shared.ports import Card

UNDO = "undo"
"""Action id of the button."""
_MOST_UNITS = 36


def progress_card(view: View) -> Card:
    """Return the card of what is being done, unit by unit; what waits for a person comes first."""
    works = sorted(view.works, key=lambda work: not work.trouble)
    done = sum(work.done for work in works)
    parts = [
        asked(view.proposal),
        applied(view),
        Part(f"*{done} of {len(works)} places as wanted.* Expected: {duration(view.proposal.quote.eta)} in all."),
        *(Part(unit_text(work)) for work in works[:_MOST_UNITS]),
        Part(f"… and {len(works) - _MOST_UNITS} more places" if len(works) > _MOST_UNITS else ""),
    ]
    name = view.proposal.deployment
    title = f"Repairing {name}" if view.finished else doing(view.proposal.intent, name)
    waits = " - a person is needed" if view.troubles else ""
    return card(Parts(f"{title}{waits}", parts, (), footer(view.proposal)))


def applied(view: View) -> Part:
    """Say who agreed and when it was applied."""
    if view.decision is None:
        return Part("")
    who = f"approved by {people(view.approved_by)}" if view.approved_by else "no approval was needed"
    return Part(f"*Applied* {moment(view.decision.at)}; {who}.")


def done_card(view: View) -> Card:
    """Return the card of a finished change: where it is served, what it costs, and how to undo it."""
    proposal, spec = view.proposal, view.after
    parts = [
        asked(proposal),
        applied(view),
        Part(_finished(view)),
        Part(_serving(spec, view) if spec else ""),
        Part(_cost(view)),
    ]
    return card(
        Parts(
            f"Done: {proposal.deployment} is serving", parts, (undo_button(view.proposal.deployment),), footer(proposal)
        )
    )


def deleted_card(view: View) -> Card:
    """Return the card of a finished delete."""
    parts = [asked(view.proposal), applied(view), Part(_finished(view)), Part(_cost(view))]
    title = f"Deleted: {view.proposal.deployment} is gone"
    return card(Parts(title, parts, (undo_button(view.proposal.deployment),), footer(view.proposal)))


def replaced_card(view: View) -> Card:
    """Return the card of a change that a later one has taken the place of."""
    later = f"*Replaced* by proposal `{safe(view.replaced_by, 40)}`, whose card shows how it stands now."
    parts = [asked(view.proposal), applied(view), Part(later), changes(view.proposal)]
    return card(Parts(f"Replaced: {view.proposal.deployment} was changed again", parts, (), footer(view.proposal)))


def _finished(view: View) -> str:
    when = view.finished_at
    if when is None or view.decision is None:
        return "*Finished.*"
    return f"*Finished* {moment(when)}, after {duration(when - view.decision.at).removeprefix('about ')}."


def _serving(spec: DeploymentSpec, view: View) -> str:
    found = addresses(work.status for work in view.works if work.status and not work.unit.is_platform)
    said = [f"*Serving* {safe(spec.model)} as `{safe(spec.served_name)}` on {safe(spec.machine)} ({_way(spec)})"]
    said += [f"• {safe(region)}: {_replicas(place.replicas)}" for region, place in sorted(spec.regions.items())]
    said += [f"Endpoint for {safe(place)}: `http://{safe(address)}`" for place, address in found]
    if found:
        body = f'{{"model": "{safe(spec.served_name)}", "prompt": "Hello", "max_tokens": 16}}'
        said.append("Try it from a machine in the same VPC network:")
        said.append(
            f"```curl http://{safe(found[0][1])}/v1/completions -H 'Content-Type: application/json' -d '{body}'```"
        )
    return lines(said)


def _way(spec: DeploymentSpec) -> str:
    return safe(spec.consumption.replace("_", "-"), 40)


def _replicas(count: int) -> str:
    return f"{count} replica{'' if count == 1 else 's'}"


def _cost(view: View) -> str:
    cost = total(view.proposal.quote.after)
    return (
        f"*Cost of what this changed:* {usd(cost, cost.hourly)} per hour, {usd(cost, cost.monthly)} per month, "
        f"{view.proposal.quote.gpus_after} GPUs"
    )


def undo_button(name: str) -> Button:
    """Return the button that asks for the way back from a deployment's last change."""
    confirm = (
        f"Undo the last change of {name}?",
        "This proposes the way back; it is priced and approved like any change.",
    )
    return Button(UNDO, "Undo", name, f"Undo the last change of {name}", f"/infer undo {name}", "", confirm)
