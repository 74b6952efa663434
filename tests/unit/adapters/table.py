"""An error for every row of the table from foreign errors to ours, as the API words it."""

# ruff: noqa: E501 - a row of the table is a line

from __future__ import annotations

from shared.adapters.refusals import Refusal, of_http
from shared.domain.conditions import Reason
from shared.domain.errors import NeedsHumanError, PreconditionError, RetryableError, TerminalError

DOING = "create NodePool llm-1 in us-east4"
STOCK = (
    "Google Compute Engine: Not all instances running in IGM after 35m4.31s. Expected 1, running 0, transitioning 1. "
    "Current errors: [GCE_STOCKOUT]: Instance 'gke-1' creation failed: The zone "
    "'projects/demo/zones/us-east4-a' does not have enough resources available to fulfill the request."
)
QUOTA = "Quota 'PREEMPTIBLE_NVIDIA_H100_GPUS' exceeded.  Limit: 16.0 in region us-east4."


def google(status: str, message: str, reason: str = "", service: str = "") -> Refusal:
    return Refusal(status, reason, message, service)


def status(code: int, reason: str, message: str) -> Refusal:
    body = f'{{"kind": "Status", "reason": "{reason}", "code": {code}, "message": {_quoted(message)}}}'
    return of_http(code, body)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


TABLE = [
    ("flex-start queue", google("UNKNOWN", "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: Waiting for resources"), PreconditionError, Reason.IN_PROGRESS),
    ("stock-out and quota together", google("INTERNAL", f"{STOCK} {QUOTA}"), NeedsHumanError, Reason.QUOTA_EXCEEDED),
    ("stock-out", google("RESOURCE_EXHAUSTED", STOCK, "GCE_STOCKOUT"), NeedsHumanError, Reason.STOCK_OUT),
    ("calls per minute", google("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'"), RetryableError, Reason.RATE_LIMITED),
    ("quota without its name", google("RESOURCE_EXHAUSTED", "Insufficient regional quota to satisfy request", "GCE_QUOTA_EXCEEDED"), NeedsHumanError, Reason.QUOTA_EXCEEDED),
    ("quota", google("PERMISSION_DENIED", QUOTA, "quotaExceeded"), NeedsHumanError, Reason.QUOTA_EXCEEDED),
    ("IP space", google("FAILED_PRECONDITION", "IP_SPACE_EXHAUSTED: no free range for pods"), NeedsHumanError, Reason.IP_SPACE),
    ("reservation not ready", google("FAILED_PRECONDITION", "not yet", "RESERVATION_NOT_READY"), RetryableError, Reason.UNAVAILABLE),
    ("reservation", google("INVALID_ARGUMENT", "The reservation r1 is incorrect for the requested resources"), NeedsHumanError, Reason.STOCK_OUT),
    ("spot conflict", google("INVALID_ARGUMENT", "Scheduling must have preemptible be false when AutomaticRestart is true."), NeedsHumanError, Reason.INVALID),
    ("busy", google("FAILED_PRECONDITION", "Cluster is running incompatible operation operation-17."), PreconditionError, Reason.BUSY),
    ("too many operations", google("RESOURCE_EXHAUSTED", "Too many operations: cluster hits the concurrent operations quota 5"), PreconditionError, Reason.BUSY),
    ("in use", google("FAILED_PRECONDITION", "The subnetwork resource 's' is already being used by 'f'"), PreconditionError, Reason.IN_USE),
    ("API off", google("PERMISSION_DENIED", "Compute Engine API has not been used in project 1 before or it is disabled.", "accessNotConfigured"), NeedsHumanError, Reason.API_DISABLED),
    ("node account", google("FAILED_PRECONDITION", "no", "NODE_SERVICE_ACCOUNT_MISSING_PERMISSIONS"), NeedsHumanError, Reason.GRANT_MISSING),
    ("permission", google("PERMISSION_DENIED", 'Required "container.clusters.create" permission(s) for "projects/demo".'), NeedsHumanError, Reason.PERMISSION_DENIED),
    ("credentials", google("UNAUTHENTICATED", "Request had invalid authentication credentials."), NeedsHumanError, Reason.PERMISSION_DENIED),
    ("another field manager", status(409, "Conflict", 'Apply failed with 1 conflict: conflict with "kubectl-edit": .spec.replicas'), NeedsHumanError, Reason.CONFLICT),
    ("kind not served", status(404, "NotFound", "the server could not find the requested resource"), PreconditionError, Reason.WAITING),
    ("no namespace", status(404, "NotFound", 'namespaces "infer-llm" not found'), PreconditionError, Reason.WAITING),
    ("unknown field", status(400, "BadRequest", ".spec.default.maxUtilization: field not declared in schema"), TerminalError, Reason.INVALID),
    ("invalid object", status(422, "Invalid", 'Job.batch "x" is invalid: spec.template: Invalid value: "object": field is immutable'), TerminalError, Reason.INVALID),
    ("taken", google("ALREADY_EXISTS", "Already exists: projects/demo/zones/z/clusters/c."), NeedsHumanError, Reason.ALREADY_EXISTS),
    ("gone", google("NOT_FOUND", "Not found: projects/demo/locations/us-east4/clusters/c."), PreconditionError, Reason.WAITING),
    ("no answer", google("DEADLINE_EXCEEDED", "Deadline exceeded."), RetryableError, Reason.DEADLINE_EXCEEDED),
    ("rate", google("RESOURCE_EXHAUSTED", "slow down"), RetryableError, Reason.RATE_LIMITED),
    ("changed meanwhile", google("ABORTED", "The etag does not match the current state"), RetryableError, Reason.CONFLICT),
    ("down", google("UNAVAILABLE", "The service is currently unavailable."), RetryableError, Reason.UNAVAILABLE),
    ("precondition", google("FAILED_PRECONDITION", 'Cluster "c" is in state ERROR.'), PreconditionError, Reason.WAITING),
    ("condition not met", google("UNKNOWN", "Constraint constraints/compute.vmExternalIpAccess violated", "CONDITION_NOT_MET"), NeedsHumanError, Reason.INVALID),
    ("invalid", google("INVALID_ARGUMENT", "Invalid value for field 'resource.ipCidrRange': '1'. Bad."), TerminalError, Reason.INVALID),
    ("anything else", google("INTERNAL", "Internal error."), RetryableError, Reason.INTERNAL),
]  # fmt: skip
