"""Conditions: the state in words that always mean the same, for people and for other units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class ConditionType(StrEnum):
    """What a condition speaks about."""

    CAPACITY_READY = "CapacityReady"
    WORKLOAD_READY = "WorkloadReady"
    TRAFFIC_READY = "TrafficReady"
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class Truth(StrEnum):
    """Kubernetes' three values of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(StrEnum):
    """Why a condition is what it is. Each stands in docs/conditions.md with its remedy."""

    AS_WANTED = "AsWanted"
    IN_PROGRESS = "InProgress"
    WAITING = "Waiting"
    NOT_SEEN = "NotSeen"
    REMOVED = "Removed"
    STOCK_OUT = "StockOut"
    QUOTA_EXCEEDED = "QuotaExceeded"
    PERMISSION_DENIED = "PermissionDenied"
    API_DISABLED = "ApiDisabled"
    GRANT_MISSING = "GrantMissing"
    BUCKET_UNUSABLE = "BucketUnusable"
    FOREIGN = "Foreign"
    FIELD_NOT_KEPT = "FieldNotKept"
    WRECK = "Wreck"
    INVALID = "Invalid"
    CONFLICT = "Conflict"
    IP_SPACE = "IpSpaceExhausted"
    IMAGE_NOT_FOUND = "ImageNotFound"
    SECRET_MISSING = "SecretMissing"  # noqa: S105 - a reason, not a secret
    WORKLOAD_FAILING = "WorkloadFailing"
    SMOKE_TEST_FAILED = "SmokeTestFailed"
    ALREADY_EXISTS = "AlreadyExists"
    RATE_LIMITED = "RateLimited"
    UNAVAILABLE = "Unavailable"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    BUSY = "Busy"
    IN_USE = "InUse"
    INTERNAL = "Internal"


@dataclass(frozen=True)
class Condition:
    """One statement about a unit. ``message`` says what to do where something is wrong."""

    type: ConditionType
    status: Truth
    reason: Reason
    message: str
    observed_generation: int
    last_transition_time: datetime


def carry_over(old: tuple[Condition, ...], new: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Return the new conditions; one whose status did not change keeps the time of its last transition."""
    before = {condition.type: condition for condition in old}
    return tuple(
        replace(condition, last_transition_time=before[condition.type].last_transition_time)
        if condition.type in before and before[condition.type].status is condition.status
        else condition
        for condition in new
    )


def find(conditions: tuple[Condition, ...], kind: ConditionType) -> Condition | None:
    """Return the condition of this type, if it was ever stated."""
    return next((condition for condition in conditions if condition.type is kind), None)
