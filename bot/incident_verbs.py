"""The verbs about incidents: incidents, incident, snooze, remedy. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from bot import reads
from bot.words import count_words, number, refusal, shown
from shared.blocks.incident_views import LONGEST_REASON
from shared.domain.catalog import Catalog
from shared.domain.intents import check_name

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=24)
"""A snooze."""
INCIDENT = re.compile(r"[a-z][a-z0-9-]{0,29}(\.[a-z][a-z0-9-]{1,39})?\.[1-9][0-9]{0,6}")
_TIME = re.compile(r"([0-9]{1,4})(m|min|h)")
_GLUED = re.compile(r",(?=[^\s\d])")
_MOST_OPTIONS = 20


def incidents(words: list[str], _: Catalog) -> reads.Incidents:
    """Return the read of all open incidents. Raises TerminalError."""
    count_words(words, 0, 0, "incidents")
    return reads.Incidents()


def incident(words: list[str], catalog: Catalog) -> reads.IncidentOf:
    """Return the read of one incident, by id or by deployment and region. Raises TerminalError."""
    count_words(words, 1, 2, "incident")
    if len(words) == 1:
        return reads.IncidentOf(_id(words[0]))
    region = catalog.region(words[1].lower()).name
    return reads.IncidentOf(name=check_name(words[0].lower()), region=region)


def snooze(words: list[str], _: Catalog) -> reads.Snoozing:
    """Return the wish that suggestions are silent for a time. Raises TerminalError."""
    count_words(words, 3, len(words), "snooze")
    # A comma lost its blanks with those of a list of regions.
    reason = _GLUED.sub(", ", " ".join(words[2:]))
    return reads.Snoozing(_id(words[0]), time_of(words[1]), reason_of(reason))


def remedy(words: list[str], _: Catalog) -> reads.Choosing:
    """Return the choice of one of an incident's suggestions. Raises TerminalError."""
    count_words(words, 2, 2, "remedy")
    wish = number(words[1], "the option's number")
    if not 1 <= wish <= _MOST_OPTIONS:
        message = f"{shown(words[1])} is no option's number: options are numbered from 1, as on the incident's card"
        raise refusal(message, "BadOptionNumber", "number")
    return reads.Choosing(_id(words[0]), wish)


def time_of(word: str) -> timedelta:
    """Return how long ``2h`` or ``30m`` is. Raises TerminalError."""
    found = _TIME.fullmatch(word.lower())
    time = timedelta(**{"hours" if found[2] == "h" else "minutes": int(found[1])}) if found else timedelta()
    if not SHORTEST <= time <= LONGEST:
        message = (
            f"{shown(word)} is no time for a snooze: it lasts between a minute and 24 hours, for example 30m or 2h"
        )
        raise refusal(message, "BadTime", "for")
    return time


def reason_of(text: str) -> str:
    """Return a reason that can be read. Raises TerminalError."""
    reason = " ".join(text.split())
    if not any(character.isalnum() for character in reason):
        raise refusal("a snooze needs a reason: everybody reads it on the card", "NoReason", "reason")
    if len(reason) > LONGEST_REASON:
        message = f"the reason is {len(reason)} characters long; {LONGEST_REASON} are allowed"
        raise refusal(message, "TooLong", "reason")
    return reason


def _id(word: str) -> str:
    found = word.lower()
    if not INCIDENT.fullmatch(found):
        message = f"{shown(word)} is no incident's id: it is NAME.REGION.NUMBER, as at the foot of its card"
        raise refusal(message, "BadIncident", "id")
    return found
