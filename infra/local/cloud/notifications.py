"""What Monitoring writes to a channel about an incident: JSON of schema 1.2, and the console's test message."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud import monitoring_v3
from google.protobuf import json_format

from infra.local.cloud.alerting_conditions import Reading
from infra.local.cloud.promql_groups import written

VERSION = "1.2"
LONGEST_SUBJECT = 255
_SEVERITIES = monitoring_v3.AlertPolicy.Severity
_TITLES = {"prometheus_target": "Prometheus Target", "k8s_container": "Kubernetes Container"}


@dataclass
class Incident:
    """One violation from its beginning to its end."""

    id: str
    policy: Any
    """The policy as it was when the incident was opened or last looked at."""
    condition: Any
    reading: Reading
    key: Hashable
    """What it is for: one and the same from one incident of a flapping condition to the next."""
    opened: datetime
    closed: datetime | None = None
    why: str = ""
    """How it came to be closed."""
    told: datetime | None = None
    """When its channels were last told that it is open."""

    @property
    def state(self) -> str:
        """``open`` or ``closed``."""
        return "closed" if self.closed else "open"


def message(incident: Incident, project: str, number: str) -> dict[str, Any]:
    """Return the notification of an incident's state."""
    policy, reading = incident.policy, incident.reading
    severity = _SEVERITIES(policy.severity)
    told: dict[str, Any] = {
        "incident_id": incident.id,
        "scoping_project_id": project,
        "scoping_project_number": int(number),
        "url": f"https://console.cloud.google.com/monitoring/alerting/alerts/{incident.id}"
        f"?channelType=pubsub&project={project}",
        "severity": severity.name.capitalize() if severity else "No severity",
        "started_at": int(incident.opened.timestamp()),
        "ended_at": int(incident.closed.timestamp()) if incident.closed else None,
        "state": incident.state,
        "summary": _summary(incident),
        "resource_id": reading.resource.get("instance_id", ""),
        "resource_name": _resource_name(reading, project),
        "resource_display_name": reading.resource.get("instance", ""),
        "resource_type_display_name": _title(reading),
        "resource": {"type": reading.resource_type, "labels": dict(reading.resource)},
        "metric": {
            "type": reading.metric_type,
            "displayName": _metric_name(reading),
            "labels": dict(reading.metric),
        },
        "metadata": {"system_labels": {}, "user_labels": {}},
        "policy_name": policy.display_name,
        "policy_user_labels": dict(policy.user_labels),
        "condition_name": incident.condition.display_name,
        "condition": _condition(incident.condition),
        "documentation": _documentation(incident, project),
    }
    if incident.condition.WhichOneof("condition") == "condition_threshold":
        told["threshold_value"] = written(incident.condition.condition_threshold.threshold_value)
    if reading.value is not None:
        told["observed_value"] = written(reading.value)
    return {"incident": told, "version": VERSION}


def _title(reading: Reading) -> str:
    kind = reading.resource_type
    return _TITLES.get(kind, kind.replace("_", " ").title())


def _metric_name(reading: Reading) -> str:
    kind = reading.metric_type
    return kind.split("/")[1] if kind.startswith("prometheus.googleapis.com/") else kind


def _written_labels(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}={text}" for name, text in sorted(labels.items())) + "}"


def _resource_name(reading: Reading, project: str) -> str:
    return f"{project} {_title(reading)} labels {_written_labels(reading.resource)}"


def _summary(incident: Incident) -> str:
    reading = incident.reading
    what = _metric_name(reading) or incident.condition.display_name
    about = f"{what} for {_written_labels({**reading.resource, **reading.metric})}"
    value = "" if reading.value is None else f" with a value of {reading.value:.3f}"
    if incident.closed:
        return f"{about}: {incident.why}{value}."
    match incident.condition.WhichOneof("condition"):
        case "condition_threshold":
            asked = incident.condition.condition_threshold
            side = "above" if asked.comparison == monitoring_v3.ComparisonType.COMPARISON_GT else "below"
            return f"{about} is {side} the threshold of {asked.threshold_value:.3f}{value}."
        case "condition_absent":
            return f"{about} has no data."
    return f"{about} violates {incident.condition.display_name}{value}."


def _condition(condition: Any) -> dict[str, Any]:
    shown: dict[str, Any] = json_format.MessageToDict(condition)
    for name in ("conditionThreshold", "conditionAbsent"):
        if name in shown:
            shown[name] = {"duration": "0s", "trigger": {"count": 1}, **shown[name]}
    if "conditionThreshold" in shown:
        shown["conditionThreshold"].setdefault("thresholdValue", 0.0)
    return shown


# Documentation -------------------------------------------------------------------------------------------------


def _documentation(incident: Incident, project: str) -> dict[str, Any]:
    told, known = incident.policy.documentation, _variables(incident, project)
    default = f"[ALERT] {incident.condition.display_name} on {_resource_name(incident.reading, project)}"
    subject = _expanded(told.subject, known) if told.subject else default
    return {
        "content": _expanded(told.content, known),
        "mime_type": told.mime_type or "text/markdown",
        "subject": _cut(subject),
        "links": [{"displayName": one.display_name, "url": _expanded(one.url, known)} for one in told.links],
    }


def _cut(text: str) -> str:
    return text.encode()[:LONGEST_SUBJECT].decode(errors="ignore")


def _variables(incident: Incident, project: str) -> dict[str, str]:
    policy, condition, reading = incident.policy, incident.condition, incident.reading
    known = {
        "condition.name": condition.name,
        "condition.display_name": condition.display_name,
        "policy.name": policy.name,
        "policy.display_name": policy.display_name,
        "project": project,
        "resource.project": project,
        "resource.type": reading.resource_type,
        "metric.type": reading.metric_type,
        "metric.display_name": _metric_name(reading),
    }
    known |= {f"policy.user_label.{name}": text for name, text in policy.user_labels.items()}
    known |= {f"resource.label.{name}": text for name, text in reading.resource.items()}
    return known | {f"metric.label.{name}": text for name, text in reading.metric.items()}


def _expanded(text: str, known: Mapping[str, str]) -> str:
    """Fill in the variables; one that is not there becomes nothing."""
    return re.sub(r"\$\{([\w.-]+)\}", lambda found: known.get(found[1], ""), text)


def console_test() -> dict[str, Any]:
    """Return what the console's button "Send test notification" sends."""
    example = {"example": "label"}
    place = "projects/12345"
    threshold = {
        "filter": 'metric.type="test.googleapis.com/metric" AND resource.type="example_resource"',
        "comparison": "COMPARISON_GT",
        "thresholdValue": 0.5,
        "duration": "0s",
        "trigger": {"count": 1},
    }
    condition = f"{place}/alertPolicies/12345/conditions/12345"
    incident = {
        "incident_id": "12345",
        "scoping_project_id": "12345",
        "scoping_project_number": 12345,
        "url": f"https://console.cloud.google.com/monitoring/alerting/alerts/12345?project={place[9:]}",
        "started_at": 0,
        "ended_at": None,
        "state": "OPEN",
        "summary": "Test Incident",
        "resource_id": "12345",
        "resource_name": f"{place}/example_resources/12345",
        "resource_display_name": "Example Resource",
        "resource_type_display_name": "Example Resource Type",
        "resource": {"type": "example_resource", "labels": example},
        "metric": {"type": "test.googleapis.com/metric", "displayName": "Test Metric", "labels": example},
        "metadata": {"system_labels": example, "user_labels": example},
        "policy_name": f"{place}/alertPolicies/12345",
        "policy_user_labels": example,
        "condition_name": "Example condition",
        "threshold_value": "0.5",
        "observed_value": "1.0",
        "condition": {"name": condition, "displayName": "Example condition", "conditionThreshold": threshold},
        "documentation": "Test documentation",
    }
    return {"incident": incident, "version": "test"}
