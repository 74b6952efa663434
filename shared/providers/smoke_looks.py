"""The smoke test as a Job shows it: under way, proven, failed, or about an address that is no longer the Gateway's."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any

from shared.adapters.kube import Object
from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError
from shared.domain.manifests.smoke import ADDRESS
from shared.domain.names import Kind, ResourceKey
from shared.domain.site import Site
from shared.providers.base import Answers
from shared.providers.gateway_looks import addresses
from shared.providers.kube_conditions import condition
from shared.providers.pod_looks import last_words, pods_of

ADDRESS_NOTE, GATEWAY_NOTE = "inferops.dev/address", "inferops.dev/gateway"
"""Annotations of the Job: the address that it asks, and whose address that is."""


def objects_at(within: str, kind: Kind, namespace: str) -> Hashable:
    """Return the name of the question for all objects of a kind in a namespace of a cluster."""
    return ("objects", within, kind, namespace)


def gateway_of(job: Object) -> Mapping[str, str] | None:
    """Return which Gateway a Job tests, as its annotation says."""
    note = (job["metadata"].get("annotations") or {}).get(GATEWAY_NOTE)
    return dict(json.loads(note)) if note else None


def written(job: Mapping[str, Any], address: str, where: Mapping[str, str]) -> Object:
    """Return the Job that asks this address, with the notes by which ``comparable`` finds its way back."""
    filled: Object = json.loads(json.dumps(job).replace(ADDRESS, address))
    notes = {**filled["metadata"].get("annotations", {}), ADDRESS_NOTE: address}
    notes[GATEWAY_NOTE] = json.dumps(dict(where), sort_keys=True)
    return {**filled, "metadata": {**filled["metadata"], "annotations": notes}}


def comparable(job: Object, more: Answers, site: Site) -> dict[str, Any]:
    """Return the Job as the graph writes it.

    Its address becomes the placeholder again, unless the Gateway has another one by now: then it stays, differs from
    what is wanted, and the test is made anew.
    """
    asked = (job["metadata"].get("annotations") or {}).get(ADDRESS_NOTE, "")
    where = gateway_of(job)
    now = current_address(where, more, site) if where else ""
    if not asked or (now and now != asked):
        return {"job": job}
    back: Object = json.loads(json.dumps(job).replace(f"http://{asked}/", f"http://{ADDRESS}/"))
    return {"job": back}


def current_address(where: Mapping[str, str], more: Answers, site: Site) -> str:
    """Return the Gateway's address in the test's region; empty where it cannot be told just now."""
    listed = more.get(objects_at(where["within"], Kind.GATEWAY, where["namespace"]))
    if not isinstance(listed, list):
        return ""
    found = next((item for item in listed if item["metadata"]["name"] == where["name"]), None)
    return addresses(found, more, site).get(where["region"], "") if found else ""


def failure(key: ResourceKey, job: Object, more: Answers) -> InferError | None:
    """Return why the test failed; None while it runs and where it went well."""
    said = condition(job.get("status", {}).get("conditions", ()), "Failed")
    if said is None or said["status"] != "True":
        return None
    pods = more.get(("pods", key.within, key.namespace))
    words = last_words(pods_of(job, pods)) if isinstance(pods, list) else ""
    text = words or said.get("message") or said.get("reason") or "no reason given"
    return NeedsHumanError(
        f"the smoke test in {key.location} failed: {text}",
        reason=Reason.SMOKE_TEST_FAILED,
        remedy="look at the model server's and the Gateway's conditions; the test is repeated every 10 minutes",
    )


def progress(key: ResourceKey, job: Object) -> tuple[str, dict[str, str]]:
    """Return what the test waits for, and what it proved."""
    done = condition(job.get("status", {}).get("conditions", ()), "Complete")
    if done is None or done["status"] != "True":
        return "the smoke test is running", {}
    asked = (job["metadata"].get("annotations") or {}).get(ADDRESS_NOTE, "")
    return "", {f"tested/{key.location}": asked}
