"""Text to meaning: what a person typed becomes an ask, a read, a vote or a gap, or a refusal with the right form. Pure.

Called by app for every command. Only names that the catalogue knows and a closed set of verbs and options pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot import adjusting, incident_verbs, reads
from bot.adjusting import named
from bot.deploying import deploy
from bot.gaps import filled_by
from bot.help import FORMS, PLANNED, RIGHT_FORM, right_form
from bot.words import count_words, did_you_mean, refusal, shown, words_of
from shared.domain.catalog import Catalog
from shared.domain.errors import TerminalError
from shared.domain.intents import Ask, Delete, Deploy, Undo

_PROPOSAL = re.compile(r"p-[0-9a-f]{12}")
NO_FORM = "NoForm"
"""Reason of the refusal where a form would have been shown, and could not be."""
_SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(("rm", "remove", "destroy", "teardown", "stop"), "delete"),
    "revert": "undo",
    **dict.fromkeys(("roll-back", "restore"), "rollback"),
    **dict.fromkeys(("rebalance", "shift", "spill"), "balance"),
    **dict.fromkeys(("limit", "set"), "tune"),
    **dict.fromkeys(("alerts", "alarms"), "incidents"),
    **dict.fromkeys(("alert", "alarm"), "incident"),
    **dict.fromkeys(("mute", "silence", "ack"), "snooze"),
    **dict.fromkeys(("choose", "apply"), "remedy"),
    **dict.fromkeys(("create", "launch", "run", "serve", "start", "up"), "deploy"),
    **dict.fromkeys(("ls", "ps"), "list"),
    **dict.fromkeys(("resize", "autoscale"), "scale"),
    **dict.fromkeys(("preview", "dry-run"), "plan"),
    **dict.fromkeys(("deny", "cancel"), "reject"),
    "log": "history",
}
"""What other tools call it: only ever a hint."""


def parse(text: str, catalog: Catalog) -> reads.Said:
    """Return what is meant. Raises TerminalError: what is wrong, where, and the right form."""
    verb = ""
    try:
        words = words_of(text)
        verb, rest = (words[0].lower(), words[1:]) if words else ("help", [])
        if verb not in _VERBS:
            raise _unknown_verb(verb, FORMS)
        return _VERBS[verb](rest, catalog)
    except TerminalError as error:
        raise _with_form(error, verb) from error


def form_refusal() -> TerminalError:
    """Return what a gap is answered with where no form can be shown."""
    return _with_form(_incomplete(NO_FORM), "deploy")


def _incomplete(reason: str = "TooFewWords") -> TerminalError:
    return refusal("deploy needs a model and at least one region after it", reason, "deploy")


def _with_form(error: TerminalError, verb: str) -> TerminalError:
    said = str(error)
    # A plan's own parse has already said the form of the verb within.
    if right_form(verb) not in said and (verb != "plan" or RIGHT_FORM not in said):
        said = f"{said}. {right_form(verb)}"
    return refusal(said, error.reason, error.field)


def _unknown_verb(verb: str, known: Mapping[str, object]) -> TerminalError:
    meant = f"; did you mean {_SYNONYMS[verb]}" if _SYNONYMS.get(verb) in known else did_you_mean(verb, known)
    return refusal(f"there is no verb {shown(verb)}{meant}; known: {', '.join(known)}", "UnknownVerb", "verb")


def _plan(words: list[str], catalog: Catalog) -> reads.DryRun:
    if not words:
        raise refusal(f"plan needs a verb after it: {', '.join(PLANNED)}", "UnknownVerb", "verb")
    verb = words[0].lower()
    if verb not in PLANNED:
        raise _unknown_verb(verb, dict.fromkeys(PLANNED))
    ask = parse(" ".join(words), catalog)
    if isinstance(ask, reads.Gap):
        raise _incomplete()
    if not isinstance(ask, Ask):
        raise TypeError(verb)
    return reads.DryRun(ask)


def _deploy(words: list[str], catalog: Catalog) -> Deploy | reads.Gap:
    filled = filled_by(words, catalog)
    return deploy(words, catalog) if filled is None else reads.Gap(filled)


def _undo(words: list[str], _: Catalog) -> Undo:
    count_words(words, 0, 1, "undo")
    return Undo(named(words))


def _delete(words: list[str], _: Catalog) -> Delete:
    count_words(words, 1, 1, "delete")
    return Delete(named(words))


def _status(words: list[str], _: Catalog) -> reads.Status:
    count_words(words, 0, 1, "status")
    return reads.Status(named(words))


def _list(words: list[str], _: Catalog) -> reads.List:
    count_words(words, 0, 0, "list")
    return reads.List()


def _history(words: list[str], _: Catalog) -> reads.History:
    count_words(words, 0, 1, "history")
    return reads.History(named(words))


def _why(words: list[str], catalog: Catalog) -> reads.Why:
    count_words(words, 0, 2, "why")
    if len(words) == 1 and words[0].lower() in catalog.regions:
        return reads.Why(region=words[0].lower())
    region = catalog.region(words[1].lower()).name if len(words) > 1 else ""
    return reads.Why(named(words[:1]), region)


def _help(words: list[str], _: Catalog) -> reads.Help:
    count_words(words, 0, 1, "help")
    verb = words[0].lower() if words else ""
    if verb and verb not in FORMS:
        raise _unknown_verb(verb, FORMS)
    return reads.Help(verb)


def _ballot(*, approve: bool) -> Callable[[list[str], Catalog], reads.Ballot]:
    verb = "approve" if approve else "reject"

    def read(words: list[str], _: Catalog) -> reads.Ballot:
        count_words(words, 1, 1, verb)
        proposal = words[0].lower()
        if not _PROPOSAL.fullmatch(proposal):
            message = f"{shown(words[0])} is no proposal's id: it is p- and twelve digits or letters, as on the card"
            raise refusal(message, "BadProposal", "id")
        return reads.Ballot(proposal, approve)

    return read


_VERBS: Mapping[str, Callable[[list[str], Catalog], reads.Said]] = {
    "deploy": _deploy,
    "plan": _plan,
    "status": _status,
    "list": _list,
    "scale": adjusting.scale,
    "balance": adjusting.balance,
    "tune": adjusting.tune,
    "rollback": adjusting.rollback,
    "undo": _undo,
    "delete": _delete,
    "approve": _ballot(approve=True),
    "reject": _ballot(approve=False),
    "why": _why,
    "history": _history,
    "incidents": incident_verbs.incidents,
    "incident": incident_verbs.incident,
    "remedy": incident_verbs.remedy,
    "snooze": incident_verbs.snooze,
    "help": _help,
}
