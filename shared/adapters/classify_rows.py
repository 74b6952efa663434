"""The rows of the table in ``classify``: what to look for, what it means, what to say."""

from __future__ import annotations

from datetime import timedelta

from shared.adapters.classify_row import Row, Who
from shared.domain.conditions import Reason


def _any(*statuses: str) -> frozenset[str]:
    return frozenset(statuses)


_NO_STOCK = (
    r"GCE_STOCKOUT|does not have enough resources available|RESOURCE_POOL_EXHAUSTED|INSUFFICIENT_CAPACITY"
    r"|lack of capacity|Requested resource is exhausted|resource_availability"
)
_QUOTA = r"GCE_QUOTA_EXCEEDED|QUOTA_EXCEEDED|quotaExceeded|Quota '[^']+' exceeded|exceeded quota|Insufficient .*quota"
_ZONE = r"(?=.*?\b(?P<zone>[a-z]+-[a-z]+\d+-[a-f])\b)?"
_METRIC = (
    r"(?=.*?Quota '(?P<metric>[^']+)' exceeded)?(?=.*?Limit: (?P<limit>\d+))?"
    r"(?=.*?in region (?P<region>[a-z]+-[a-z]+\d+))?"
)
_ASK_QUOTA = "ask for more {metric} in {region} (IAM & Admin, Quotas), or ask for fewer GPUs"
CHOOSE = "choose another zone, region, machine or way of buying"
_OTHER_ZONE = f"{CHOOSE}; inferops tries this one again every 10 minutes"

_CAPACITY = (
    Row(
        "flex-start queue",
        Who.ORDER,
        Reason.IN_PROGRESS,
        text=r"Waiting for resources",
        says="{doing}: queued until the machines are free",
    ),
    Row(
        "stock-out and quota together",
        Who.PERSON,
        Reason.QUOTA_EXCEEDED,
        text=rf"^(?=.*({_NO_STOCK}))(?=.*({_QUOTA})){_ZONE}{_METRIC}",
        says="{doing}: {metric} in {region} allows {limit}, and {zone} has no machines free either",
        remedy=f"{_ASK_QUOTA}; then {_OTHER_ZONE}",
    ),
    Row(
        "stock-out",
        Who.PERSON,
        Reason.STOCK_OUT,
        text=rf"^(?=.*({_NO_STOCK})){_ZONE}",
        says="{doing}: {zone} has no machines of this type free",
        remedy=_OTHER_ZONE,
    ),
    Row(
        "calls per minute",
        Who.WORLD,
        Reason.RATE_LIMITED,
        text=r"Quota exceeded for quota metric .* per minute|rateLimitExceeded|RATE_LIMIT_EXCEEDED",
        says="{doing}: too many calls in a minute",
        after=timedelta(seconds=30),
    ),
    Row(
        "quota without its name",
        Who.PERSON,
        Reason.QUOTA_EXCEEDED,
        text=rf"^(?=.*({_QUOTA}))(?!.*Quota '[^']+' exceeded)",
        remedy="ask for more of it (IAM & Admin, Quotas), or ask for fewer GPUs",
    ),
    Row(
        "quota",
        Who.PERSON,
        Reason.QUOTA_EXCEEDED,
        text=rf"^(?=.*({_QUOTA})){_METRIC}",
        says="{doing}: {metric} in {region} allows {limit}, and this needs more",
        remedy=_ASK_QUOTA,
    ),
    Row(
        "IP space",
        Who.PERSON,
        Reason.IP_SPACE,
        text=r"IP_SPACE_EXHAUSTED|IP space|secondary range",
        remedy="give the subnetwork a larger or another secondary range",
    ),
    Row(
        "reservation not ready",
        Who.WORLD,
        Reason.UNAVAILABLE,
        text=r"RESERVATION_NOT_READY",
        after=timedelta(minutes=1),
    ),
    Row(
        "reservation",
        Who.PERSON,
        Reason.STOCK_OUT,
        text=r"RESERVATION_(NOT_FOUND|CAPACITY_EXCEEDED|INCOMPATIBLE|INVALID)|AUTOMATIC_RESERVATIONS_"
        r"|is incorrect for the requested resources",
        remedy="compare the reservation's machine type, zone and free count with what is asked for",
    ),
    Row(
        "spot conflict",
        Who.PERSON,
        Reason.INVALID,
        text=r"preemptible be false when AutomaticRestart is true",
        says="{doing}: spot machines cannot have this placement or host maintenance setting",
        remedy="deploy with another way of buying, or another machine type",
    ),
)
_BUSY = (
    Row(
        "busy",
        Who.ORDER,
        Reason.BUSY,
        text=r"running incompatible operation|is currently \w+ing|Please wait and try again once it is done"
        r"|currently being (created|deleted|updated|repaired)|operationInProgress|resourceNotReady|is not ready$"
        r"|because it is being terminated",
    ),
    Row(
        "too many operations",
        Who.ORDER,
        Reason.BUSY,
        text=r"concurrent operations quota|Too many operations",
        says="{doing}: the cluster has as many operations under way as it takes",
    ),
    Row(
        "in use",
        Who.ORDER,
        Reason.IN_USE,
        text=r"IN_USE_BY_ANOTHER_RESOURCE|resourceInUseByAnotherResource|is already being used by|still has "
        r"|still being referenced by",
    ),
)
_RIGHTS = (
    Row(
        "API off",
        Who.PERSON,
        Reason.API_DISABLED,
        _any("PERMISSION_DENIED"),
        r"(SERVICE_DISABLED|accessNotConfigured|has not been used in project|is disabled)"
        r"(?=.*?(?P<service>\w+\.googleapis\.com))?",
        says="{doing}: {service} is not enabled",
        remedy="gcloud services enable {service}",
    ),
    Row(
        "node account",
        Who.PERSON,
        Reason.GRANT_MISSING,
        text=r"NODE_SERVICE_ACCOUNT_MISSING_PERMISSIONS|GKE_SERVICE_ACCOUNT_DELETED",
        remedy="restore the account, and grant roles/container.defaultNodeServiceAccount to the nodes' one",
    ),
    Row(
        "permission",
        Who.PERSON,
        Reason.PERMISSION_DENIED,
        _any("PERMISSION_DENIED"),
        remedy="grant {role} to the service account of the function that needs it: docs/install.md says which",
    ),
    Row(
        "credentials",
        Who.PERSON,
        Reason.PERMISSION_DENIED,
        _any("UNAUTHENTICATED"),
        remedy="check the service account that the function runs as, and that it has {role}",
    ),
)
_KUBERNETES = (
    Row(
        "another field manager",
        Who.PERSON,
        Reason.CONFLICT,
        _any("ABORTED"),
        r"conflicts? with \"(?P<manager>[^\"]+)\"",
        kubernetes=True,
        says="{doing}: {manager} also sets fields of it: {message}",
        remedy="let {manager} give these fields up, or delete the object by hand",
    ),
    Row(
        "kind not served",
        Who.ORDER,
        Reason.WAITING,
        _any("NOT_FOUND"),
        r"could not find the requested resource",
        kubernetes=True,
        says="{doing}: the cluster does not know this kind yet",
    ),
    Row(
        "no namespace",
        Who.ORDER,
        Reason.WAITING,
        _any("NOT_FOUND"),
        r"namespaces \"[^\"]+\" not found",
        kubernetes=True,
    ),
    Row(
        "unknown field",
        Who.ASKER,
        Reason.INVALID,
        _any("INVALID_ARGUMENT"),
        r"(strict decoding error|unknown field|field not declared in schema)(?=.*?\"?(?P<field>\.[\w.\[\]]+))?",
        kubernetes=True,
    ),
    Row(
        "invalid object",
        Who.ASKER,
        Reason.INVALID,
        _any("INVALID_ARGUMENT"),
        r"is invalid: \[?(?P<field>[\w.\[\]/-]+):",
        kubernetes=True,
    ),
)
_PLAIN = (
    Row(
        "taken", Who.PERSON, Reason.ALREADY_EXISTS, _any("ALREADY_EXISTS"), remedy="look at what has this name already"
    ),
    Row("gone", Who.ORDER, Reason.WAITING, _any("NOT_FOUND")),
    Row(
        "no answer",
        Who.WORLD,
        Reason.DEADLINE_EXCEEDED,
        _any("DEADLINE_EXCEEDED"),
        says="{doing}: no answer in time; it may have happened all the same",
        after=timedelta(seconds=5),
    ),
    Row("rate", Who.WORLD, Reason.RATE_LIMITED, _any("RESOURCE_EXHAUSTED"), after=timedelta(seconds=30)),
    Row("changed meanwhile", Who.WORLD, Reason.CONFLICT, _any("ABORTED"), after=timedelta(seconds=2)),
    Row("down", Who.WORLD, Reason.UNAVAILABLE, _any("UNAVAILABLE")),
    Row("precondition", Who.ORDER, Reason.WAITING, _any("FAILED_PRECONDITION")),
    Row(
        "condition not met",
        Who.PERSON,
        Reason.INVALID,
        text=r"CONDITION_NOT_MET",
        remedy="change what the message names",
    ),
    Row(
        "invalid",
        Who.ASKER,
        Reason.INVALID,
        _any("INVALID_ARGUMENT", "OUT_OF_RANGE", "UNIMPLEMENTED"),
        r"(?=.*?field '(?P<field>[\w.\[\]]+)')?",
    ),
    Row("anything else", Who.WORLD, Reason.INTERNAL),
)
ROWS = (*_CAPACITY, *_BUSY, *_RIGHTS, *_KUBERNETES, *_PLAIN)
