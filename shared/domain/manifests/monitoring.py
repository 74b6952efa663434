"""How managed Prometheus reads the picker's metrics: a token it may use, and what to scrape with it."""

from __future__ import annotations

from shared.domain.manifests.access import role_pair, rule, service_account
from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.manifests.picker import Picker, selector

COLLECTOR = ("gmp-system", "collector")
"""Namespace and name of managed Prometheus' own account."""


def monitoring(picker: Picker) -> tuple[Manifest, ...]:
    """Return account, token, PodMonitoring, and the two pairs of roles that let the collector use the token."""
    reader, token = f"{picker.pool}-metrics-reader-sa", f"{picker.pool}-metrics-reader-secret"
    home, labels = picker.namespace, picker.labels
    scrape = [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]
    read = [rule("", ["secrets"], ["get", "list", "watch"], [token])]
    secret_role = f"{picker.pool}-metrics-reader-secret-read"
    binding = f"{':'.join(COLLECTOR)}:{home}-{secret_role}"
    return (
        service_account(reader, home, labels),
        _token(token, reader, picker),
        *role_pair(
            f"{home}-{picker.pool}-metrics-reader",
            labels,
            scrape,
            (home, reader),
            binding=f"{home}-{picker.pool}-metrics-reader-role-binding",
        ),
        *role_pair(secret_role, labels, read, COLLECTOR, namespace=home, binding=binding),
        _pod_monitoring(token, picker),
    )


def _token(name: str, account: str, picker: Picker) -> Manifest:
    """Return a Secret that Kubernetes itself fills with a token of the account."""
    return manifest(
        "v1",
        "Secret",
        name,
        picker.labels,
        namespace=picker.namespace,
        annotations={"kubernetes.io/service-account.name": account},
        type="kubernetes.io/service-account-token",
    )


def _pod_monitoring(token: str, picker: Picker) -> Manifest:
    secret = {"name": token, "key": "token"}
    endpoint = {
        "port": "metrics",
        "scheme": "http",
        "path": "/metrics",
        "interval": "10s",
        "authorization": {"type": "Bearer", "credentials": {"secret": secret}},
    }
    spec = {"endpoints": [endpoint], "selector": {"matchLabels": selector(picker.name)}}
    return manifest(
        "monitoring.googleapis.com/v1",
        "PodMonitoring",
        picker.pool,
        picker.labels,
        namespace=picker.namespace,
        spec=spec,
    )
