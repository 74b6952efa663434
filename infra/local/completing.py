"""What could come next in a command that is being typed: verbs, models, regions, options, names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.adjusting import LIMITS
from bot.deploying import FLAGS, VALUED
from bot.help import COMMAND, FORMS, PLANNED
from shared.domain.catalog import Catalog, Model

Found = Iterable[tuple[str, str]]
"""Word, what it means."""
MOST = 24
_OF_NAMES = ("scale", "balance", "tune", "rollback", "undo", "delete", "status", "why", "history")
_REGIONAL = ("scale", "balance", "why")
_OPTIONS: Mapping[str, str] = {
    "--spot": "cheaper machines that may be taken away",
    "--on-demand": "machines at the list price",
    "--flex-start": "machines for a week at most, when there are some",
    "--replicas": "model servers in each region",
    "--machine": "the machine type",
    "--zone": "where in the region",
    "--weights": "gs://BUCKET/PREFIX of weights of your own",
    "--image": "a server image of your own in Artifact Registry",
}
"""What the options of deploy are for."""
_LIMITS: Mapping[str, str] = {
    "--max-num-seqs": "requests that one server takes at a time",
    "--max-model-len": "tokens of one request",
}
"""What the options of tune are for."""
_TIMES: Found = [("30m", "minutes"), ("1h", "an hour"), ("2h", "hours"), ("8h", "hours"), ("24h", "the longest")]


@dataclass(frozen=True)
class Known:
    """What can be named just now."""

    catalog: Catalog
    deployments: Sequence[str] = ()
    proposals: Mapping[str, str] = field(default_factory=dict)
    """Id of an open proposal -> what it would do."""
    incidents: Mapping[str, str] = field(default_factory=dict)
    """Id of an open incident -> how it stands."""


@dataclass(frozen=True)
class Completion:
    """One way on: ``text`` is the whole line then."""

    text: str
    label: str
    help: str


def complete(text: str, known: Known) -> list[Completion]:
    """Return how the last word of a command can end, the best first; nothing for what is no command of ours."""
    if not text.startswith("/"):
        return []
    before, _, word = text.rpartition(" ")
    words = before.split()
    if not words:
        found: Found = [(COMMAND, "deploy and run models on GKE")]
    elif words[0] != COMMAND:
        return []
    else:
        found = _next([one.lower() for one in words[1:]], word.lower(), known)
    head, _, part = word.rpartition(",")
    fitting = [(one, what) for one, what in found if one.startswith(part.lower()) and one != part]
    lead = f"{before} " if before else ""
    comma = f"{head}," if head else ""
    return [Completion(f"{lead}{comma}{one}{_after(one)}", one, what) for one, what in fitting[:MOST]]


def _after(word: str) -> str:
    return "" if word.startswith(("+", "-1")) else " "


def _next(words: Sequence[str], word: str, known: Known) -> Found:
    if not words:
        return [(verb, form.meaning) for verb, form in FORMS.items()]
    verb, rest = words[0], words[1:]
    if verb == "plan":
        return _next(rest, word, known) if rest else [(verb, FORMS[verb].meaning) for verb in PLANNED]
    if verb == "help":
        return [(verb, form.meaning) for verb, form in FORMS.items()]
    if verb in {"approve", "reject"}:
        return list(known.proposals.items())
    if verb in {"incident", "remedy", "snooze"}:
        return _incident(verb, rest, known)
    if verb == "deploy":
        return _deploy(rest, word, known.catalog)
    return _about(verb, rest, known) if verb in _OF_NAMES else []


def _incident(verb: str, words: Sequence[str], known: Known) -> Found:
    regions = [(region, "region") for region in known.catalog.regions]
    if not words:
        names = [(name, "deployment") for name in known.deployments] if verb == "incident" else []
        return [*known.incidents.items(), *names]
    if len(words) > 1:
        return []
    named = words[0] in known.deployments
    return {"incident": regions if named else [], "remedy": [("1", "the first option")], "snooze": _TIMES}[verb]


def _deploy(words: Sequence[str], word: str, catalog: Catalog) -> Found:
    if words and words[-1] in VALUED:
        return _values(words[-1], catalog)
    if word.startswith("-"):
        return [(option, _OPTIONS[option]) for option in (*FLAGS, *VALUED)]
    plain = [one for one in words if not one.startswith("-")]
    if not plain:
        models = [model for model in catalog.models.values() if model.options]
        return [(model.id, _size(model)) for model in models]
    if len(plain) == 1:
        return [(region, "region") for region in catalog.regions]
    return [(option, _OPTIONS[option]) for option in (*FLAGS, *VALUED) if option not in words]


def _values(option: str, catalog: Catalog) -> Found:
    if option == "--machine":
        return [(name, f"{m.accelerator.count} x {m.accelerator.type}") for name, m in catalog.machines.items()]
    if option == "--zone":
        return [(zone, region.name) for region in catalog.regions.values() for zone in region.zones]
    return []


def _size(model: Model) -> str:
    return f"{model.params_b:g} billion parameters" if model.params_b else model.hf_id


def _about(verb: str, words: Sequence[str], known: Known) -> Found:
    names = [(name, "deployment") for name in known.deployments if name not in words]
    regions = [(region, "region") for region in known.catalog.regions]
    if verb == "tune":
        return _tune(words, names)
    if not words:
        return [*names, *(regions if verb in _REGIONAL else [])]
    if verb == "scale":
        placed = words[-1] in known.catalog.regions
        return [("+1", "one replica more"), ("-1", "one less")] if placed else regions
    if verb == "balance":
        percent = [("60", "per cent of KV-cache in use")]
        placed = len(words) > 1 or words[-1] in known.catalog.regions
        return [] if words[-1].isdigit() else [*percent, *([] if placed else regions)]
    return regions if verb == "why" and len(words) == 1 else []


def _tune(words: Sequence[str], names: Sequence[tuple[str, str]]) -> Found:
    if words and words[-1] in LIMITS:
        return []  # its number
    options = [(option, _LIMITS[option]) for option in LIMITS if option not in words]
    return options if words else [*names, *options]
