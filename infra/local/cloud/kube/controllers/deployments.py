"""Deployments: one ReplicaSet per pod template, old ones drained as the new one fills."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import ClassVar

from infra.local.cloud.kube.controllers import rollout
from infra.local.cloud.kube.controllers.loop import Controller, Site, record
from infra.local.cloud.kube.controllers.values import annotations_of, ending, owner_of, owner_reference
from infra.local.cloud.kube.values import Object, at, meta, without

_REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"
DEPLOYMENT, REPLICA_SET = "Deployment.apps", "ReplicaSet.apps"


class Deployments(Controller):
    """Reconciles one Deployment whenever it or one of its ReplicaSets changes."""

    kinds: ClassVar = (DEPLOYMENT, REPLICA_SET)

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the Deployment, or at the one that owns the ReplicaSet."""
        if kind == DEPLOYMENT:
            super().heard(site, event, kind, obj)
        elif owner := owner_of(obj, "Deployment"):
            self.wake(site, meta(obj)["namespace"], owner["name"])

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Take the next safe step of the rollout, and report."""
        found = site.objects.get(DEPLOYMENT, namespace, name)
        if found is None or ending(found):
            return
        sets = [
            rs
            for rs in site.objects.list(REPLICA_SET, namespace)
            if (owner := owner_of(rs, "Deployment")) and owner["uid"] == meta(found)["uid"]
        ]
        new = next((rs for rs in sets if rs["metadata"]["labels"].get(_HASH) == template_hash(found)), None)
        old = [rs for rs in sets if new is None or meta(rs)["name"] != meta(new)["name"]]
        if new is None:
            new = self._new_set(site, found, old)
        elif _revision(new) <= _newest(old):
            # The template is one of before: its ReplicaSet becomes the newest again.
            new["metadata"]["annotations"] = annotations_of(new) | {_REVISION: str(_newest(old) + 1)}
            new = site.objects.put(new, "deployment-controller")
            self._mark(site, found, str(_revision(new)))
        if not at(found, "spec", "paused"):
            self._roll(site, found, new, old)
        self._report(site, namespace, name, new, old)

    def _new_set(self, site: Site, deployment: Object, old: list[Object]) -> Object:
        """Make the ReplicaSet of the current template, empty; rolling fills it."""
        template, digest = deployment["spec"]["template"], template_hash(deployment)
        labels = {**(at(template, "metadata", "labels") or {}), _HASH: digest}
        selector = deployment["spec"]["selector"]
        revision = str(1 + _newest(old))
        head = meta(deployment)
        made = site.objects.put(
            {
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{head['name']}-{digest}", "namespace": head["namespace"], "labels": labels,
                    "annotations": {_REVISION: revision}, "ownerReferences": [owner_reference(deployment)],
                },
                "spec": {
                    "replicas": 0,
                    "selector": {
                        **selector, "matchLabels": {**(selector.get("matchLabels") or {}), _HASH: digest}
                    },
                    "template": {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}},
                    "minReadySeconds": deployment["spec"].get("minReadySeconds", 0),
                },
            },
            "deployment-controller",
        )  # fmt: skip
        self._mark(site, deployment, revision)
        return made

    @staticmethod
    def _mark(site: Site, deployment: Object, revision: str) -> None:
        marked = {**annotations_of(deployment), _REVISION: revision}
        site.objects.put(
            {**deployment, "metadata": {**meta(deployment), "annotations": marked}}, "deployment-controller"
        )

    def _roll(self, site: Site, deployment: Object, new: Object, old: list[Object]) -> None:
        sizes = rollout.next_sizes(deployment, new, old)
        for rs in (new, *old):
            size, before = sizes[meta(rs)["name"]], at(rs, "spec", "replicas") or 0
            if size == before:
                continue
            rs["spec"]["replicas"] = size
            site.objects.put(rs, "deployment-controller")
            verb = "up" if size > before else "down"
            message = f"Scaled {verb} replica set {meta(rs)['name']} from {before} to {size}"
            record(site, deployment, "Normal", "ScalingReplicaSet", message, "deployment-controller")
        if rollout.complete(deployment, new, old):
            self._clean_up(site, deployment, old)

    def _clean_up(self, site: Site, deployment: Object, old: list[Object]) -> None:
        limit = at(deployment, "spec", "revisionHistoryLimit")
        oldest_first = sorted(old, key=_revision)
        for rs in oldest_first[: max(0, len(old) - (10 if limit is None else limit))]:
            site.objects.delete(REPLICA_SET, meta(rs)["namespace"], meta(rs)["name"])

    def _report(self, site: Site, namespace: str, name: str, new: Object, old: list[Object]) -> None:
        deployment = site.objects.get(DEPLOYMENT, namespace, name)
        if deployment is None:
            return
        status = rollout.status(deployment, new, old, self.world.now)
        site.objects.set_status(deployment, status)
        deadline = rollout.deadline({**deployment, "status": status})
        if deadline is not None and deadline >= self.world.now:
            self.wake(site, namespace, name, deadline - self.world.now + timedelta(seconds=1))


def _revision(rs: Object) -> int:
    return int(annotations_of(rs).get(_REVISION, 0))


def _newest(sets: list[Object]) -> int:
    return max((_revision(rs) for rs in sets), default=0)


def template_hash(deployment: Object) -> str:
    """Return the short name of a pod template."""
    template = deployment["spec"]["template"]
    plain = {**template, "metadata": without(template.get("metadata") or {}, "creationTimestamp")}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:10]
