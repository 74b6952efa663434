"""Making and stopping pods on behalf of the controllers that own them."""

from __future__ import annotations

from datetime import timedelta

from infra.local.cloud.kube.controllers import durations
from infra.local.cloud.kube.controllers.loop import Site
from infra.local.cloud.kube.controllers.values import ending, finished, labels_of, owner_reference
from infra.local.cloud.kube.values import Object, at, copied, meta

POD = "Pod"
_GRACE = 30


def make_pod(
    site: Site, owner: Object, template: Object, manager: str, labels: dict[str, str] | None = None
) -> str | None:
    """Make a pod from a template and return its name; None when its namespace takes nothing new."""
    head = meta(owner)
    name = f"{head['name']}-{site.objects.suffix()}"
    shape = template.get("metadata") or {}
    metadata = {
        "name": name,
        "generateName": f"{head['name']}-",
        "namespace": head["namespace"],
        "labels": {**(shape.get("labels") or {}), **(labels or {})},
        "ownerReferences": [owner_reference(owner)],
    }
    if shape.get("annotations"):
        metadata["annotations"] = shape["annotations"]
    pod = {"apiVersion": "v1", "kind": POD, "metadata": metadata, "spec": copied(template["spec"])}
    made = site.objects.put(pod, manager)
    return name if "uid" in meta(made) else None


def missing_account(site: Site, template: Object, namespace: str) -> str | None:
    """Say why admission would refuse a pod of this template, or None."""
    account = at(template, "spec", "serviceAccountName") or "default"
    if account == "default" or site.objects.find("ServiceAccount", namespace, account):
        return None
    where = f"{namespace}/{account}"
    return f'pods is forbidden: error looking up service account {where}: serviceaccount "{account}" not found'


def stop(site: Site, pod: Object) -> None:
    """Ask a pod to end: at once when nothing runs in it, else after its containers had time to drain."""
    if ending(pod):
        return
    idle = finished(pod) or not at(pod, "spec", "nodeName")
    grace = timedelta() if idle else timedelta(seconds=grace_of(pod))
    site.objects.delete(POD, meta(pod)["namespace"], meta(pod)["name"], grace)


def grace_of(pod: Object) -> int:
    """Return the seconds after which a pod's containers are killed."""
    given = at(pod, "spec", "terminationGracePeriodSeconds")
    return _GRACE if given is None else int(given)


def drain_time(site: Site, pod: Object) -> timedelta:
    """Return how long the containers really take to end: the longest preStop sleep, then the process itself."""
    sleeps = [_sleep(c) for c in at(pod, "spec", "containers") or ()]
    process = durations.draw(site.objects.world, "container-stop", site.key, meta(pod)["name"])
    return min(timedelta(seconds=grace_of(pod)), timedelta(seconds=max(sleeps, default=0)) + process)


def _sleep(container: Object) -> int:
    hook = at(container, "lifecycle", "preStop") or {}
    native = at(hook, "sleep", "seconds")
    if native is not None:
        return int(native)
    line = at(hook, "exec", "command") or []
    after = [line[i + 1] for i, word in enumerate(line[:-1]) if word.endswith("sleep")]
    return int(after[0]) if after and after[0].isdigit() else 0


def selected(site: Site, namespace: str, labels: dict[str, str]) -> list[Object]:
    """Return the pods that carry these labels and are not on their way out."""
    return [
        pod
        for pod in site.objects.all(POD, namespace)
        if labels and labels.items() <= labels_of(pod).items() and not ending(pod) and not finished(pod)
    ]
