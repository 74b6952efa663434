"""The verbs that adjust what is served: scale, balance, tune, rollback. Pure; propose finds the deployment meant."""

from __future__ import annotations

from bot.deploying import image_of
from bot.options import Allowed, one, split
from bot.words import count_words, number
from shared.domain.catalog import Catalog
from shared.domain.intents import (
    Balance,
    Rollback,
    Scale,
    Tune,
    check_name,
    check_percent,
    check_replicas,
    check_tuning,
)

LIMITS = ("--max-num-seqs", "--max-model-len")
_LIMITS = Allowed(valued=LIMITS)


def scale(words: list[str], catalog: Catalog) -> Scale:
    """Return the ask of ``scale``. Raises TerminalError."""
    count_words(words, 2, 3, "scale")
    *names, place, wish = words
    region = catalog.region(place.lower()).name
    count = number(wish, "replicas")
    name = named(names)
    if wish[0] not in "+-":
        return Scale(region, name, replicas=check_replicas(count, region))
    check_replicas(abs(count), f"{region} to add or take away")
    return Scale(region, name, delta=count)


def balance(words: list[str], catalog: Catalog) -> Balance:
    """Return the ask of ``balance``; a single word before the percentage may be a region. Raises TerminalError."""
    count_words(words, 1, 3, "balance")
    *places, wish = words
    percent = check_percent(number(wish.removesuffix("%"), "percent"))
    if len(places) > 1 or (places and places[0].lower() in catalog.regions):
        region = catalog.region(places.pop().lower()).name
        return Balance(percent, named(places), region)
    return Balance(percent, named(places))


def tune(words: list[str], _: Catalog) -> Tune:
    """Return the ask of ``tune``. Raises TerminalError."""
    plain, options = split(words, _LIMITS)
    count_words(plain, 0, 1, "tune")
    most, length = (_limit(one(options, option), option) for option in LIMITS)
    check_tuning(most, length)
    return Tune(most, length, named(plain))


def _limit(word: str, option: str) -> int | None:
    return number(word, option) if word else None


def rollback(words: list[str], _: Catalog) -> Rollback:
    """Return the ask of ``rollback``; one word with a slash is the image. Raises TerminalError."""
    count_words(words, 0, 2, "rollback")
    images = words[1:] if len(words) > 1 else [word for word in words if "/" in word]
    names = words[: len(words) - len(images)]
    return Rollback(named(names), image_of("".join(images)))


def named(words: list[str]) -> str:
    """Return the deployment's name where there is a word for it. Raises TerminalError."""
    return check_name(words[0].lower()) if words else ""
