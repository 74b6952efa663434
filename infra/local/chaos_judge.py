"""Judges what is left of a story once all is quiet: nothing lost, nothing doubled, nothing done unasked.

It reads plain values and knows none of the product's own code, so it shares none of its mistakes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local.chaos_evidence import Evidence, remembered
from infra.local.story import Check

ENDED = ("Done:", "Deleted:", "Replaced:", "Superseded:", "Void:", "Rejected:", "Withdrawn:", "Expired:")
_DONE = ("Done:", "Deleted:", "Replaced:")
_TELLING = "told-"
_MOST = 6
"""Findings that are shown of each kind."""


def judge(evidence: Evidence) -> list[Check]:
    """Return one check for each thing that must hold."""
    found = ((name, list(look(evidence))) for name, look in _LAWS.items())
    return [Check(name, not wrong, "; ".join(wrong[:_MOST]) or _seen(evidence)) for name, wrong in found]


def extra_posts(evidence: Evidence) -> int:
    """Return how many messages were posted again, beside the first of each."""
    return sum(Counter(post.key for post in evidence.posts).values()) - len({post.key for post in evidence.posts})


def _seen(evidence: Evidence) -> str:
    """Say how much was looked at."""
    counts = {"proposals": len(_of(evidence, "proposals")), "messages": len(evidence.posts)}
    counts["things"] = len(evidence.exists)
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _one_card(evidence: Evidence) -> Iterator[str]:
    """One live message for each proposal, and for each thing said below it."""
    live = Counter(post.key for post in evidence.posts if not post.gone)
    yield from (f"{key} stands there {count} times" for key, count in live.items() if count > 1)
    yield from (f"{key} has no card" for key in _of(evidence, "proposals") if not live[key])
    yield from (f"{key} was removed, and nothing is left of it" for key in _keys(evidence) if not live[key])


def _few_extra_posts(evidence: Evidence) -> Iterator[str]:
    extra = extra_posts(evidence)
    if extra > evidence.speaker_killed:
        yield f"{extra} messages were posted again, and notify was killed {evidence.speaker_killed} times"


def _every_intent_answered(evidence: Evidence) -> Iterator[str]:
    proposed = {body["intent"]["id"] for body in _of(evidence, "proposals").values()}
    told = {id_.removeprefix(_TELLING) for id_, body in _of(evidence, "cards").items() if _is_told(id_, body)}
    for intent in sorted(evidence.published | _of(evidence, "intents").keys()):
        if intent not in _of(evidence, "intents"):
            yield f"{intent} was published and is lost"
        elif intent not in proposed | told:
            yield f"{intent} was never answered"


def _every_end_told(evidence: Evidence) -> Iterator[str]:
    """The card says how it ended, and its thread was told so."""
    cards = {post.key: post for post in evidence.posts if not post.gone}
    for proposal in _of(evidence, "proposals"):
        text = cards[proposal].text if proposal in cards else ""
        ended = text.partition(" ")[0]
        if not text.startswith(ENDED):
            yield f"{proposal} has not ended: {text[:60]!r}"
        elif _is_applied(evidence, proposal) != ended.startswith(_DONE):
            yield f"{proposal} says {ended!r}, which is not what was decided"
        elif (owed := _owed(ended, evidence, proposal)) and not any(f"{proposal}/{word}" in cards for word in owed):
            yield f"nobody was told that {proposal} ended as {ended!r}"


def _tellings(evidence: Evidence) -> Iterator[str]:
    """Everybody was told what was for them, and hardly ever twice."""
    due = Counter(
        (body["told"]["user"], body["told"]["text"])
        for id_, body in _of(evidence, "cards").items()
        if id_.startswith(_TELLING)
    )
    heard = {each: sum(user == each[0] and each[1] in text for user, text in evidence.tellings) for each in due}
    yield from (f"{user} was never told: {text[:60]}" for (user, text), n in due.items() if heard[user, text] < n)
    extra, most = sum(heard.values()) - due.total(), evidence.speaker_killed + evidence.answers_lost
    if extra > most:
        yield f"people were told {extra} things again, with {most} kills and lost answers"


def _quorum(evidence: Evidence) -> Iterator[str]:
    """Whatever was applied had its quorum, on that very digest, of people who may and did not ask themselves."""
    for id_, proposal in _of(evidence, "proposals").items():
        votes = [vote for vote in _of(evidence, "votes").values() if vote["proposal"] == id_]
        good = {vote["user"] for vote in votes if vote["approve"] and vote["digest"] == proposal["digest"]}
        good = (good & evidence.approvers) - {proposal["intent"]["user"]}
        if _is_applied(evidence, id_) and len(good) < proposal["gate"]["quorum"]:
            yield f"{id_} was applied with {len(good)} of {proposal['gate']['quorum']} approvals"


def _applied_once(evidence: Evidence) -> Iterator[str]:
    """Every generation of every document came of one applied proposal, and of one only."""
    made: dict[str, list[int]] = {}
    for id_ in _of(evidence, "proposals"):
        if _is_applied(evidence, id_):
            for path, generation in _of(evidence, "decisions")[id_]["generations"].items():
                made.setdefault(path, []).append(generation)
    for collection in ("platform", "deployments"):
        for name, desired in _of(evidence, collection).items():
            path, wanted = f"{collection}/{name}", list(range(1, desired["generation"] + 1))
            if sorted(made.get(path, [])) != wanted:
                yield f"{path} is at {desired['generation']}, and decisions made {sorted(made.get(path, []))}"


def _inventories(evidence: Evidence) -> Iterator[str]:
    known = frozenset(remembered(_of(evidence, "statuses")))
    yield from (f"nobody remembers {each}" for each in sorted(evidence.exists - known))
    yield from (f"{each} is remembered and does not exist" for each in sorted(known - evidence.exists))
    yield from (f"its parts were left behind: {each}" for each in sorted(evidence.orphans))


def _built_once(evidence: Evidence) -> Iterator[str]:
    yield from (f"{path} was built {count} times" for path, count in evidence.built.items() if count > 1)


def _nothing_waits(evidence: Evidence) -> Iterator[str]:
    yield from (f"{count} messages on {name}" for name, count in evidence.undelivered.items())
    yield from (f"outbox row {row}" for row in _of(evidence, "outbox"))
    yield from (f"{id_} is still claimed" for id_, body in _of(evidence, "cards").items() if body.get("claimed_at"))
    if evidence.given_up:
        yield f"{evidence.given_up} timers were given up"


_LAWS: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "there is one live card for each proposal, and each thing was said once": _one_card,
    "at most one extra post for each kill of notify": _few_extra_posts,
    "every intent was answered": _every_intent_answered,
    "every proposal ended, and its thread was told how": _every_end_told,
    "whoever was to be told something was told": _tellings,
    "nothing was applied without its quorum on that very digest": _quorum,
    "every change was applied once": _applied_once,
    "the inventories name what exists, and nothing else": _inventories,
    "every cluster and node pool was built once": _built_once,
    "nothing is left undelivered, unsent or dead": _nothing_waits,
}


def _of(evidence: Evidence, collection: str) -> Mapping[str, Any]:
    return evidence.documents.get(collection, {})


def _keys(evidence: Evidence) -> list[str]:
    return sorted({post.key for post in evidence.posts})


def _owed(ended: str, evidence: Evidence, proposal: str) -> tuple[str, ...]:
    """Return the words of which the thread is owed one. What was replaced need not have been finished before."""
    if ended != "Replaced:":
        return (ended[:-1].lower(),)
    return ("done", "deleted") if _of(evidence, "cards")[proposal].get("finished") else ()


def _is_applied(evidence: Evidence, proposal: str) -> bool:
    return bool(_of(evidence, "decisions").get(proposal, {}).get("outcome") == "applied")


def _is_told(id_: str, body: Mapping[str, Any]) -> bool:
    return id_.startswith(_TELLING) and body["due"] is None
