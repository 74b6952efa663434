"""Cloud Monitoring on the wire: its three services on one host, over gRPC and over REST."""

from __future__ import annotations

from dataclasses import replace

from infra.local.cloud import rpcs
from infra.local.cloud.alerting import Alerting
from infra.local.cloud.monitoring import Monitoring
from infra.local.cloud.rpcs import Binding, Rpc, _pattern
from infra.local.cloud.wire import Handler, Wire
from infra.local.cloud.world import World

HOST = "monitoring"
_MODULE = "google.cloud.monitoring_v3"
_POLICIES, _CHANNELS = "projects/*/alertPolicies", "projects/*/notificationChannels"
_ROUTES = {
    "ListTimeSeries": ("GET", "/v3/{name=projects/*}/timeSeries", None),
    "ListMetricDescriptors": ("GET", "/v3/{name=projects/*}/metricDescriptors", None),
    "GetMetricDescriptor": ("GET", "/v3/{name=projects/*/metricDescriptors/**}", None),
    "CreateAlertPolicy": ("POST", "/v3/{name=projects/*}/alertPolicies", "alert_policy"),
    "GetAlertPolicy": ("GET", f"/v3/{{name={_POLICIES}/*}}", None),
    "ListAlertPolicies": ("GET", "/v3/{name=projects/*}/alertPolicies", None),
    "UpdateAlertPolicy": ("PATCH", f"/v3/{{alert_policy.name={_POLICIES}/*}}", "alert_policy"),
    "DeleteAlertPolicy": ("DELETE", f"/v3/{{name={_POLICIES}/*}}", None),
    "CreateNotificationChannel": ("POST", "/v3/{name=projects/*}/notificationChannels", "notification_channel"),
    "GetNotificationChannel": ("GET", f"/v3/{{name={_CHANNELS}/*}}", None),
    "ListNotificationChannels": ("GET", "/v3/{name=projects/*}/notificationChannels", None),
    "UpdateNotificationChannel": ("PATCH", f"/v3/{{notification_channel.name={_CHANNELS}/*}}", "notification_channel"),
    "DeleteNotificationChannel": ("DELETE", f"/v3/{{name={_CHANNELS}/*}}", None),
}
"""Written by hand: the client of this API knows gRPC alone."""


def _rpcs(service: str, client: str) -> dict[str, Rpc]:
    known = rpcs.load(_MODULE, service, client)
    return {name: replace(rpc, bindings=_bindings(name)) for name, rpc in known.items()}


def _bindings(name: str) -> tuple[Binding, ...]:
    if name not in _ROUTES:
        return ()
    verb, uri, body = _ROUTES[name]
    return (Binding(verb, *_pattern(uri), body),)


def monitoring_wire(world: World, monitoring: Monitoring, alerting: Alerting) -> Wire:
    """Return the host that answers for metrics, alert policies and notification channels."""
    wire = Wire(world, HOST)
    services: dict[tuple[str, str], dict[str, Handler]] = {
        ("metric_service", "MetricServiceClient"): monitoring.handlers(),
        ("alert_policy_service", "AlertPolicyServiceClient"): alerting.policies.handlers(),
        ("notification_channel_service", "NotificationChannelServiceClient"): alerting.channels.handlers(),
    }
    for (service, client), handlers in services.items():
        wire.serve(_rpcs(service, client), handlers)
    return wire
