"""The verb deploy: its regions, options and defaults, judged by the catalogue so that a refusal comes at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.options import Allowed, Options, one, split
from bot.words import count_words, number, refusal, shown
from shared.domain.catalog import Catalog, Consumption, Fit, Region
from shared.domain.intents import Deploy, check_name, check_replicas
from shared.domain.inventory import PLATFORM

FLAGS = {
    "--spot": Consumption.SPOT,
    "--on-demand": Consumption.ON_DEMAND,
    "--flex-start": Consumption.FLEX_START,
}
VALUED = ("--replicas", "--machine", "--zone", "--weights", "--image")
OPTIONS = Allowed(tuple(FLAGS), VALUED, repeated="--zone")
_BUCKET = re.compile(r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])/([A-Za-z0-9][A-Za-z0-9._/=-]*)")
_IMAGE = re.compile(
    r"[a-z0-9-]+-docker\.pkg\.dev/[a-z0-9.:-]+(/[a-z0-9][a-z0-9._-]*){2,}(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?"
    r"(@sha256:[0-9a-f]{64})?"
)
_LONGEST_NAME = 30


def deploy(words: list[str], catalog: Catalog) -> Deploy:
    """Return the ask of ``deploy``. Raises TerminalError: what is wrong with which word."""
    plain, options = split(words, OPTIONS)
    count_words(plain, 2, 4, "deploy")
    model = plain[0].lower()
    served, regions = catalog.model(model), regions_of(plain[1], catalog)
    name = name_of(plain[2:], model, catalog)
    machine, way, count = one(options, "--machine").lower(), _consumption(options), one(options, "--replicas")
    found = catalog.machine(machine) if machine else None
    if found and way:
        catalog.consumption(found, way)  # says more than that it is offered nowhere
    replicas = check_replicas(number(count, "replicas"), "--replicas") if count else None
    weights, image = _weights(one(options, "--weights")), image_of(one(options, "--image"))
    zones = [(zone, catalog.region_of(zone)) for zone in map(str.lower, options.get("--zone", []))]
    fits = {region: catalog.option_for(served, found, catalog.region(region)) for region in regions}
    for region, fit in fits.items():
        _check_sold(region, fit, way, catalog)
    return Deploy(
        model,
        regions,
        name,
        machine=machine,
        consumption=way,
        replicas=replicas,
        weights=weights,
        image=image,
        zones=_zones(zones, fits, way, catalog),
    )


def _consumption(options: Options) -> str:
    given = [flag for flag in FLAGS if flag in options]
    if len(given) > 1:
        raise refusal(f"{' and '.join(given)} exclude each other", "Duplicate", "consumption")
    return str(FLAGS[given[0]]) if given else ""


def regions_of(word: str, catalog: Catalog) -> dict[str, int | None]:
    """Return the regions of a word, each with its own number of replicas where it has one. Raises TerminalError."""
    regions: dict[str, int | None] = {}
    for part in word.split(","):
        name, given, count = part.partition("=")
        region = _region(name.lower(), catalog)
        if region in regions:
            raise refusal(f"the region {region} is named twice", "Duplicate", "region")
        regions[region] = check_replicas(number(count, "replicas"), region) if given else None
    return regions


def _region(name: str, catalog: Catalog) -> str:
    if not name:
        raise refusal("a region is missing before or after a comma", "UnknownRegion", "region")
    zoned = next((region for region in catalog.regions.values() if name in region.zones), None)
    if zoned:
        message = f"{name} is a zone; name its region and choose the zone beside: {zoned.name} --zone {name}"
        raise refusal(message, "ZoneForRegion", "region")
    return catalog.region(name).name


def name_of(words: list[str], model: str, catalog: Catalog) -> str:
    """Return the name that ``as NAME`` gives, or else the model's. Raises TerminalError."""
    if not words:
        return _name_from(model)
    if words[0].lower() in catalog.regions:
        message = f"{words[0]} must follow the other regions after a comma, without a blank"
        raise refusal(message, "TooManyWords", "region")
    if words[0].lower() != "as":
        raise refusal(f"{shown(words[0])} has no meaning there; a name is given by: as NAME", "TooManyWords", "name")
    count_words(words[1:], 1, 1, "as")
    name = check_name(words[1].lower())
    if name == PLATFORM:
        raise refusal(f"the name {PLATFORM} is taken by what all deployments share", "BadName", "name")
    return name


def _name_from(model: str) -> str:
    """The model's name as it was typed, made fit to be a deployment's."""
    name = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")
    return (name if name[:1].isalpha() else f"m-{name}")[:_LONGEST_NAME].rstrip("-")


def _check_sold(region: str, fit: Fit, way: str, catalog: Catalog) -> None:
    sold = catalog.consumption(fit.machine, way or None)
    if not catalog.zones_for(fit.machine, catalog.region(region), sold):
        message = f"{fit.machine.machine_type} is not offered in {region} as {sold.replace('_', '-')}"
        raise refusal(message, "MachineNotInRegion", "region")


def _zones(asked: list[tuple[str, Region]], fits: Mapping[str, Fit], way: str, catalog: Catalog) -> dict[str, str]:
    zones: dict[str, str] = {}
    for zone, region in asked:
        if region.name not in fits:
            message = f"zone {zone} is in {region.name}, which is not one of the regions: {', '.join(fits)}"
            raise refusal(message, "ZoneElsewhere", "zone")
        if region.name in zones:
            raise refusal(f"two zones are named for {region.name}; only one can be", "Duplicate", "zone")
        machine = fits[region.name].machine
        offered = catalog.zones_for(machine, region, catalog.consumption(machine, way or None))
        if zone not in offered:
            message = f"{machine.machine_type} is not offered in zone {zone}; it is in {', '.join(offered)}"
            raise refusal(message, "MachineNotInZone", "zone")
        zones[region.name] = zone
    return zones


def _weights(word: str) -> str:
    address = f"gs://{word.partition('://')[2]}" if word.lower().startswith(("gs://", "gcs://")) else word
    address = address.rstrip("/")
    if address and (".." in address or not _BUCKET.fullmatch(address)):
        message = f"{shown(word)} is no place for weights: it must be gs://BUCKET/PREFIX"
        raise refusal(message, "BadWeights", "weights")
    return address


def image_of(word: str) -> str:
    """Return an image's path; empty for none. Raises TerminalError where it is not in Artifact Registry."""
    if word and not _IMAGE.fullmatch(word):
        message = (
            f"{shown(word)} is no Artifact Registry image: it must be "
            "LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE, with a tag or digest if you like"
        )
        raise refusal(message, "BadImage", "image")
    return word
