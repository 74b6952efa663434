"""How managed Prometheus reads metrics: the servers' as they are, the picker's with a token that it may use."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.engines import Engine
from shared.domain.manifests.access import role_pair, rule, service_account
from shared.domain.manifests.objects import Manifest, manifest
from shared.domain.manifests.picker import Picker
from shared.domain.manifests.picker import selector as picker_selector
from shared.domain.manifests.server import selector

COLLECTOR = ("gmp-system", "collector")
"""Namespace and name of managed Prometheus' own account."""

SCRAPE = "15s"
"""How often the servers are read: evidence and alerts are counted in scrapes."""


def server_monitoring(pool: str, namespace: str, labels: Mapping[str, str], engine: Engine) -> Manifest:
    """Return the PodMonitoring of the model servers; the picker's has the pool's own name."""
    endpoint = {"port": engine.port_name, "path": engine.metrics_path, "interval": SCRAPE}
    spec = {"endpoints": [endpoint], "selector": {"matchLabels": selector(pool)}}
    name = f"{pool}-servers"
    return manifest("monitoring.googleapis.com/v1", "PodMonitoring", name, labels, namespace=namespace, spec=spec)


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
    spec = {"endpoints": [endpoint], "selector": {"matchLabels": picker_selector(picker.name)}}
    return manifest(
        "monitoring.googleapis.com/v1",
        "PodMonitoring",
        picker.pool,
        picker.labels,
        namespace=picker.namespace,
        spec=spec,
    )
