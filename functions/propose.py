"""IntentSubmitted → a proposal with its price and its gate, or a refusal told privately. One commit either way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.amend import Estate, Release, amend, target_of
from shared.domain.costing import gpus_of, price_lines
from shared.domain.desired import Desired, Spec, deployment_path
from shared.domain.drafting import Draft, draft, needs
from shared.domain.errors import InferError, PreconditionError
from shared.domain.incidents import Incident
from shared.domain.intents import Deploy, Intent, Remedy
from shared.domain.messages import IntentSubmitted, ProposalMade, RemedyChosen, Told
from shared.domain.policy import Request, evaluate
from shared.domain.proposals import Change, Proposal, proposal_id
from shared.domain.quotes import PriceLine, total
from shared.domain.records import DEPLOYMENTS, PLATFORM_DOCUMENTS, incident_path, intent_path, proposal_path
from shared.domain.topics import Topic
from shared.domain.verdicts import AskFirst, Refuse
from shared.ports import ConflictError, Documents
from shared.services import Services
from shared.store import Commit, directory, load, read

PROBE_IMAGE = "curl:8.11.1"
"""Ours to mirror into the repository; runs the smoke test."""


@dataclass(frozen=True)
class Refusal:
    """Why nothing will be proposed."""

    text: str


def propose(message: IntentSubmitted, services: Services) -> None:
    """Answer one intent. A replay finds the intent already answered and changes nothing."""
    intent, now = message.intent, services.clock()
    if services.documents.get([intent_path(intent.id)])[0] is not None:
        return
    answer = _answer(intent, services, now)
    commit = Commit("propose", intent.id, now)
    commit.put(intent_path(intent.id), intent)
    if isinstance(answer, Refusal):
        commit.audit("refused", user=intent.user, verb=intent.verb, because=answer.text)
        commit.send(Topic.PROPOSALS, Told(intent.id, intent.user, intent.channel, answer.text))
    else:
        found = {"deployment": answer.deployment, "created_at": now.timestamp()}
        commit.put(proposal_path(answer.id), answer, fields=found)
        commit.audit("proposed", user=intent.user, verb=intent.verb, proposal=answer.id, digest=answer.digest)
        commit.send(Topic.PROPOSALS, ProposalMade(answer.id))
    try:
        commit.run(services.documents, services.bus)
    except ConflictError:
        return  # another delivery of the same intent was faster


def choose(message: RemedyChosen, services: Services) -> None:
    """Turn a chosen suggestion into the ask of whoever chose it, if it is still among what is advised."""
    incident = load(services.documents, Incident, incident_path(message.incident))
    suggestion = incident.suggestion(message.suggestion) if incident else None
    if incident is None or suggestion is None or suggestion.ask is None or incident.shadow:
        _tell(message, "this suggestion is out of date: the incident's card shows what is advised now", services)
    elif made := incident.chosen.get(suggestion.id):
        _tell(message, f"this is proposed already, as {made}: vote on its card", services)
    else:
        remedy = Remedy(incident.id, suggestion.id, incident.generation)
        channel = message.channel
        intent = Intent(message.id, suggestion.ask, message.user, channel, message.at, remedy=remedy)
        propose(IntentSubmitted(intent), services)


def _tell(message: RemedyChosen, because: str, services: Services) -> None:
    commit = Commit("propose", message.id, services.clock())
    commit.audit("refused", user=message.user, suggestion=message.suggestion, because=because)
    telling = Told(message.id, message.user, message.channel, f"{because}. Nothing was changed.")
    commit.send(Topic.PROPOSALS, telling)
    try:
        commit.run(services.documents, services.bus)
    except ConflictError:
        return  # this very choice was answered already


def estate_of(documents: Documents) -> Estate:
    """Read all desired state, the platform first.

    A deployment that comes between the two reads moves the platform's generation too: what is proposed on the older one
    is superseded, and never takes the platform from under the newcomer.
    """
    platform = documents.find(PLATFORM_DOCUMENTS)
    found = [*platform, *documents.find(DEPLOYMENTS)]
    return Estate({document.path: desired for document in found if (desired := read(Desired, document))})


def _answer(intent: Intent, services: Services, now: datetime) -> Proposal | Refusal:
    try:
        return _proposed(intent, services, now)
    except InferError as error:
        return Refusal(f"{error}" + (f". To mend it: {error.remedy}" if error.remedy else ""))


def _proposed(intent: Intent, services: Services, now: datetime) -> Proposal | Refusal:
    """Work out the proposal, or which rule refuses it. Raises InferError."""
    estate = estate_of(services.documents)
    generation = estate.at(deployment_path(target_of(intent, estate))).generation
    if services.decisions.outdated(intent.remedy, generation):
        message = "the deployment has changed since this was suggested: the incident's card shows what is advised now"
        raise PreconditionError(message, reason="WorldMoved")
    release = _release(intent.ask, services) if isinstance(intent.ask, Deploy) else None
    changes = amend(intent, estate, services.catalog, release)
    quota = services.quotas.findings(needs(changes, services.catalog))
    made = draft(changes, estate, services.compile, quota, services.catalog)
    policy = services.policy()
    request = request_of(intent, made, estate, services)
    verdict = evaluate(policy, directory(services.documents), request, now)
    if isinstance(verdict, Refuse):
        who = f" Who could: {verdict.who_could}."
        return Refusal(f"refused by rule {verdict.rule!r}: {verdict.because}.{who} Nothing was changed.")
    return _proposal(intent, made, verdict, policy.hash, services, estate, now)


def _proposal(
    intent: Intent, made: Draft, gate: AskFirst, policy: str, services: Services, estate: Estate, now: datetime
) -> Proposal:
    return Proposal(
        id=proposal_id(intent.id),
        intent=intent,
        changes=made.changes,
        summary=made.summary,
        counts=made.counts,
        quote=made.quote,
        gate=gate,
        digest=services.decisions.digest(made, gate.rule, policy),
        created_at=now,
        deployment=target_of(intent, estate),
        channel=intent.channel if intent.dry_run else services.channel,
    )


def request_of(intent: Intent, made: Draft, estate: Estate, services: Services) -> Request:
    """Return the change in the figures that policies look at.

    The verb is that of what happens, not of what was typed: an undo that takes a deployment down is a delete.
    """
    after: dict[str, Spec | None] = {path: desired.spec for path, desired in estate.desired.items()}
    after |= {change.path: change.after for change in made.changes}
    quote, cost = made.quote, total(price_lines(after, services.catalog))
    regions = {region for change in made.changes for spec in (change.before, change.after) for region in _regions(spec)}
    return Request(
        verb=_effect(intent, made.changes[0]),
        user=intent.user,
        regions=frozenset(regions),
        gpu_delta=quote.gpu_delta,
        hourly_delta=quote.hourly_delta,
        price_unknown=bool(total(quote.after).unknown),
        gpus_after=gpus_of(after, services.catalog),
        hourly_after=cost.hourly,
        unpriced=tuple(dict.fromkeys(cost.unknown)),
        only_less=_counted(quote.after) <= _counted(quote.before),
    )


def _effect(intent: Intent, own: Change) -> str:
    if own.after is None:
        return "delete"
    return "deploy" if own.before is None else intent.verb


def _counted(lines: Iterable[PriceLine]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines:
        counts[line.region, line.what] += line.count
    return counts


def _regions(spec: Spec | None) -> frozenset[str]:
    return frozenset(getattr(spec, "regions", ()) or ())


def _release(ask: Deploy, services: Services) -> Release:
    """Resolve what moves, once: tags to digests, the token to a version."""
    engine, resolve, repository = services.catalog.engine(), services.resolver.image, services.site.repository
    model = services.catalog.model(ask.model)
    token = ""
    if model.needs_token and not ask.weights:
        token = services.resolver.secret(services.hf_token_secret)
    return Release(
        image=resolve(ask.image or f"{repository}/{_base(engine.image)}:{engine.tag}"),
        picker_image=resolve(f"{repository}/{_base(engine.picker.image)}:{engine.picker.tag}"),
        probe_image=resolve(f"{repository}/{PROBE_IMAGE}"),
        token=token,
    )


def _base(image: str) -> str:
    return image.rpartition("/")[2]
