"""What a client may ask about itself: who it is and what it may do. One good token is as good as any other here."""

from __future__ import annotations

from typing import Any

from infra.local.cloud.kube import refusals
from infra.local.cloud.kube.asking import Asked

_AUTHENTICATION, _AUTHORIZATION = "authentication.k8s.io/v1", "authorization.k8s.io/v1"
_USER = {"username": "holder-of-a-token", "groups": ["system:authenticated"]}
_ANY = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
_ANSWERS: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    (_AUTHENTICATION, "selfsubjectreviews"): ("SelfSubjectReview", {"userInfo": _USER}),
    (_AUTHORIZATION, "selfsubjectaccessreviews"): (
        "SelfSubjectAccessReview",
        {"allowed": True, "reason": "whoever has a good token may do everything here"},
    ),
    (_AUTHORIZATION, "selfsubjectrulesreviews"): (
        "SelfSubjectRulesReview",
        {
            "resourceRules": [_ANY],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": False,
        },
    ),
}


def answer(asked: Asked, parts: list[str]) -> dict[str, Any] | None:
    """Answer a POST to one of the reviews; None for any other path. Raises 405 for other methods."""
    found = _ANSWERS.get(("/".join(parts[1:3]), parts[-1])) if parts[0] == "apis" else None
    if found is None:
        return None
    if asked.method != "POST":
        raise refusals.wrong_method()
    kind, status = found
    # kubectl asks in protobuf, which nobody here reads; no answer depends on the question.
    body = {} if "protobuf" in asked.content_type else asked.payload()
    spec = body.get("spec") or {} if isinstance(body, dict) else {}
    head = {"kind": kind, "apiVersion": "/".join(parts[1:3]), "metadata": {"creationTimestamp": None}}
    return {**head, "spec": spec, "status": status}
