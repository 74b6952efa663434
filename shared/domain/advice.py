"""From a situation to a diagnosis with evidence and ranked suggestions. Pure, and total: odd numbers are unknown."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.diagnosing import diagnosis_of
from shared.domain.evidence import evidence
from shared.domain.offers import Offer
from shared.domain.outlook import look
from shared.domain.pacing import quiet
from shared.domain.ranking import ranked
from shared.domain.remedies import remedies
from shared.domain.suggestions import Advice, Diagnosis, RemedyKind, Situation


def diagnose(situation: Situation) -> Advice:
    """Say what is the matter in the situation's region, and what can be done about it, best first.

    Nothing is suggested where all is well, where nothing can be seen, and where it would nag; ``quiet`` says why.
    To do nothing stands first where every remedy costs more than it saves.
    """
    place = situation.places.get(situation.region)
    if place is None:
        said = f"nothing is known of {situation.region}"
        return Advice(Diagnosis.BLIND, (said,), quiet=said)
    here = look(place, situation.slo)
    diagnosis = diagnosis_of(situation, here)
    seen = evidence(situation, here, diagnosis)
    if silent := quiet(situation, here, diagnosis):
        return Advice(diagnosis, seen, quiet=silent)
    others = [look(other, situation.slo) for name, other in sorted(situation.places.items()) if name != place.region]
    found = list(remedies(situation, here, others, diagnosis))
    offers = [one for one in found if isinstance(one, Offer)]
    if not here.hot_now and all(one.kind is RemedyKind.NOTHING for one in offers):
        return Advice(diagnosis, seen, quiet=f"nothing would help against what is only forecast: {offers[0].why}")
    hindered = tuple(one for one in found if isinstance(one, str))
    return Advice(diagnosis, (*seen, *hindered), ranked(situation, here, [_told(one, hindered) for one in offers]))


def _told(offer: Offer, hindered: tuple[str, ...]) -> Offer:
    """Return the offer to do nothing with what hinders the rest: who wonders why there is no more looks there."""
    if offer.kind is not RemedyKind.NOTHING or not hindered:
        return offer
    return replace(offer, why="; ".join((offer.why, *hindered)))
