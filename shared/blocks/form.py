"""The form of a deploy: what may be chosen, what was said already, and what is said once it was heard.

Every choice has as its value the word that would be typed for it, so a form is read as a command is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.blocks.kit import Block, context, safe, section, words
from shared.domain.amend import DEFAULT_REPLICAS
from shared.domain.catalog import Catalog, Machine, Model, Region
from shared.domain.errors import TerminalError
from shared.domain.intents import MOST_REPLICAS
from shared.ports import Surface

DEPLOY = "deploy"
"""Callback id of the form, and action id of the button that opens it."""
MODEL, REGIONS, REPLICAS, MACHINE, BUY, NAME = "model", "regions", "replicas", "machine", "buy", "name"
"""Block ids of the fields, and the action id within each."""
FIELDS = (MODEL, REGIONS, REPLICAS, MACHINE, BUY, NAME)
CHOOSE = "choose"
"""Value of the choice that leaves it to inferops."""
_CHOICES = 100
_LONGEST_NAME = 30
_WAYS = {
    "on-demand": "stays until it is given back",
    "spot": "cheaper; can be taken away at 30 seconds' notice",
    "flex-start": "waits for capacity; ends after seven days at most",
}
Option = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """What a person said before the form opened, in the words they said it with; empty where nothing was."""

    model: str = ""
    regions: tuple[str, ...] = ()
    """Each as it was said: ``us-east4`` or ``us-east4=3``."""
    replicas: str = ""
    machine: str = ""
    way: str = ""
    name: str = ""
    more: tuple[str, ...] = ()
    """Words that the form has no field for."""


def deploy_form(filled: Filled, channel: str, catalog: Catalog) -> Surface:
    """Return the form. ``channel``: where the answer goes; empty: to the person directly."""
    model = catalog.model(filled.model) if filled.model else None
    models = [each for each in catalog.models.values() if each.options]
    return {
        "type": "modal",
        "callback_id": DEPLOY,
        "title": words("Deploy a model", 24),
        "submit": words("Propose", 24),
        "close": words("Cancel", 24),
        "private_metadata": json.dumps({"channel": channel, "more": filled.more}),
        "blocks": [
            section("This makes a proposal. It is priced first, and applied once those agree whom the policy names."),
            _model(models, model, filled),
            _regions([model] if model else models, filled, catalog),
            _replicas(filled),
            _machine(model, filled, catalog),
            _buy(filled),
            _name(filled),
            *([context(f"As you typed: `{safe(' '.join(filled.more), 1500)}`")] if filled.more else []),
        ],
    }


def heard_form(heard: str) -> Surface:
    """Return what takes the form's place once it was heard."""
    blocks = [section(heard)]
    return {"type": "modal", "title": words("Heard", 24), "close": words("Close", 24), "blocks": blocks}


def _model(models: Iterable[Model], said: Model | None, filled: Filled) -> Block:
    options = [_model_option(model, filled.model if model is said else model.id) for model in models]
    return _field(MODEL, "Model", _select(options, filled.model, "Choose a model"))


def _model_option(model: Model, word: str) -> Option:
    size = "size unknown" if model.weights_gb is None else f"{model.weights_gb:,.1f} GB"
    needs = f"{size} on {model.default_machine}{', needs a licence token' if model.needs_token else ''}"
    return _option(word, word if word == model.id else f"{word} ({model.id})", needs)


def _regions(models: Iterable[Model], filled: Filled, catalog: Catalog) -> Block:
    machines = {option.machine for model in models for option in model.options}
    said = {word.partition("=")[0]: word for word in filled.regions}
    options = [
        _region_option(region, said.get(region.name, region.name), sold)
        for region in catalog.regions.values()
        if (sold := _sold(machines, region, catalog))
    ]
    chosen = [option for option in options if option["value"] in filled.regions]
    menu = {"type": "multi_static_select", "placeholder": words("Choose regions", 150), "options": options[:_CHOICES]}
    hint = "Where something that fits is offered; whether any is free shows when it is built."
    return _field(REGIONS, "Regions", {**menu, **({"initial_options": chosen} if chosen else {})}, hint=hint)


def _sold(machines: Iterable[str], region: Region, catalog: Catalog) -> list[str]:
    """Return the accelerators of those machines that are offered in a region."""
    there = (catalog.machine(name) for name in machines)
    return sorted({machine.accelerator.type for machine in there if catalog.zones_for(machine, region)})


def _region_option(region: Region, word: str, sold: list[str]) -> Option:
    count = word.partition("=")[2]
    label = f"{region.name}, {count} replica{'' if count == '1' else 's'}" if count else region.name
    return _option(word, label, ", ".join(name.removeprefix("nvidia-") for name in sold))


def _replicas(filled: Filled) -> Block:
    asks = {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": str(MOST_REPLICAS),
        "initial_value": filled.replicas or str(DEFAULT_REPLICAS),
    }
    hint = "For every region that has no number of its own." if any("=" in word for word in filled.regions) else ""
    return _field(REPLICAS, "Replicas in each region", asks, optional=True, hint=hint)


def _machine(model: Model | None, filled: Filled, catalog: Catalog) -> Block:
    usual = f"the model's usual one{f', {model.default_machine}' if model else ''}"
    options = [_option(CHOOSE, "Let inferops choose", usual)]
    options += [_machine_option(each) for each in catalog.machines.values() if _holds(model, each, catalog)]
    return _field(MACHINE, "Machine", _select(options, filled.machine or CHOOSE, "Choose a machine"))


def _holds(model: Model | None, machine: Machine, catalog: Catalog) -> bool:
    if model is None:
        return bool(catalog.where(machine))
    try:
        return any(catalog.option_for(model, machine, region) for region in catalog.where(machine)[:1])
    except TerminalError:
        return False


def _machine_option(machine: Machine) -> Option:
    made = machine.accelerator
    ways = ", ".join(way.replace("_", "-") for way in machine.sold)
    return _option(
        machine.machine_type, machine.machine_type, f"{made.count} x {made.type} {made.memory_gb} GB; {ways}"
    )


def _buy(filled: Filled) -> Block:
    options = [_option(CHOOSE, "Let inferops choose", "on-demand where the machine is sold so, else spot")]
    options += [_option(way, way, meaning) for way, meaning in _WAYS.items()]
    chosen = next(option for option in options if option["value"] == (filled.way or CHOOSE))
    return _field(BUY, "How to buy", {"type": "radio_buttons", "options": options, "initial_option": chosen})


def _name(filled: Filled) -> Block:
    asks: dict[str, Any] = {
        "type": "plain_text_input",
        "max_length": _LONGEST_NAME,
        "placeholder": words("the model's name", 150),
    }
    asks |= {"initial_value": filled.name} if filled.name else {}
    hint = "Lower case letters, digits and hyphens. A deployment that has the name already is changed to this."
    return _field(NAME, "Name", asks, optional=True, hint=hint)


def _field(name: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    asks: dict[str, Any] = {
        "type": "input",
        "block_id": name,
        "label": words(label, 2000),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return asks | ({"hint": words(hint, 2000)} if hint else {})


def _select(options: list[Option], chosen: str, placeholder: str) -> Block:
    menu: dict[str, Any] = {
        "type": "static_select",
        "placeholder": words(placeholder, 150),
        "options": options[:_CHOICES],
    }
    found = next((option for option in options if option["value"] == chosen), None)
    return menu | ({"initial_option": found} if found else {})


def _option(value: str, label: str, description: str) -> Option:
    return {"text": words(label, 75), "value": value, "description": words(description, 75)}
