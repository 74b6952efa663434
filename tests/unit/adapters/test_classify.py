"""Every row of the table from foreign errors to ours, by an error as the API words it."""

from __future__ import annotations

import pytest
import requests
import urllib3.exceptions as http
from google.api_core import exceptions as api
from google.auth.exceptions import DefaultCredentialsError

from shared.adapters.classify import classify, refusal_of, short
from shared.adapters.classify_rows import ROWS
from shared.adapters.refusals import Refusal
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError, PreconditionError
from tests.unit.adapters.table import DOING, QUOTA, STOCK, TABLE, google, status

NO_ANSWER = http.ReadTimeoutError(None, "u", "t")  # type: ignore[arg-type]  # no pool needed


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


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        pytest.param(
            google("INVALID_ARGUMENT", 'Could not delete "c" because it is still being referenced by: "p"'),
            Reason.IN_USE,
            id="a channel that policies use",
        ),
        pytest.param(google("NOT_FOUND", "Notification channel not found"), Reason.WAITING, id="a channel that went"),
        pytest.param(
            google("ABORTED", "Too many concurrent edits to the project configuration. Please try again."),
            Reason.CONFLICT,
            id="two changes of alerting at once",
        ),
    ],
)
def test_monitoring_s_refusals_pass_by_themselves(refusal: Refusal, reason: Reason) -> None:
    found = classify(refusal, DOING)
    assert (found.reason, found.remedy) == (reason, "")


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
        pytest.param(NO_ANSWER, "DEADLINE_EXCEEDED", id="no answer"),
        pytest.param(http.ProtocolError("reset"), "DEADLINE_EXCEEDED", id="connection lost after sending"),
        pytest.param(http.ConnectTimeoutError("t"), "UNAVAILABLE", id="never connected"),
        pytest.param(http.MaxRetryError(None, "u", http.ProtocolError("x")), "DEADLINE_EXCEEDED", id="lost, wrapped"),  # type: ignore[arg-type]  # no pool needed
        pytest.param(requests.ReadTimeout(NO_ANSWER), "DEADLINE_EXCEEDED", id="no answer, REST"),
        pytest.param(requests.ConnectTimeout("t"), "UNAVAILABLE", id="never connected, REST"),
        pytest.param(ValueError("?"), "UNKNOWN", id="what nobody knows"),
    ],
)
def test_a_client_library_s_error_becomes_canonical(error: Exception, found: str) -> None:
    assert refusal_of(error).status == found


def test_what_differs_between_two_attempts_is_left_out() -> None:
    assert short("It failed (request id: abc-1).\nTry again.") == "It failed. Try again"


def test_a_long_message_is_cut() -> None:
    assert len(short("x " * 400)) <= 240
