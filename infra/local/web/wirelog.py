"""The inspector: what crossed the wires, in the words of people who know the services."""

from __future__ import annotations

from typing import Any

from infra.local.cloud.tap import Exchange, Tap

FIRST = 500
"""Exchanges that a page gets when it connects."""
_SERVICES = {
    "slack": "Slack",
    "pubsub": "Pub/Sub",
    "firestore": "Firestore",
    "tasks": "Cloud Tasks",
    "gke": "GKE",
    "compute": "Compute",
    "fleet": "Fleet",
    "kubernetes": "Kubernetes",
    "storage": "Storage",
    "registry": "Artifact Registry",
    "artifactregistry": "Artifact Registry",
    "secretmanager": "Secret Manager",
    "monitoring": "Monitoring",
    "prometheus": "Monitoring, PromQL",
    "serviceusage": "Service Usage",
    "cloudresourcemanager": "Resource Manager",
    "cloudquotas": "Quotas",
}


def since(tap: Tap, last: int) -> list[dict[str, Any]]:
    """Return what came after an exchange, oldest first; the latest ``FIRST`` at most."""
    return [_entry(tap, one) for one in tap.since(last)[-FIRST:]]


def details(tap: Tap, number: int) -> dict[str, Any] | None:
    """Return one exchange with its bodies as text without secrets; None if it is too long ago."""
    found = tap.find(number)
    if found is None:
        return None
    request, answer = (tap.text(body, found.what) for body in (found.request, found.answer))
    return {**_entry(tap, found), "request": request, "answer": answer}


def _entry(tap: Tap, one: Exchange) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at.isoformat(),
        "service": _SERVICES.get(one.service, one.service),
        "what": tap.masked(one.what),
        "from": tap.places.get(one.source, one.source),
        "to": tap.places.get(one.target, one.target),
        "status": one.status,
        "failed": one.failed,
        "ms": round(one.seconds * 1000, 1),
        "size": one.size,
    }
