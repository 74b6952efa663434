"""Which remedies go with which diagnosis. What is not possible is not offered, and it is said why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from shared.domain.desired import cluster_name, namespace_of
from shared.domain.growing import growths, less, new_region, short_of
from shared.domain.intents import Rollback, Tune, Undo
from shared.domain.offers import Offer, sums
from shared.domain.outlook import FULL, Outlook
from shared.domain.phrases import rate, share
from shared.domain.releases import slower
from shared.domain.shifting import shift
from shared.domain.sizing import bears_with, holds, tuned_down, tuned_up
from shared.domain.suggestions import Diagnosis, Release, RemedyKind, Situation

_ROLLBACK_SURE, _TUNE_SURE = 0.9, 0.8


def remedies(
    situation: Situation, here: Outlook, others: Sequence[Outlook], diagnosis: Diagnosis
) -> Iterator[Offer | str]:
    """Yield the remedies of a diagnosis, to do nothing last, and sentences on what is not possible."""
    match diagnosis:
        case Diagnosis.BLIND | Diagnosis.HEALTHY:
            return
        case Diagnosis.HUNG:
            yield _restart(situation, here)
        case Diagnosis.BAD_RELEASE:
            yield _roll_back(situation, here)
            yield _nothing(here, "the release may still settle, and what it was for is kept")
        case Diagnosis.PREEMPTING:
            yield _tune(situation, here, tuned_down(here))
            yield shift(situation, here, others)
            yield _nothing(here)
        case Diagnosis.BATCH_LIMIT:
            yield _tune(situation, here, tuned_up(here))
            yield from _against_load(situation, here, others)
        case Diagnosis.PREFILL_BOUND | Diagnosis.KV_BOUND:
            yield from _against_load(situation, here, others)
        case Diagnosis.IDLE:
            yield less(situation, here)
            yield _nothing(here)
        case other:
            assert_never(other)


def _against_load(situation: Situation, here: Outlook, others: Sequence[Outlook]) -> Iterator[Offer | str]:
    moved = shift(situation, here, others)
    yield moved
    yield from growths(situation, here)
    if isinstance(moved, str) and (short_of(situation, here) or (others and all(other.hot for other in others))):
        yield new_region(situation, here)
    yield _nothing(here)


def _nothing(here: Outlook, why: str = "") -> Offer:
    moment, replicas = max(5.0, here.lead), here.place.replicas
    return Offer(
        kind=RemedyKind.NOTHING,
        ask=None,
        title="Do nothing",
        why=why or _why_nothing(here),
        why_not_more="",
        risk=_lost(here),
        load=here.load(moment),
        servers=max(1.0, here.serving),
        capacity=here.most * replicas,
        relief=timedelta(minutes=moment),
        figures=sums(here, moment),
    )


def _why_nothing(here: Outlook) -> str:
    replicas, needed = here.place.replicas, here.needed(here.lead)
    if needed == 0:
        return "by the model of capacity no number of servers keeps these requests within the SLO"
    if needed > replicas:
        return "it costs nothing, and the forecast may be wrong"
    if here.serving < replicas:
        return f"{replicas} servers are wanted and {here.serving:.0f} report; all of them would bear the load"
    if here.hot and here.peak(0.0, here.lead) <= here.bears(replicas):
        return "by the model of capacity the servers bear this load, so more of them would not make it faster"
    if here.hot:
        return (
            f"the peak passes by itself: in {here.lead:.0f} min at most {rate(here.peak(here.lead))} are forecast, "
            f"and {replicas} servers bear {rate(here.bears(replicas))}"
        )
    return "the load may come back"


def _lost(here: Outlook) -> str:
    load, bears = here.load(here.lead), here.most * here.place.replicas
    if bears <= 0:
        return "what would happen is not known"
    return f"the load would be {share(load.likely / bears)} of what is borne, at most {share(load.high / bears)}"


def restart_command(deployment: str, region: str) -> str:
    """Return the command with which a person restarts the servers of one region."""
    cluster = f"gcloud container clusters get-credentials {cluster_name(region)} --location={region}"
    return f"{cluster} && kubectl --namespace={namespace_of(deployment)} rollout restart deployment/{deployment}"


def _restart(situation: Situation, here: Outlook) -> Offer:
    moment = here.place.lead_warm.total_seconds() / 60
    return Offer(
        kind=RemedyKind.NOTHING,
        ask=None,
        title="Have a person restart the servers",
        why=(
            "servers that generate nothing are not mended by more of them; run "
            f"{restart_command(situation.deployment, here.place.region)}"
        ),
        why_not_more="nothing else is suggested until tokens are generated again",
        risk="requests that hang now are lost",
        load=here.load(moment),
        servers=max(1.0, float(here.place.replicas)),
        capacity=here.most * here.place.replicas,
        relief=here.place.lead_warm,
        mended=here.limits,
        figures=sums(here, moment),
    )


def _tune(situation: Situation, here: Outlook, batch: int | None) -> Offer | str:
    now, mix, moment = here.limits.most_running, here.reading.workload, here.place.lead_warm.total_seconds() / 60
    if batch is None:
        return "no other batch limit bears the load"
    return Offer(
        kind=RemedyKind.TUNE,
        ask=Tune(max_num_seqs=batch, name=situation.deployment),
        title=f"Let a server take {batch} requests at a time instead of {now}",
        why=(
            f"the cache of a server holds {holds(here)} requests of {mix.prompt:.0f} and {mix.output:.0f} tokens; with "
            f"{batch} at a time the servers bear {rate(bears_with(here, batch))}"
        ),
        why_not_more="more at a time would be thrown out of the cache again" if batch < now else "it bears the load",
        risk="all servers of the deployment restart one after another, in every region",
        load=here.load(moment),
        servers=max(1.0, float(here.place.replicas)),
        capacity=bears_with(here, batch) / FULL,
        relief=here.place.lead_warm,
        sure=_TUNE_SURE,
        mended=replace(here.limits, most_running=batch),
        figures=(
            *sums(here, moment),
            (
                "requests a cache holds",
                f"{here.limits.kv_tokens:.0f} x 0.95 / {mix.prompt + mix.output:.0f} = {holds(here)}",
            ),
        ),
    )


def _roll_back(situation: Situation, here: Outlook) -> Offer | str:
    found = slower(situation.release, situation.now, here.reading)
    release = situation.release
    if found is None or release is None:
        return "no release is to blame"
    back = _way_back(situation, release)
    if isinstance(back, str):
        return back
    moment = here.place.lead_warm.total_seconds() / 60
    return Offer(
        kind=RemedyKind.ROLLBACK,
        ask=back,
        title=f"Roll back to {short_image(release.image_before)}"
        if isinstance(back, Rollback)
        else "Undo the last change",
        why=(
            f"since the release of {release.at:%H:%M} UTC a server is {found.factor:.1f} times slower at no more load; "
            "more servers would only spread that"
        ),
        why_not_more="scaling is not offered: the release is the cause",
        risk="what the release was for is gone with it, in every region",
        load=here.load(moment),
        servers=max(1.0, float(here.place.replicas)),
        capacity=here.most * here.strain * here.place.replicas,
        relief=here.place.lead_warm,
        mended=here.limits,
        sure=_ROLLBACK_SURE,
        spared=1.0 - 1.0 / found.factor,
        figures=(*sums(here, moment), ("slower", f"{found.factor:.2f} times")),
    )


def _way_back(situation: Situation, release: Release) -> Rollback | Undo | str:
    if release.image_before and release.image_before != situation.spec.image:
        return Rollback(situation.deployment, release.image_before)
    if release.image_before == release.image_after and not any(act.at > release.at for act in situation.acts):
        return Undo(situation.deployment)
    return "the release cannot be told from later changes: look at the deployment's history and go back by hand"


def short_image(image: str) -> str:
    """Return an image without its registry, its digest cut short."""
    name, _, digest = image.rpartition("/")[2].partition("@sha256:")
    return f"{name}@{digest[:12]}" if digest else name
