"""Reads what Cloud Monitoring publishes: notifications of schema 1.2, as documented and as they really come.

Foreign text: every field but version and incident_id may be missing, numbers come as texts, unknown fields are fine.
What cannot be read, or is not for us, becomes an alert that says why and on which nothing is done.
Source: Google's published sample of the schema, and captures (Pub/Sub and webhook channels share it).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.domain.incidents import UNREADABLE, Alert, AlertState, place_of
from shared.domain.names import short_hash, valid_name

LARGEST = 100_000
"""Bytes of a notification that are still read; real ones have a few thousand."""
KNOWN = "1.2"
TEST = "test"
"""Version of what the console's button sends."""
OWNER_LABEL, DEPLOYMENT_LABEL, REGION_LABEL = "inferops-owner", "inferops-deployment", "inferops-region"


def _number(value: Any) -> Any:
    """Numbers come as text, and absent ones as an empty one."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value


_Number = Annotated[float | None, BeforeValidator(_number)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Condition(_Lenient):
    name: str = ""
    display_name: str = Field("", alias="displayName")


class _Resource(_Lenient):
    labels: Mapping[str, str] = Field(default_factory=dict)


class _Incident(_Lenient):
    incident_id: str = Field(min_length=1)
    scoping_project_id: str = ""
    url: str = ""
    started_at: _Number = None
    ended_at: _Number = None
    state: Literal["open", "closed"]
    summary: str = ""
    condition_name: str = ""
    condition: _Condition = Field(default_factory=_Condition)  # type: ignore[arg-type]  # every field has a default
    policy_user_labels: Mapping[str, str] = Field(default_factory=dict)
    resource: _Resource = Field(default_factory=_Resource)
    threshold_value: _Number = None
    observed_value: _Number = None


def read_notification(data: bytes, project: str, owner: str, received_at: datetime) -> Alert:
    """Return the alert in a Pub/Sub message's data. Never raises: what is wrong stands in ``problem``."""
    if len(data) > LARGEST:
        return _unreadable(data, f"it has {len(data)} bytes; {LARGEST} are read", received_at)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return _unreadable(data, "it is not JSON", received_at)
    version, found = (body.get("version"), body.get("incident")) if isinstance(body, dict) else (None, None)
    if not isinstance(found, dict):
        return _unreadable(data, "it has no incident: Cloud Monitoring's schema 1.2 is expected", received_at)
    said = _text(found.get("summary"))
    if version == TEST:
        return _unreadable(data, "it is the console's test message: the channel works", received_at, said)
    if version != KNOWN:
        shown = _text(version, 20) or "no version"
        because = f"its schema is {shown}, and only {KNOWN} is acted upon"
        return _unreadable(data, because, received_at, said)
    try:
        incident = _Incident.model_validate({**_without_nulls(found), "state": _text(found.get("state")).lower()})
    except ValidationError as error:
        return _unreadable(data, _first(error), received_at, said)
    return _alert(incident, data, project, owner, received_at)


def _alert(incident: _Incident, data: bytes, project: str, owner: str, received_at: datetime) -> Alert:
    labels = incident.policy_user_labels
    deployment, region = labels.get(DEPLOYMENT_LABEL, ""), labels.get(REGION_LABEL, "")
    if incident.scoping_project_id != project:
        shown = _text(incident.scoping_project_id, 60) or "none"
        because = f"it is of project {shown}, and this installation looks after {project}"
        return _unreadable(data, because, received_at, incident.summary)
    if labels.get(OWNER_LABEL) != owner or not valid_name(deployment) or not valid_name(region):
        because = "its alert policy is not one of ours: the policy's user labels do not name a deployment and a region"
        return _unreadable(data, because, received_at, incident.summary)
    state = AlertState(incident.state)
    condition = incident.condition.name or incident.condition_name
    return Alert(
        id=short_hash([incident.incident_id, condition, state], 20),
        place=place_of(deployment, region),
        state=state,
        received_at=received_at,
        incident_id=incident.incident_id,
        condition=condition,
        condition_name=incident.condition_name or incident.condition.display_name,
        summary=incident.summary[:500],
        url=incident.url[:500],
        started_at=_moment(incident.started_at),
        ended_at=_moment(incident.ended_at),
        observed=incident.observed_value,
        threshold=incident.threshold_value,
    )


def _unreadable(data: bytes, because: str, received_at: datetime, summary: str = "") -> Alert:
    """One notification is one record, however often it comes."""
    sign = short_hash(data[:LARGEST].hex(), 20)
    return Alert(
        sign, UNREADABLE, AlertState.UNREADABLE, received_at, summary=summary[:500], problem=f"{because}"[:500]
    )


def _without_nulls(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value is not None}


def _text(value: Any, most: int = 500) -> str:
    return value[:most] if isinstance(value, str) else ""


def _first(error: ValidationError) -> str:
    [found, *_] = error.errors()
    where = ".".join(str(part) for part in found["loc"])
    return f"incident.{where}: {found['msg'].lower()}"


def _moment(seconds: float | None) -> datetime | None:
    """Epoch seconds; nonsense counts as not said."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
