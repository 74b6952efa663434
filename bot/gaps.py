"""A deploy of which something is not said yet: what was said, if anything can come of it. Pure.

A gap is no mistake: the bot answers it with a form. Whatever is wrong in what was said is refused as in any command.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from bot.deploying import OPTIONS, deploy, regions_of
from bot.options import Options, one, split
from bot.words import did_you_mean, refusal, shown
from shared.blocks.form import Filled
from shared.domain.catalog import Catalog, Model
from shared.domain.errors import TerminalError

_OWN_FIELDS = ("--replicas", "--machine")
_ZONE = "--zone"
_WAYS = ("--on-demand", "--spot", "--flex-start")
_MAY_FIT_ELSEWHERE = frozenset(
    {"MachineDoesNotFit", "MachineNotInRegion", "MachineNotInZone", "ConsumptionNotSold", "ZoneElsewhere"}
)
"""Refusals that another model, region or machine would not meet."""


def filled_by(words: list[str], catalog: Catalog) -> Filled | None:
    """Return what was said of a deploy that lacks its model or its regions; None where it lacks neither.

    Raises TerminalError where no model and no region would make a deploy of what was said.
    """
    plain, options = split(words, OPTIONS)
    said, naming = _before_as(plain)
    if len(said) > 1:
        return None
    model, regions = _meant(said[0].lower(), catalog) if said else ("", "")
    zoned = (catalog.region_of(zone.lower()).name for zone in options.get(_ZONE, []))
    regions = regions or ",".join(dict.fromkeys(zoned))
    rest = [*naming, *(word for name in options for word in _again(name, options))]
    _check_something_fits(model, regions, rest, catalog)
    return Filled(
        model=model,
        regions=tuple(regions.split(",")) if regions else (),
        replicas=one(options, "--replicas"),
        machine=one(options, "--machine").lower(),
        way=next((way.removeprefix("--") for way in _WAYS if way in options), ""),
        name=naming[1].lower() if naming else "",
        more=tuple(word for name in options if name not in (*_OWN_FIELDS, *_WAYS) for word in _again(name, options)),
    )


def _before_as(plain: list[str]) -> tuple[list[str], list[str]]:
    found = next((place for place, word in enumerate(plain[:2]) if word.lower() == "as"), len(plain))
    return plain[:found], plain[found:]


def _meant(word: str, catalog: Catalog) -> tuple[str, str]:
    """Say whether a word alone is a model or regions."""
    if _known(word, catalog):
        return word, ""
    zones = {zone for region in catalog.regions.values() for zone in region.zones}
    if "," in word or "=" in word or word in catalog.regions or word in zones:
        regions_of(word, catalog)
        return "", word
    meant = did_you_mean(word, [*_names(catalog.models.values()), *catalog.regions])
    message = f"{shown(word)} is neither a model nor a region{meant}"
    raise refusal(message, "UnknownModel", "model")


def _known(word: str, catalog: Catalog) -> bool:
    return word in set(_names(catalog.models.values()))


def _names(models: Iterable[Model]) -> list[str]:
    return [name for model in models for name in (model.id, *model.aliases)]


def _again(name: str, options: Options) -> list[str]:
    """Return an option in words that would be split into the same."""
    return [word for value in options[name] for word in (name, value) if word]


def _check_something_fits(model: str, regions: str, rest: list[str], catalog: Catalog) -> None:
    """Try what could be chosen in the form until something is a deploy. Raises TerminalError where nothing is."""
    models = [catalog.model(model)] if model else [each for each in catalog.models.values() if each.options]
    places = [regions] if regions else list(catalog.regions)
    refused: dict[str, TerminalError] = {}
    for served, place in product(models, places):
        machines = [] if "--machine" in rest else [option.machine for option in served.options]
        for more in ([], *(["--machine", machine] for machine in machines)):
            try:
                deploy([model or served.id, place, *rest, *more], catalog)
            except TerminalError as error:
                if error.reason not in _MAY_FIT_ELSEWHERE:
                    raise
                refused[str(error)] = error
            else:
                return
    if len(refused) == 1:
        raise next(iter(refused.values()))
    what = " ".join(shown(word).strip("'") for word in (model, regions, *rest) if word)
    raise refusal(f"nothing in the catalogue goes with {what}", "NothingFits", "model" if model else "region")
