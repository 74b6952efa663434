"""To add servers: on nodes that are there, on new ones, in a new region; and to give them back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.intents import MOST_REPLICAS, Deploy, Scale
from shared.domain.intervals import Interval
from shared.domain.machines import Consumption
from shared.domain.offers import Offer, balance_sheet, sums
from shared.domain.outlook import BURST, FULL, PERSON, REACTION, Outlook
from shared.domain.phrases import count, rate, share, span, usd
from shared.domain.sizing import LEFT, LONG, Growth, allowed, grown, nodes, over_caps, spare_servers
from shared.domain.suggestions import NewPlace, Place, RemedyKind, Situation

MOST_GROWTH = 2
"""Times as many servers as now, and as many more, that one step may lead to: load seldom triples, figures may err."""
_SURE = {
    Consumption.ON_DEMAND: 0.9,
    Consumption.RESERVATION: 0.95,
    Consumption.CALENDAR: 0.95,
    Consumption.SPOT: 0.75,
    Consumption.FLEX_START: 0.7,
}
"""Chance that new nodes come within the lead time, by how they are bought; a judgement, not a measurement."""
_NODE_RISK = {
    Consumption.ON_DEMAND: "a stock-out would delay new nodes",
    Consumption.RESERVATION: "the reservation must have free nodes",
    Consumption.CALENDAR: "the booked period must cover the hours to come",
    Consumption.SPOT: "spot nodes may be out of stock, and are taken back at 30 s notice",
    Consumption.FLEX_START: "flex-start queues until there is stock, longer than the lead time at worst",
}
_WARM_SURE, _REGION_SURE = 0.95, 0.6


@dataclass(frozen=True)
class Step:
    """Servers that are to be added on one kind of node, and those that would be needed."""

    kind: RemedyKind
    growth: Growth
    needed: int
    lead: timedelta

    @property
    def start(self) -> float:
        """Minutes until they serve."""
        return self.lead.total_seconds() / 60


def growths(situation: Situation, here: Outlook) -> Iterator[Offer | str]:
    """Yield the ways to add servers in this region, and why there is no more of one."""
    warm, more = _warm(situation, here), _nodes(situation, here)
    if warm is not None:
        yield _scale(situation, here, warm)
    if more is not None and more.growth.added > (warm.growth.added if warm else 0):
        yield _scale(situation, here, more)
    short = more or warm
    if short is not None and short.growth.short and short.growth.added < short.needed - here.place.replicas:
        yield (
            f"{here.place.region} would need {count(short.needed, 'server')} and can have "
            f"{here.place.replicas + short.growth.added}: {short.growth.short}"
        )


def short_of(situation: Situation, here: Outlook) -> bool:
    """Say whether this region cannot have the servers that it needs."""
    needed = _wanted(here, here.place.lead_nodes)
    return needed > allowed(here.place, needed, situation.room).added


def _wanted(here: Outlook, lead: timedelta) -> int:
    """Return how many servers more the load needs from then on, no more than one step may add."""
    replicas, needed = here.place.replicas, here.needed(lead.total_seconds() / 60)
    return max(0, min(needed, MOST_GROWTH * (replicas + 1)) - replicas)


def _warm(situation: Situation, here: Outlook) -> Step | None:
    place = here.place
    growth = allowed(place, min(place.warm, _wanted(here, place.lead_warm)), situation.room)
    needed = here.needed(place.lead_warm.total_seconds() / 60)
    return Step(RemedyKind.WARM, growth, needed, place.lead_warm) if growth.added > 0 else None


def _nodes(situation: Situation, here: Outlook) -> Step | None:
    place = here.place
    wanted, needed = _wanted(here, place.lead_nodes), here.needed(place.lead_nodes.total_seconds() / 60)
    if wanted <= place.warm:
        return None
    growth = allowed(place, wanted, situation.room)
    return Step(RemedyKind.NODES, growth, needed, place.lead_nodes)


def _scale(situation: Situation, here: Outlook, step: Step) -> Offer:
    place, added = here.place, step.growth.added
    after, (gpus, hourly) = place.replicas + added, grown(place, place.replicas, added)
    risk, sure = _node_risk(situation, place) if step.kind is RemedyKind.NODES else ("the nodes are there", _WARM_SURE)
    new = nodes(added - place.warm, place.replicas_per_node)
    where = "on warm nodes" if step.kind is RemedyKind.WARM else f"on {count(new, 'new node')}"
    return Offer(
        kind=step.kind,
        ask=Scale(place.region, situation.deployment, replicas=after),
        title=f"{count(added, 'replica')} more in {place.region} {where}: {place.replicas} → {after}",
        why=balance_sheet(here, after, step.start),
        why_not_more=_why_not_more(here, after, step),
        risk=risk,
        load=here.load(step.start),
        servers=after,
        capacity=here.most * after,
        relief=step.lead,
        hourly=hourly,
        gpus=gpus,
        sure=sure,
        figures=(*sums(here, step.start), _peak(here, step), ("GPUs", f"{gpus:+d}"), ("cost", usd(hourly))),
    )


def _peak(here: Outlook, step: Step) -> tuple[str, str]:
    peak, each = here.peak(step.start), FULL * here.most
    return "servers needed", f"({peak:.2f} + {BURST:.2f} x root) / {each:.2f}, so {step.needed}"


def _why_not_more(here: Outlook, after: int, step: Step) -> str:
    if after < step.needed:
        because = step.growth.short or f"one step adds no more than {MOST_GROWTH} times what is there"
        short = "the warm nodes hold no more" if step.kind is RemedyKind.WARM and not step.growth.short else because
        return f"{count(step.needed, 'server')} would be needed; {short}"
    load = here.load(step.start)
    (now, _), (then, _) = here.effect(load, after), here.effect(load, after + 1)
    _, hourly = grown(here.place, after, 1)
    return f"one more would bring KV only from {share(now.likely)} to {share(then.likely)} for {usd(hourly)}"


def _node_risk(situation: Situation, place: Place | None) -> tuple[str, float]:
    try:
        way = Consumption(situation.spec.consumption)
    except ValueError:
        way = Consumption.ON_DEMAND
    unseen = "; the quota is not visible" if place is not None and place.nodes_left is None else ""
    return _NODE_RISK[way] + unseen, _SURE[way] * (0.9 if unseen else 1.0)


def new_region(situation: Situation, here: Outlook) -> Offer | str:
    """Return the soonest new region that caps allow, or why there is none."""
    served, said = situation.spec.regions, "no other region is known where it could be served"
    for new in sorted(situation.new_places, key=lambda place: (place.lead, place.node_price or 0.0, place.region)):
        replicas = min(new.replicas, MOST_REPLICAS)
        while replicas > 0 and over_caps(*grown(new, 0, replicas), situation.room):
            replicas -= 1
        if replicas > 0 and new.region not in served:
            return _region(situation, here, new, replicas)
        said = f"{new.region} cannot be added: {over_caps(*grown(new, 0, 1), situation.room) or 'it serves already'}"
    return said


def _region(situation: Situation, here: Outlook, new: NewPlace, replicas: int) -> Offer:
    spec, moment = situation.spec, new.lead.total_seconds() / 60
    gpus, hourly = grown(new, 0, replicas)
    risk, sure = _node_risk(situation, None)
    ask = Deploy(
        model=spec.model,
        regions={**{region: placed.replicas for region, placed in spec.regions.items()}, new.region: replicas},
        name=situation.deployment,
        machine=spec.machine,
        consumption=spec.consumption,
        weights=spec.weights,
        image=spec.image,
        zones={region: placed.zone for region, placed in spec.regions.items()},
    )
    return Offer(
        kind=RemedyKind.REGION,
        ask=ask,
        title=f"Serve in {new.region} too, with {count(replicas, 'replica')}",
        why=f"there is no room in the regions that serve; {new.region} would bear {rate(here.bears(replicas))} more",
        why_not_more=f"a second region more would take another {span(new.lead)} and help no sooner",
        risk=f"a whole region is built, {span(new.lead)} at best; {risk}; requests travel farther",
        load=_relieved(here, moment, here.bears(replicas)),
        servers=here.place.replicas,
        capacity=here.most * (here.place.replicas + replicas),
        relief=new.lead,
        hourly=hourly,
        gpus=gpus,
        sure=_REGION_SURE * sure,
        figures=(*sums(here, moment), ("GPUs", f"{gpus:+d}"), ("cost", usd(hourly))),
    )


def _relieved(here: Outlook, moment: float, taken: float) -> Interval:
    """Return what is left of the load when elsewhere takes so much of what is too much here."""
    load, bears = here.load(moment), here.bears(here.place.replicas)
    low, likely, high = (max(min(each, bears), each - taken) for each in (load.low, load.likely, load.high))
    return Interval(low, likely, high)


def less(situation: Situation, here: Outlook) -> Offer | str:
    """Return the scale-down that leaves room for the forecast's upper bound, or why there is none."""
    spare = spare_servers(here)
    if spare <= 0:
        return "no server can go"
    place, after = here.place, here.place.replicas - spare
    gpus, hourly = grown(place, place.replicas, -spare)
    peak, soon = here.peak(0.0), REACTION.total_seconds() / 60
    back = (place.lead_nodes + PERSON).total_seconds() / 60
    return Offer(
        kind=RemedyKind.LESS,
        ask=Scale(place.region, situation.deployment, replicas=after),
        title=f"{count(spare, 'replica')} fewer in {place.region}: {place.replicas} → {after}",
        why=(
            f"the load was low for {LONG:.0f} min and is forecast to be at most {rate(peak)} within the hour: "
            f"less than {share(LEFT)} of the {rate(here.most * after)} that {count(after, 'server')} bear"
        ),
        why_not_more=_why_not_less(here, after, peak),
        risk=f"if load rises against the forecast, a server is back {span(place.lead_nodes)} after the click",
        load=here.load(5.0),
        servers=after,
        capacity=here.most * after,
        relief=REACTION,
        hourly=hourly,
        gpus=gpus,
        until=max(soon, back),
        figures=(*sums(here, 5.0), ("GPUs", f"{gpus:+d}"), ("cost", usd(hourly))),
    )


def _why_not_less(here: Outlook, after: int, peak: float) -> str:
    if after <= 1:
        return "the last server of a region stays; to stop serving there is delete"
    left = here.most * (after - 1)
    return f"with one fewer the upper bound of {rate(peak)} would be {share(peak / left)} of what is left"
