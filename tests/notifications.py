"""Notifications of Cloud Monitoring as they are published: schema 1.2, made for a condition of one of our policies."""

from __future__ import annotations

import json
from typing import Any

PROJECT, OWNER = "demo", "inferops"


def notification(
    deployment: str = "chat",
    region: str = "us-east4",
    state: str = "open",
    incident: str = "0.abc",
    started: float = 1_767_603_600.0,
    **changes: Any,
) -> bytes:
    """Return the data of a Pub/Sub message; ``changes`` replace fields of the incident, None takes one away."""
    labels = {"inferops-owner": OWNER, "inferops-deployment": deployment, "inferops-region": region}
    condition = "projects/demo/alertPolicies/11/conditions/22"
    made: dict[str, Any] = {
        "incident_id": incident,
        "scoping_project_id": PROJECT,
        "scoping_project_number": 123456789012,
        "url": "https://console.cloud.google.com/monitoring/alerting/alerts/0.abc?project=demo",
        "severity": "Warning",
        "started_at": started,
        "ended_at": None if state == "open" else started + 600,
        "state": state,
        "summary": "KV cache hot in us-east4 is violated with a value of 0.93.",
        "resource_id": "",
        "resource_name": "demo Prometheus Target labels {location=us-east4}",
        "resource_type_display_name": "Prometheus Target",
        "resource": {"type": "prometheus_target", "labels": {"project_id": PROJECT, "location": region}},
        "metric": {"type": "", "displayName": "", "labels": {}},
        "metadata": {"system_labels": {}, "user_labels": {}},
        "policy_name": f"inferops {deployment} {region}",
        "policy_user_labels": labels,
        "condition_name": "KV cache hot",
        "observed_value": "0.93",
        "condition": {
            "name": condition,
            "displayName": "KV cache hot",
            "conditionPrometheusQueryLanguage": {"query": "vllm:kv_cache_usage_perc > 0.6", "duration": "120s"},
        },
        "documentation": {"content": "What to do.", "mime_type": "text/markdown", "subject": "Hot"},
    }
    made |= changes
    return json.dumps({"version": "1.2", "incident": {k: v for k, v in made.items() if v is not None}}).encode()
