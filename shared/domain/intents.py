"""What a person asked for. Written once, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.errors import TerminalError
from shared.domain.names import short_hash, valid_name

MOST_REPLICAS = 64
"""Per region. A larger wish is a typing error until a policy says otherwise."""
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
    """Set the KV-cache utilisation in percent at which traffic spills to another region."""

    percent: int
    name: str = ""


@dataclass(frozen=True)
class Undo:
    """Go back to what the deployment was before its last change."""

    name: str = ""


@dataclass(frozen=True)
class Delete:
    """Take a deployment down, and what no other deployment needs with it."""

    name: str


Ask = Deploy | Scale | Balance | Undo | Delete
VERBS: Mapping[type, str] = {
    Deploy: "deploy",
    Scale: "scale",
    Balance: "balance",
    Undo: "undo",
    Delete: "delete",
}


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

    @property
    def verb(self) -> str:
        """The word that was typed."""
        return VERBS[type(self.ask)]


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


def check_name(name: str) -> str:
    """Return the deployment's name, or raise TerminalError saying what a name may be."""
    if not valid_name(name) or name in TAKEN_NAMES:
        message = (
            f"{name!r} cannot be a deployment's name: at most 30 lower case letters, digits and hyphens, "
            f"starting with a letter, and not {' or '.join(sorted(TAKEN_NAMES))}; for example: as chat-8b"
        )
        raise TerminalError(message, reason="BadName", field="name")
    return name
