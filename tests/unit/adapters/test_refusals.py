"""How errors are read off answers and finished operations."""

from __future__ import annotations

import json

from shared.adapters.refusals import of_compute, of_http, of_status


def test_a_google_error_body_gives_status_reason_and_message() -> None:
    inner = {"message": "m", "reason": "quotaExceeded"}
    found = of_http(403, json.dumps({"error": {"code": 403, "message": "m", "status": "X", "errors": [inner]}}))
    assert (found.status, found.reason, found.message) == ("X", "quotaExceeded", "m")


def test_compute_s_409_without_a_status_is_known_by_its_reason() -> None:
    body = {"error": {"code": 409, "message": "m", "errors": [{"reason": "alreadyExists"}]}}
    assert of_http(409, json.dumps(body)).status == "ALREADY_EXISTS"


def test_an_error_info_names_the_api_to_enable() -> None:
    info = {"reason": "SERVICE_DISABLED", "metadata": {"service": "compute.googleapis.com"}}
    body = {"error": {"code": 403, "message": "m", "details": [info]}}
    assert of_http(403, json.dumps(body)).service == "compute.googleapis.com"


def test_a_kubernetes_status_keeps_its_own_reason() -> None:
    body = {"kind": "Status", "reason": "AlreadyExists", "message": "m", "code": 409}
    found = of_http(409, json.dumps(body))
    assert (found.status, found.reason, found.kubernetes) == ("ALREADY_EXISTS", "AlreadyExists", True)


def test_a_proxy_s_page_is_not_repeated_whole() -> None:
    found = of_http(502, "<html>bad gateway\nlots of text</html>")
    assert (found.status, found.message) == ("UNAVAILABLE", "<html>bad gateway")


def test_a_body_that_is_no_error_says_the_code() -> None:
    assert of_http(500, "[]").message == "HTTP 500"


def test_an_operation_without_error_went_well() -> None:
    assert of_status({"code": 0, "message": ""}) is None


def test_a_failed_operation_is_known_by_its_condition_too() -> None:
    conditions = [{"code": "GCE_STOCKOUT", "canonical_code": "RESOURCE_EXHAUSTED", "message": "none left"}]
    found = of_status({"code": 8, "message": "failed"}, conditions)
    assert found is not None
    assert (found.status, found.reason, found.message) == ("RESOURCE_EXHAUSTED", "GCE_STOCKOUT", "failed")


def test_a_pool_s_condition_alone_tells_why_it_is_broken() -> None:
    found = of_status({}, [{"code": "UNKNOWN", "canonical_code": "INTERNAL", "message": "unhealthy"}])
    assert found is not None
    assert (found.status, found.reason, found.message) == ("INTERNAL", "", "unhealthy")


def test_compute_s_operations_carry_their_own_codes() -> None:
    errors = [{"code": "QUOTA_EXCEEDED", "message": "Quota 'NETWORKS' exceeded"}]
    found = of_compute({"status": "DONE", "http_error_status_code": 403, "error": {"errors": errors}})
    assert found is not None
    assert (found.status, found.reason) == ("PERMISSION_DENIED", "QUOTA_EXCEEDED")


def test_compute_s_operation_without_error_went_well() -> None:
    assert of_compute({"status": "DONE"}) is None


def test_a_group_that_a_cluster_does_not_serve_is_told_without_a_status() -> None:
    found = of_http(404, "404 page not found\n")
    assert (found.kubernetes, found.reason, "requested resource" in found.message) == (True, "NotFound", True)
