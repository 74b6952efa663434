"""What the bot answers to status, list, why and history: texts for one person, from values that were only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.blocks.asks import command_of
from shared.blocks.kit import lines, moment, people, person, safe
from shared.blocks.units import addresses, unit_name, unit_text
from shared.blocks.view import View, Work
from shared.domain.conditions import ConditionType, find
from shared.domain.desired import DeploymentSpec, Desired
from shared.domain.proposals import State

MOST = 3800
"""Characters of an answer."""


@dataclass(frozen=True)
class Standing:
    """One deployment: what it should be and how its units stand, the platform's among them."""

    name: str
    desired: Desired
    works: tuple[Work, ...]

    @property
    def spec(self) -> DeploymentSpec | None:
        """What it should be; None if it should be gone."""
        return self.desired.spec if isinstance(self.desired.spec, DeploymentSpec) else None

    @property
    def own(self) -> tuple[Work, ...]:
        """Its own units, without the platform's."""
        return tuple(work for work in self.works if not work.unit.is_platform)

    @property
    def word(self) -> str:
        """How it stands, in a word."""
        if any(work.trouble for work in self.works):
            return "waits for a person"
        if not all(work.done for work in self.own):
            return "in progress" if self.spec else "being deleted"
        return "ready" if self.spec else "deleted"


def status_text(standing: Standing) -> str:
    """Return how a deployment stands, unit by unit."""
    said = [f"*{safe(standing.name)}*: {standing.word} (generation {standing.desired.generation})."]
    if standing.spec:
        said.append(spec_text(standing.spec))
    found = addresses(work.status for work in standing.own if work.status)
    said += [f"Endpoint for {safe(place)}: `http://{safe(address)}`" for place, address in found]
    shown = [work for work in standing.works if not (work.unit.is_platform and work.done)]
    said += [line for work in shown for line in unit_text(work).split("\n")]
    return lines(said, MOST, at_most=120)


def spec_text(spec: DeploymentSpec) -> str:
    """Return what a deployment should be, in a line."""
    places = ", ".join(f"{safe(region)} x{place.replicas}" for region, place in sorted(spec.regions.items()))
    way = safe(spec.consumption.replace("_", "-"))
    own = "".join(f", {safe(region)} at {percent} %" for region, percent in sorted(spec.utilizations.items()))
    spills = f"spills over at {spec.utilization} % of KV cache{own}"
    limits = {"max-num-seqs": spec.max_num_seqs, "max-model-len": spec.max_model_len}
    tuned = "".join(f"; {name} {value}" for name, value in limits.items() if value)
    return f"{safe(spec.model)} on {safe(spec.machine)} ({way}): {places}; {spills}{tuned}"


def list_text(standings: Sequence[Standing]) -> str:
    """Return one line for each deployment."""
    if not standings:
        return "There is no deployment yet. `/infer deploy MODEL REGION` proposes one; `/infer help` shows the rest."
    said = [f"• *{safe(one.name)}*: {one.word}. {spec_text(one.spec) if one.spec else ''}".strip() for one in standings]
    return lines(said, MOST, at_most=60)


def why_text(standing: Standing, region: str = "") -> str:
    """Return what each unit waits for and what to do, the trouble first; or that nothing is wrong, and since when."""
    works = [work for work in standing.works if not region or work.unit.location == region]
    if not works:
        places = ", ".join(sorted(standing.spec.regions)) if standing.spec else "nowhere"
        return f"{safe(standing.name)} does not serve in {safe(region)}; it serves in {safe(places)}."
    waiting = sorted((work for work in works if work.trouble or not work.done), key=lambda work: not work.trouble)
    if waiting:
        said = [line for work in waiting for line in unit_text(work).split("\n")]
        return lines([f"*{safe(standing.name)}*: {standing.word}", *said], MOST, at_most=120)
    said = [f"*{safe(standing.name)}* is as wanted, so there is nothing to explain:"]
    return lines([*said, *(_since(work) for work in works)], MOST)


def _since(work: Work) -> str:
    ready = find(work.status.conditions, ConditionType.READY) if work.status else None
    return f"{unit_name(work.unit)}: {f'since {moment(ready.last_transition_time)}' if ready else 'unknown'}"


def history_text(name: str, views: Sequence[View]) -> str:
    """Return who asked for what, what became of it and who agreed, newest first."""
    if not views:
        return f"Nobody has asked for a change of {safe(name)} yet. `/infer list` shows which deployments there are."
    said = [f"*History of {safe(name)}*, newest first:"]
    return lines([*said, *(_event(view) for view in views)], MOST)


def _event(view: View) -> str:
    proposal = view.proposal
    who, asked = person(proposal.intent.user), safe(command_of(proposal.intent))
    return f"• {moment(proposal.created_at)} {who}: `{asked}` - {_became(view)} (`{proposal.id}`)"


def _became(view: View) -> str:
    match view.state:
        case State.APPLIED | State.VOID if view.decision:
            agreed = f", approved by {people(view.approved_by)}" if view.approved_by else ""
            because = f": {safe(view.decision.because)}" if view.state is State.VOID else ""
            return f"{view.state} {moment(view.decision.at)}{agreed}{because}"
        case State.REJECTED:
            return f"rejected by {people(view.rejected_by)}"
        case State.OPEN:
            return f"waits for approval until {moment(view.proposal.gate.approve_by)}"
        case _:
            return str(view.state)
