"""Every row of the table from foreign errors to ours, by an error as the API words it."""

# ruff: noqa: E501 - a row of the table is a line

from __future__ import annotations

import pytest
import urllib3.exceptions as http
from google.api_core import exceptions as api
from google.auth.exceptions import DefaultCredentialsError

from shared.adapters.classify import classify, refusal_of, short
from shared.adapters.classify_rows import ROWS
from shared.adapters.refusals import Refusal, of_http
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError, PreconditionError, RetryableError, TerminalError

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


@pytest.mark.parametrize(("row", "refusal", "kind", "reason"), TABLE, ids=[row[0] for row in TABLE])
def test_a_row_says_who_can_put_it_right(row: str, refusal: Refusal, kind: type[InferError], reason: Reason) -> None:
    first = next(each.id for each in ROWS if each.match(refusal) is not None)
    found = classify(refusal, DOING, role="roles/container.admin")
    assert (first, type(found), found.reason) == (row, kind, reason)


def test_every_row_of_the_table_has_an_example() -> None:
    assert [row[0] for row in TABLE] == [row.id for row in ROWS]


@pytest.mark.parametrize("refusal", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_words_are_one_line_about_what_was_tried(refusal: Refusal) -> None:
    text = str(classify(refusal, DOING))
    assert text.startswith(f"{DOING}: ")
    assert "\n" not in text
    assert "{" not in text


@pytest.mark.parametrize(("row", "refusal", "kind", "reason"), TABLE, ids=[row[0] for row in TABLE])
def test_only_what_a_person_must_do_has_a_remedy(
    row: str, refusal: Refusal, kind: type[InferError], reason: Reason
) -> None:
    assert bool(classify(refusal, DOING).remedy) == (kind is NeedsHumanError), (row, reason)


def test_a_stock_out_names_the_zone() -> None:
    found = classify(google("RESOURCE_EXHAUSTED", STOCK, "GCE_STOCKOUT"), DOING)
    assert str(found) == f"{DOING}: us-east4-a has no machines of this type free"


def test_a_stock_out_reads_the_same_however_long_it_took() -> None:
    later = google("RESOURCE_EXHAUSTED", STOCK.replace("35m4.31s", "36m0.02s"), "GCE_STOCKOUT")
    assert str(classify(later, DOING)) == str(classify(google("RESOURCE_EXHAUSTED", STOCK, "GCE_STOCKOUT"), DOING))


def test_a_quota_names_metric_limit_and_region() -> None:
    found = classify(google("PERMISSION_DENIED", QUOTA, "quotaExceeded"), DOING)
    assert str(found) == f"{DOING}: PREEMPTIBLE_NVIDIA_H100_GPUS in us-east4 allows 16, and this needs more"
    assert "PREEMPTIBLE_NVIDIA_H100_GPUS in us-east4" in found.remedy


def test_a_permission_names_the_role() -> None:
    found = classify(google("PERMISSION_DENIED", "no"), DOING, role="roles/gkehub.editor")
    assert "roles/gkehub.editor" in found.remedy


def test_a_disabled_api_comes_with_its_command() -> None:
    refusal = google("PERMISSION_DENIED", "it is disabled", "SERVICE_DISABLED", "gkehub.googleapis.com")
    assert classify(refusal, DOING).remedy == "gcloud services enable gkehub.googleapis.com"


def test_another_manager_is_named() -> None:
    found = classify(status(409, "Conflict", 'Apply failed: conflict with "helm": .spec.replicas'), DOING)
    assert "helm" in found.remedy


def test_an_unknown_field_is_named() -> None:
    refusal = status(400, "BadRequest", "failed: .spec.default.maxUtilization: field not declared in schema")
    found = classify(refusal, DOING)
    assert "maxUtilization" in str(found)


def test_a_word_of_ours_stays_as_it_is() -> None:
    ours = PreconditionError("wait", reason=Reason.BUSY)
    assert classify(ours, DOING) is ours


@pytest.mark.parametrize(
    ("error", "found"),
    [
        pytest.param(api.DeadlineExceeded("slow"), "DEADLINE_EXCEEDED", id="gRPC deadline"),
        pytest.param(api.ServiceUnavailable("down"), "UNAVAILABLE", id="gRPC unavailable"),
        pytest.param(api.AlreadyExists("there"), "ALREADY_EXISTS", id="gRPC exists"),
        pytest.param(api.RetryError("tried", None), "DEADLINE_EXCEEDED", id="retries ran out"),
        pytest.param(DefaultCredentialsError("none"), "UNAUTHENTICATED", id="no credentials"),
        pytest.param(http.ReadTimeoutError(None, "u", "t"), "DEADLINE_EXCEEDED", id="no answer"),  # type: ignore[arg-type]  # no pool needed
        pytest.param(http.ProtocolError("reset"), "DEADLINE_EXCEEDED", id="connection lost after sending"),
        pytest.param(http.ConnectTimeoutError("t"), "UNAVAILABLE", id="never connected"),
        pytest.param(http.MaxRetryError(None, "u", http.ProtocolError("x")), "DEADLINE_EXCEEDED", id="lost, wrapped"),  # type: ignore[arg-type]  # no pool needed
        pytest.param(ValueError("?"), "UNKNOWN", id="what nobody knows"),
    ],
)
def test_a_client_library_s_error_becomes_canonical(error: Exception, found: str) -> None:
    assert refusal_of(error).status == found


def test_what_differs_between_two_attempts_is_left_out() -> None:
    assert short("It failed (request id: abc-1).\nTry again.") == "It failed. Try again"


def test_a_long_message_is_cut() -> None:
    assert len(short("x " * 400)) <= 240
