"""Deleting: preconditions, finalizers, propagation, owners, namespaces."""

from __future__ import annotations

from typing import Any

from tests.differential.asking import Answer, Talk
from tests.differential.bodies import DEPLOYMENTS, MAPS, PODS, WIDGETS, Object, config_map, deployment, pod, widget
from tests.differential.checks import check
from tests.waiting import eventually

AREA = "Deletion"
HOLD = "differential.example/hold"


def options(**parts: Any) -> Object:
    """The body of a delete."""
    return {"apiVersion": "v1", "kind": "DeleteOptions", **parts}


def owned(owner: Answer, name: str = "child", **reference: Any) -> Object:
    """A ConfigMap that belongs to an object."""
    head = {"apiVersion": "v1", "kind": "ConfigMap", "name": owner.at("metadata.name"), "uid": owner.at("metadata.uid")}
    return config_map(name, ownerReferences=[{**head, **reference}])


def gone(talk: Talk, path: str) -> bool:
    """Wait until an object is gone."""
    return bool(eventually(lambda: talk.get(path, quiet=True).code == 404))


@check(AREA, "a delete answers with what was deleted")
def _deleted(talk: Talk) -> None:
    made = talk.post(MAPS, config_map())
    seen = talk.delete(f"{MAPS}/a", see=("kind", "status", "details.name", "details.kind"))
    talk.note(seen.at("details.uid") == made.at("metadata.uid"))
    talk.get(f"{MAPS}/a")
    talk.delete(f"{MAPS}/a", said=True)


@check(AREA, "a delete of a custom resource answers with its group")
def _deleted_custom(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    talk.delete(f"{WIDGETS}/a", see=("kind", "status", "details.name", "details.kind", "details.group"))


@check(AREA, "a delete meant for another uid is a conflict")
def _uid(talk: Talk) -> None:
    made = talk.post(MAPS, config_map())
    wrong = options(preconditions={"uid": "11111111-2222-3333-4444-555555555555"})
    talk.delete(f"{MAPS}/a", wrong)
    talk.delete(f"{MAPS}/a", options(preconditions={"uid": made.at("metadata.uid")}), see=("status",))


@check(AREA, "a delete meant for another version is a conflict")
def _version(talk: Talk) -> None:
    made = talk.post(WIDGETS, widget())
    then = talk.patch(f"{WIDGETS}/a", {"spec": {"size": 2}})
    talk.delete(f"{WIDGETS}/a", options(preconditions={"resourceVersion": made.version}))
    talk.delete(f"{WIDGETS}/a", options(preconditions={"resourceVersion": then.version}), see=("status",))


@check(AREA, "the body of a delete must be readable")
def _unreadable(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.delete(f"{MAPS}/a", b"{nonsense")
    talk.delete(f"{MAPS}/a", options(propagationPolicy="Sideways"))
    talk.delete(f"{MAPS}/a", options(propagationPolicy="Orphan", orphanDependents=True))


@check(AREA, "finalizers hold an object until the last is gone")
def _finalizers(talk: Talk) -> None:
    talk.post(WIDGETS, {**widget(), "metadata": {"name": "a", "finalizers": [HOLD]}}, see=("metadata.generation",))
    seen = ("kind", "metadata.finalizers", "metadata.deletionGracePeriodSeconds", "metadata.generation")
    talk.delete(f"{WIDGETS}/a", see=(*seen, "metadata.deletionTimestamp"))
    talk.get(f"{WIDGETS}/a", see=seen)
    talk.patch(f"{WIDGETS}/a", {"metadata": {"finalizers": None}}, see=("kind", "metadata.finalizers"))
    talk.get(f"{WIDGETS}/a")


@check(AREA, "a built-in object is held by its finalizers too")
def _finalizers_built_in(talk: Talk) -> None:
    talk.post(MAPS, config_map(finalizers=[HOLD]))
    talk.delete(f"{MAPS}/a", see=("kind", "metadata.deletionGracePeriodSeconds", "metadata.generation"))
    talk.patch(f"{MAPS}/a", {"data": {"a": "2"}}, see=("data",))
    talk.patch(f"{MAPS}/a", {"metadata": {"finalizers": []}}, see=("kind",))
    talk.get(f"{MAPS}/a")


@check(AREA, "an object that is being deleted takes no new finalizer")
def _no_more(talk: Talk) -> None:
    talk.post(MAPS, config_map(finalizers=[HOLD]))
    talk.delete(f"{MAPS}/a")
    talk.patch(f"{MAPS}/a", {"metadata": {"finalizers": [HOLD, "differential.example/more"]}})
    talk.patch(f"{MAPS}/a", {"metadata": {"finalizers": None}})


@check(AREA, "a finalizer must be a qualified name")
def _bad_finalizer(talk: Talk) -> None:
    talk.post(MAPS, config_map(finalizers=["with space"]))
    talk.post(MAPS, config_map(finalizers=["unqualified"]))


@check(AREA, "deleting twice is deleting once")
def _twice(talk: Talk) -> None:
    talk.post(WIDGETS, {**widget(), "metadata": {"name": "a", "finalizers": [HOLD]}})
    first = talk.delete(f"{WIDGETS}/a")
    again = talk.delete(f"{WIDGETS}/a", see=("metadata.generation",))
    talk.note(
        [first.at(f"metadata.{x}") == again.at(f"metadata.{x}") for x in ("deletionTimestamp", "resourceVersion")]
    )
    talk.patch(f"{WIDGETS}/a", {"metadata": {"finalizers": None}})


@check(AREA, "a pod that runs nowhere is deleted at once")
def _pod(talk: Talk) -> None:
    talk.post(PODS, pod())
    talk.delete(f"{PODS}/a", see=("kind", "metadata.name"))
    talk.get(f"{PODS}/a")


@check(AREA, "a pod on a node is deleted with grace, and at once without")
def _grace(talk: Talk) -> None:
    talk.post(PODS, pod(nodeName="nowhere"))
    talk.delete(f"{PODS}/a", options(gracePeriodSeconds=0), see=("kind", "metadata.deletionGracePeriodSeconds"))
    talk.get(f"{PODS}/a")


@check(AREA, "what an object owned goes after it")
def _background(talk: Talk) -> None:
    owner = talk.post(MAPS, config_map("owner"))
    talk.post(MAPS, owned(owner), see=("metadata.ownerReferences.kind",))
    talk.delete(f"{MAPS}/owner", options(propagationPolicy="Background"), see=("kind", "status"))
    talk.note(gone(talk, f"{MAPS}/child"))


@check(AREA, "what has another owner stays and forgets the one that went")
def _two_owners(talk: Talk) -> None:
    first, second = (talk.post(MAPS, config_map(name)) for name in ("first", "second"))
    body = owned(first)
    body["metadata"]["ownerReferences"] += owned(second)["metadata"]["ownerReferences"]
    talk.post(MAPS, body)
    talk.delete(f"{MAPS}/first")
    left = "metadata.ownerReferences.name"
    eventually(lambda: talk.get(f"{MAPS}/child", quiet=True).at(left) == ["second"])
    talk.get(f"{MAPS}/child", see=(left,))


@check(AREA, "what an object owned may be orphaned")
def _orphan(talk: Talk) -> None:
    owner = talk.post(MAPS, config_map("owner"))
    talk.post(MAPS, owned(owner))
    talk.delete(f"{MAPS}/owner", options(propagationPolicy="Orphan"))
    gone(talk, f"{MAPS}/owner")
    talk.get(f"{MAPS}/child", see=("metadata.ownerReferences",))


@check(AREA, "in the foreground the owner waits for what it owned")
def _foreground(talk: Talk) -> None:
    owner = talk.post(MAPS, config_map("owner"))
    child = owned(owner, blockOwnerDeletion=True)
    talk.post(MAPS, {**child, "metadata": {**child["metadata"], "finalizers": [HOLD]}})
    talk.delete(f"{MAPS}/owner", options(propagationPolicy="Foreground"), see=("kind", "metadata.finalizers"))
    eventually(lambda: talk.get(f"{MAPS}/child", quiet=True).at("metadata.deletionTimestamp"))
    talk.get(f"{MAPS}/owner", see=("metadata.finalizers",))
    talk.patch(f"{MAPS}/child", {"metadata": {"finalizers": None}})
    talk.note([gone(talk, f"{MAPS}/child"), gone(talk, f"{MAPS}/owner")])


@check(AREA, "an owner reference must be whole")
def _owner_shape(talk: Talk) -> None:
    uid = "11111111-2222-3333-4444-555555555555"
    whole = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": uid}
    for name in whole:
        talk.post(MAPS, config_map(ownerReferences=[{**whole, name: ""}]))
    two = [{**whole, "uid": uid.replace("1", end), "controller": True} for end in ("6", "7")]
    talk.post(MAPS, config_map(ownerReferences=two))


@check(AREA, "what belongs to somebody who never was is collected")
def _stranger(talk: Talk) -> None:
    owner = talk.post(MAPS, config_map("owner"))
    talk.delete(f"{MAPS}/owner")
    talk.post(MAPS, owned(owner))
    talk.note(gone(talk, f"{MAPS}/child"))


@check(AREA, "a namespace takes its objects along and is gone at last")
def _namespace(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.post(DEPLOYMENTS, deployment())
    talk.delete("/api/v1/namespaces/{ns}", see=("kind", "status.phase", "spec"))
    talk.note(gone(talk, "/api/v1/namespaces/{ns}"))
    talk.get(f"{MAPS}/a")


@check(AREA, "a namespace waits for what finalizers hold in it")
def _held_namespace(talk: Talk) -> None:
    talk.post(MAPS, config_map(finalizers=[HOLD]))
    talk.delete("/api/v1/namespaces/{ns}")
    eventually(lambda: talk.get(f"{MAPS}/a", quiet=True).at("metadata.deletionTimestamp"))
    condition = "NamespaceFinalizersRemaining"

    def told() -> Any:
        found = talk.get("/api/v1/namespaces/{ns}", quiet=True).at("status.conditions") or []
        return [
            [c["type"], c["status"], c["reason"]] for c in found if c["type"] == condition and c["status"] == "True"
        ]

    talk.note(eventually(told))
    talk.post(MAPS, config_map("late"))
    talk.patch(f"{MAPS}/a", {"metadata": {"finalizers": None}})
    talk.note(gone(talk, "/api/v1/namespaces/{ns}"))


@check(AREA, "some namespaces may not be deleted")
def _protected(talk: Talk) -> None:
    for name in ("default", "kube-system", "kube-public"):
        talk.delete(f"/api/v1/namespaces/{name}", said=True)
