"""Where each value is stored: collection, id, and the few fields that it is found by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.desired import deployment_path, platform_path
from shared.domain.inventory import Status, Unit
from shared.domain.names import GLOBAL, short_hash

INTENTS, VOTES, PROPOSALS, DECISIONS = "intents", "votes", "proposals", "decisions"
PLATFORM_DOCUMENTS, DEPLOYMENTS, STATUSES = "platform", "deployments", "statuses"
CARDS, OUTBOX, AUDIT = "cards", "outbox", "audit"
DIRECTORY = "directory/groups"
ALERTS, INCIDENTS, SCORES = "alerts", "incidents", "scores"


def intent_path(intent: str) -> str:
    """Return where an intent is stored."""
    return f"{INTENTS}/{intent}"


def proposal_path(proposal: str) -> str:
    """Return where a proposal is stored."""
    return f"{PROPOSALS}/{proposal}"


def decision_path(proposal: str) -> str:
    """Return where the decision on a proposal is stored."""
    return f"{DECISIONS}/{proposal}"


def vote_path(vote: str) -> str:
    """Return where a vote is stored."""
    return f"{VOTES}/{vote}"


def card_path(proposal: str) -> str:
    """Return where the card of a proposal is stored."""
    return f"{CARDS}/{proposal}"


def alert_path(alert: str) -> str:
    """Return where a notification is recorded."""
    return f"{ALERTS}/{alert}"


def incident_path(incident: str) -> str:
    """Return where an incident is stored."""
    return f"{INCIDENTS}/{incident}"


def head_path(place: str) -> str:
    """Return where it is stored which incident a place is in."""
    return f"{INCIDENTS}/{place}"


def score_path(deployment: str) -> str:
    """Return where it is stored how well advice has done for a deployment, and what was learned of its servers."""
    return f"{SCORES}/{deployment}"


def desired_path(unit: Unit) -> str:
    """Return where the desired state is stored that a unit follows."""
    return platform_path(unit.location) if unit.is_platform else deployment_path(unit.owner)


def status_path(unit: Unit) -> str:
    """Return where a unit's status is stored."""
    return f"{STATUSES}/{unit}"


SHARE = 10
"""A converged unit is visited once in so many minutes, for drift."""


def share_of(unit: Unit) -> int:
    """Return the minute out of ten in which a converged unit is visited."""
    return int(short_hash(str(unit)), 16) % SHARE


def status_fields(status: Status) -> Mapping[str, Any]:
    """Return what statuses are found by: owner, regions that the inventory names, the next look, the drift minute."""
    regions = {key.within.split("/")[0] if key.within else key.location for key in status.inventory}
    return {
        "owner": status.unit.owner,
        "regions": sorted(regions - {GLOBAL}),
        "share": share_of(status.unit),
        "next_check_at": None if status.next_check_at is None else status.next_check_at.timestamp(),
    }
