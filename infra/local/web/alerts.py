"""The alert incidents of Monitoring, as the page reads them."""

from __future__ import annotations

from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.web.load_pulse import short

CLOSED = 6
"""Closed ones that are still shown."""


def alerts(cloud: Cloud) -> dict[str, Any]:
    """Return the incidents, the newest first, and what became of the notifications of them."""
    shown = cloud.alerting.shown()
    closed = shown["closed"][: -CLOSED - 1 : -1]
    return {
        "open": [_incident(one) for one in reversed(shown["open"])],
        "closed": [_incident(one) for one in closed],
        "notifications": shown["notifications"],
    }


def _incident(one: dict[str, Any]) -> dict[str, Any]:
    told = {name: one[name] for name in ("id", "policy", "condition", "state", "opened", "closed", "why")}
    pod = one["labels"].get("pod", "")
    return {**told, "about": pod, "value": None if one["value"] is None else short(one["value"])}
