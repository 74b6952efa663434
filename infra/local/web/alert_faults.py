"""What goes wrong with metrics and alerts: they vanish, hang, go astray, come in storms, or end too soon."""

from __future__ import annotations

from collections import Counter
from typing import Any

from infra.local.cloud.cloud import Cloud
from infra.local.cloud.faults import Faults
from infra.local.cloud.notifications_sender import ALL
from infra.local.web.fault_kinds import BadFaultError, Fault, Field, Values, regions

_SENDER = Field("sender", "Sent by", ALL, [ALL])
_SERVER = "server"


def alert_faults(cloud: Cloud) -> list[Fault]:
    """Return what can go wrong between the model servers and those who are on call."""
    faults = cloud.world.faults
    return [
        _vanish(faults),
        _hang(cloud),
        _astray(
            "lost",
            "Notifications lost",
            "The next notifications of Monitoring are never delivered. Nobody hears of an opening that is lost until "
            "another alert opens; a close that is lost keeps no incident open, since the metrics are read again.",
            faults.lost,
        ),
        _astray(
            "duplicate",
            "Notifications doubled",
            "The next notifications of Monitoring are delivered twice. Nothing may happen twice because of it.",
            faults.duplicate,
        ),
        _late(faults),
        _storm(cloud),
        _time_out(cloud),
    ]


def _region() -> Field:
    return Field("region", "Region", regions()[0], regions())


def _vanish(faults: Faults) -> Fault:
    return Fault(
        "metrics-vanish",
        "Metrics vanish",
        "Nothing in this region is scraped, while its servers go on serving. The alert says that metrics are missing; "
        "the region is called blind, and never healthy.",
        [_region()],
        lambda v: faults.unavailable.add(f"exporter/{v['region']}"),
        lambda v: faults.unavailable.discard(f"exporter/{v['region']}"),
        lambda v: [f"unavailable/exporter/{v['region']}"],
    )


def _hang(cloud: Cloud) -> Fault:
    faults = cloud.world.faults

    def found(values: Values) -> Values:
        pods = sorted(one.pod for one in cloud.controllers.engines if one.region == values["region"])
        pods = [pod for pod in pods if f"engine/{pod}" not in faults.unavailable]
        if not pods:
            raise BadFaultError(f"no model server runs in {values['region']} now; deploy a model there first")
        return {_SERVER: pods[0]}

    return Fault(
        "hang",
        "A server hangs",
        "One model server of the region makes no more tokens, but still answers who asks for its health. What waits "
        "in it is given up by its clients; its KV cache stays full.",
        [_region()],
        lambda v: faults.unavailable.add(f"engine/{v[_SERVER]}"),
        lambda v: faults.unavailable.discard(f"engine/{v[_SERVER]}"),
        found=found,
    )


def _astray(kind: str, title: str, help_text: str, budget: Counter[str]) -> Fault:
    return Fault(
        f"notifications-{kind}",
        title,
        help_text,
        [_SENDER, Field("count", "How many", "1")],
        lambda v: budget.update({v["sender"]: int(v["count"])}),
        counted=lambda v: [f"{kind}/{v['sender']}"],
        armed=budget,
    )


def _late(faults: Faults) -> Fault:
    return Fault(
        "notifications-late",
        "Notifications late",
        "Monitoring's notifications are each late by a time of their own, so many seconds at most; some overtake "
        "others.",
        [_SENDER, Field("seconds", "Seconds at most", "300", most=86_400)],
        lambda v: faults.late.update({v["sender"]: float(v["seconds"])}),
        lambda v: faults.late.pop(v["sender"], None),
        lambda v: [f"late/{v['sender']}"],
    )


def _storm(cloud: Cloud) -> Fault:
    def storm(values: Values) -> None:
        cloud.alerting.storm(_flapping(cloud, values["region"]), int(values["count"]))

    return Fault(
        "alert-storm",
        "Alert storm",
        "An alert of this region opens and closes so many times within a moment. There is one card all the same.",
        [_region(), Field("count", "Notifications", "200")],
        storm,
    )


def _flapping(cloud: Cloud, region: str) -> str:
    """Return the policy that a storm is of: of an incident of the region, or else any of the region."""
    policies = [name for name, one in cloud.alerting.policies.all.items() if region in one.user_labels.values()]
    found = [str(one["policy_name"]) for one in _open(cloud, region)] + policies
    if not found:
        raise BadFaultError(f"no alert policy watches {region} now; deploy a model there first")
    return found[0]


def _time_out(cloud: Cloud) -> Fault:
    def end(values: Values) -> None:
        found = _open(cloud, values["region"])
        if not found:
            raise BadFaultError(f"no alert of {values['region']} is open now; set a load that is too high first")
        for one in found:
            cloud.alerting.time_out(str(one["id"]))

    return Fault(
        "time-out",
        "Alert closed by its time-out",
        "The open alerts of this region are closed while it is still hot: by somebody in Monitoring's console, or by "
        "Monitoring itself, for want of data. That is not called resolved; the alerts open again.",
        [_region()],
        end,
    )


def _open(cloud: Cloud, region: str) -> list[dict[str, Any]]:
    return [one for one in cloud.alerting.shown()["open"] if one["labels"].get("location") == region]
