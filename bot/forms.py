"""What was chosen in the form, to the words that would be typed for it, and to the ask. Pure.

There is one way to a deploy: the form's words go through the same checks as typed ones. A refusal names its field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.deploying import deploy, name_of, regions_of
from bot.words import number, refusal, shown, words_of
from shared.blocks.form import BUY, CHOOSE, MACHINE, MODEL, NAME, REGIONS, REPLICAS
from shared.domain.catalog import Catalog
from shared.domain.errors import TerminalError
from shared.domain.intents import Deploy, check_replicas

MOST_ERROR = 500
"""Characters of what stands below a field."""
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}|")
_MOST_MORE = 60
_AT = {"model": MODEL, "machine": MACHINE, "consumption": BUY, "replicas": REPLICAS, "name": NAME}
"""Field of a refusal -> where it is shown; all others are about places."""
_OLD_FORM = "this form is not one of this release; close it and type /infer deploy again"


class FormError(Exception):
    """What was chosen cannot be meant. ``fields``: block id -> what is wrong."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(str(fields))
        self.fields = {block: message[:MOST_ERROR] for block, message in fields.items()}


@dataclass(frozen=True)
class Carried:
    """What the form was opened with and has no field for."""

    channel: str
    more: tuple[str, ...]


def carried_by(metadata: str) -> Carried:
    """Read a form's private metadata. Raises FormError where it is none of ours."""
    try:
        found = json.loads(metadata)
        channel, more = found["channel"], found["more"]
        known = isinstance(more, list) and len(more) <= _MOST_MORE and all(isinstance(word, str) for word in more)
        if known and _CHANNEL.fullmatch(channel):
            return Carried(channel, tuple(more))
    except (ValueError, KeyError, TypeError) as error:
        raise FormError({MODEL: _OLD_FORM}) from error
    raise FormError({MODEL: _OLD_FORM})


def words_in(values: Mapping[str, Any], more: tuple[str, ...], catalog: Catalog) -> list[str]:
    """Return the words after ``deploy`` that say what was chosen. Raises FormError: everything wrong in one field."""
    wrong: dict[str, str] = {}

    def said(block: str, check: Callable[[str], object], needed: str = "") -> list[str]:
        try:
            return _checked(_chosen(values, block), check, needed)
        except TerminalError as error:
            wrong[block] = str(error)
            return []

    model = said(MODEL, lambda word: catalog.model(word.lower()), "choose a model")
    regions = said(REGIONS, lambda word: regions_of(word, catalog), "choose at least one region")
    options = [
        *_named("as", said(NAME, lambda word: name_of(["as", word], "", catalog))),
        *_named("--replicas", said(REPLICAS, lambda word: check_replicas(number(word, "replicas"), "each region"))),
        *_named("--machine", said(MACHINE, lambda word: catalog.machine(word.lower()))),
        *(f"--{way}" for way in said(BUY, _way)),
    ]
    if wrong:
        raise FormError(wrong)
    return [*model, ",".join(regions), *options, *more]


def ask_of(words: list[str], catalog: Catalog) -> Deploy:
    """Return the ask of these words after ``deploy``. Raises FormError: what does not go together, at one field."""
    try:
        return deploy(words_of(f"deploy {' '.join(words)}")[1:], catalog)
    except TerminalError as error:
        raise FormError({_AT.get(error.field, REGIONS): str(error)}) from error


def _checked(texts: list[str], check: Callable[[str], object], needed: str) -> list[str]:
    words = [_word(text) for text in texts if text.strip() and text != CHOOSE]
    if needed and not words:
        raise refusal(needed, "TooFewWords", "form")
    for word in words:
        check(word)
    return words


def _word(text: str) -> str:
    """Return what was typed as the one word that it must be."""
    found = words_of(text)
    if len(found) != 1 or found[0].startswith("-"):
        raise refusal(f"{shown(text)} must be one word of letters, digits and hyphens", "TooManyWords", "form")
    return found[0]


def _way(word: str) -> None:
    if word not in {"on-demand", "spot", "flex-start"}:
        raise refusal(f"{shown(word)} is no way to buy", "UnknownConsumption", "consumption")


def _named(option: str, words: list[str]) -> list[str]:
    return [option, *words] if words else []


def _chosen(values: Mapping[str, Any], block: str) -> list[str]:
    """Return the values of a field, whatever kind of field it is."""
    held = values.get(block)
    state = held.get(block) if isinstance(held, Mapping) else None
    if not isinstance(state, Mapping):
        return []
    options = state.get("selected_options") or [state.get("selected_option")]
    found = [option.get("value") for option in options if isinstance(option, Mapping)]
    return [text for text in (*found, state.get("value")) if isinstance(text, str)]
