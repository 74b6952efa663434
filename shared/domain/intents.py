"""What a person asked for. Written once, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.errors import TerminalError
from shared.domain.names import short_hash, valid_name

MOST_REPLICAS = 64
"""Per region. A larger wish is a typing error until a policy says otherwise."""
SEQUENCES = (1, 4096)
"""Requests that one server may take at a time."""
CONTEXT = (256, 1_048_576)
"""Tokens of one request."""
TAKEN_NAMES = frozenset({"platform", "global"})
"""Names that units have already."""


@dataclass(frozen=True)
class Deploy:
    """Serve a model in these regions. Replaces a deployment of the same name."""

    model: str
    regions: Mapping[str, int | None]
    """Region -> replicas; None takes ``replicas``, or the default of ``amend``."""
    name: str = ""
    """Empty: the model's own name as it was typed."""
    machine: str = ""
    consumption: str = ""
    replicas: int | None = None
    weights: str = ""
    """``gs://bucket/prefix``; empty: the Hugging Face hub."""
    image: str = ""
    """An Artifact Registry path; empty: the engine's own image in the project's repository."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """Region -> zone, where a person chose one."""


@dataclass(frozen=True)
class Scale:
    """Change the replicas of one region: to ``replicas``, or by ``delta``."""

    region: str
    name: str = ""
    replicas: int | None = None
    delta: int | None = None


@dataclass(frozen=True)
class Balance:
    """Set the KV-cache utilisation in percent at which traffic spills to another region: lower is earlier."""

    percent: int
    name: str = ""
    region: str = ""
    """Empty: everywhere, and no region differs any more."""


@dataclass(frozen=True)
class Tune:
    """Limit what one server takes on: requests at a time, or tokens of one request. None leaves it as it is."""

    max_num_seqs: int | None = None
    max_model_len: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Rollback:
    """Serve with an earlier image again; nothing else changes."""

    name: str = ""
    image: str = ""
    """By digest; empty: what served before the last change."""


@dataclass(frozen=True)
class Undo:
    """Go back to what the deployment was before its last change."""

    name: str = ""


@dataclass(frozen=True)
class Delete:
    """Take a deployment down, and what no other deployment needs with it."""

    name: str


Ask = Deploy | Scale | Balance | Tune | Rollback | Undo | Delete
VERBS: Mapping[type, str] = {
    Deploy: "deploy",
    Scale: "scale",
    Balance: "balance",
    Tune: "tune",
    Rollback: "rollback",
    Undo: "undo",
    Delete: "delete",
}


@dataclass(frozen=True)
class Remedy:
    """Which suggestion of which incident an intent comes from."""

    incident: str
    suggestion: str
    generation: int
    """Of the deployment, when it was suggested: in a world that has moved since it is not for."""


@dataclass(frozen=True)
class Intent:
    """An ask with who, where and when. ``id`` is derived from the request, so a replay is the same intent."""

    id: str
    ask: Ask
    user: str
    channel: str
    at: datetime
    dry_run: bool = False
    """Only a plan was asked for: the proposal can never be approved."""
    remedy: Remedy | None = None
    """Set where it was not typed but chosen from an incident's suggestions."""

    @property
    def verb(self) -> str:
        """The word that was typed."""
        return VERBS[type(self.ask)]


def outdated(remedy: Remedy | None, generation: int) -> bool:
    """Say whether a suggestion was made for another generation of its deployment than this one."""
    return remedy is not None and remedy.generation != generation


def intent_id(team: str, trigger: str) -> str:
    """Derive an intent's id from what is unique to one Slack invocation."""
    return f"i-{short_hash([team, trigger], 16)}"


def check_replicas(count: int, where: str) -> int:
    """Return the count, or raise TerminalError where it cannot be meant."""
    if not 1 <= count <= MOST_REPLICAS:
        bounds = f"between 1 and {MOST_REPLICAS}, not {count}"
        message = f"replicas for {where} must be {bounds}; to stop serving use delete"
        raise TerminalError(message, reason="BadReplicas", field="replicas")
    return count


def check_percent(percent: int) -> int:
    """Return the percentage, or raise TerminalError where the load balancer would refuse it."""
    if not 1 <= percent <= 100:  # noqa: PLR2004 - percent
        message = f"the target utilisation must be between 1 and 100 percent, not {percent}, for example: balance 60"
        raise TerminalError(message, reason="BadPercent", field="percent")
    return percent


def check_tuning(most: int | None, length: int | None) -> None:
    """Raise TerminalError where a server's limits cannot be meant."""
    if most is None and length is None:
        message = "say what to limit: --max-num-seqs N, --max-model-len N or both"
        raise TerminalError(message, reason="NothingToTune", field="max_num_seqs")
    for field_name, value, (low, high) in (
        ("max_num_seqs", most, SEQUENCES),
        ("max_model_len", length, CONTEXT),
    ):
        if value is not None and not low <= value <= high:
            message = f"--{field_name.replace('_', '-')} must be between {low} and {high}, not {value}"
            raise TerminalError(message, reason="BadLimit", field=field_name)


def check_name(name: str) -> str:
    """Return the deployment's name, or raise TerminalError saying what a name may be."""
    if not valid_name(name) or name in TAKEN_NAMES:
        message = (
            f"{name!r} cannot be a deployment's name: at most 30 lower case letters, digits and hyphens, "
            f"starting with a letter, and not {' or '.join(sorted(TAKEN_NAMES))}; for example: as chat-8b"
        )
        raise TerminalError(message, reason="BadName", field="name")
    return name
