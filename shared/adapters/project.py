"""The door to what the project was given: enabled APIs and granted roles. Only read, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.rest import Rest

USAGE_ROLE = "roles/serviceusage.serviceUsageViewer"
POLICY_ROLE = "roles/iam.securityReviewer"
_MOST = 20
"""As many services as one batchGet takes in its address line without trouble; the API's own limit is 30."""


class Project:
    """One project, by id or number. Endpoints are empty for Google's own, else ``http://HOST:PORT``."""

    def __init__(self, usage_endpoint: str, manager_endpoint: str, project: str, workers: int = 16) -> None:
        self._project = project
        self._usage = Rest(usage_endpoint, "serviceusage.googleapis.com", workers)
        self._manager = Rest(manager_endpoint, "cloudresourcemanager.googleapis.com", workers)

    def enabled(self, apis: Sequence[str]) -> frozenset[str]:
        """Return which of these APIs (``compute.googleapis.com``) are enabled."""
        found: set[str] = set()
        for start in range(0, len(apis), _MOST):
            found |= self._enabled(apis[start : start + _MOST])
        return frozenset(found)

    def _enabled(self, apis: Sequence[str]) -> set[str]:
        parent = f"projects/{self._project}"
        names = [("names", f"{parent}/services/{api}") for api in apis]
        answer = self._usage.get(f"/v1/{parent}/services:batchGet", names)
        on = [item["name"] for item in answer.get("services", []) if item.get("state") == "ENABLED"]
        return {name.rpartition("/")[2] for name in on}

    def grants(self) -> frozenset[tuple[str, str]]:
        """Return (member, role) of every unconditional binding in the project's IAM policy."""
        body = {"options": {"requestedPolicyVersion": 3}}
        policy = self._manager.post(f"/v1/projects/{self._project}:getIamPolicy", body)
        bindings = [binding for binding in policy.get("bindings", []) if not binding.get("condition")]
        return frozenset((member, binding["role"]) for binding in bindings for member in binding.get("members", []))
