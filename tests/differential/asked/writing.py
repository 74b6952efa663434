"""Replacing objects: optimistic locking, generation, status, scale."""

from __future__ import annotations

from tests.differential.asking import STRATEGIC, Talk
from tests.differential.bodies import DEPLOYMENTS, MAPS, PLAINS, WIDGETS, config_map, deployment, plain, widget
from tests.differential.checks import check

AREA = "Updates"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases"


@check(AREA, "a PUT without a version replaces a built-in object")
def _replaced(talk: Talk) -> None:
    talk.post(MAPS, config_map(labels={"a": "b"}))
    talk.put(f"{MAPS}/a", config_map(data={"z": "9"}), see=("data", "metadata.labels"))


@check(AREA, "a PUT of a custom resource must name the version")
def _needs_version(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    talk.put(f"{WIDGETS}/a", widget(size=2), said=True)


@check(AREA, "a stale PUT is a conflict")
def _stale(talk: Talk) -> None:
    old = talk.post(MAPS, config_map()).body
    talk.patch(f"{MAPS}/a", {"data": {"a": "2"}})
    talk.put(f"{MAPS}/a", old, said=True)


@check(AREA, "a stale PUT of a custom resource is a conflict")
def _stale_custom(talk: Talk) -> None:
    old = talk.post(WIDGETS, widget()).body
    talk.patch(f"{WIDGETS}/a", {"spec": {"size": 2}})
    talk.put(f"{WIDGETS}/a", old, said=True)


@check(AREA, "a version that is no number is refused")
def _no_number(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.put(f"{MAPS}/a", config_map(resourceVersion="soon"))


@check(AREA, "a PUT under another name is refused")
def _renamed(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.put(f"{MAPS}/a", config_map("b"), said=True)


@check(AREA, "a PUT of what is not there finds nothing")
def _absent(talk: Talk) -> None:
    talk.put(f"{MAPS}/a", config_map(), said=True)
    talk.put(f"{WIDGETS}/a", {**widget(), "metadata": {"name": "a", "resourceVersion": "1"}}, said=True)


@check(AREA, "a PUT may create a Lease")
def _upsert(talk: Talk) -> None:
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "a"}}
    talk.put(f"{LEASES}/a", {**lease, "spec": {"holderIdentity": "me"}}, see=("spec", "metadata.name"))


@check(AREA, "a PUT meant for another uid is a conflict")
def _other_uid(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.put(f"{MAPS}/a", config_map(uid="11111111-2222-3333-4444-555555555555"))


@check(AREA, "a write that changes nothing keeps the resource version")
def _noop(talk: Talk) -> None:
    first = talk.post(MAPS, config_map())
    merged = talk.patch(f"{MAPS}/a", {"data": {"a": "1"}})
    put = talk.put(f"{MAPS}/a", first.body)
    talk.note([first.version == merged.version, first.version == put.version])


@check(AREA, "uid and creation time survive a PUT that leaves them out")
def _kept(talk: Talk) -> None:
    first = talk.post(MAPS, config_map())
    then = talk.put(f"{MAPS}/a", config_map(data={"b": "2"}))
    talk.note([first.at(f"metadata.{name}") == then.at(f"metadata.{name}") for name in ("uid", "creationTimestamp")])


@check(AREA, "the generation of a custom resource moves with its spec alone")
def _generation(talk: Talk) -> None:
    talk.post(WIDGETS, widget(), see=("metadata.generation",))
    for patch in ({"metadata": {"labels": {"a": "b"}}}, {"spec": {"size": 2}}, {"spec": {"size": 2}}):
        talk.patch(f"{WIDGETS}/a", patch, see=("metadata.generation",))
    talk.patch(f"{WIDGETS}/a/status", {"status": {"phase": "x"}}, see=("metadata.generation",))


@check(AREA, "without a status subresource the generation moves with the status too")
def _generation_plain(talk: Talk) -> None:
    talk.post(PLAINS, plain(), see=("metadata.generation",))
    talk.patch(f"{PLAINS}/a", {"status": {"phase": "x"}}, see=("metadata.generation", "status"))
    talk.patch(f"{PLAINS}/a/status", {"status": {"phase": "y"}})


@check(AREA, "the generation of a Deployment moves with its spec alone")
def _generation_deployment(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment(), see=("metadata.generation",))
    for patch in ({"metadata": {"labels": {"a": "b"}}}, {"spec": {"replicas": 2}}):
        talk.patch(f"{DEPLOYMENTS}/a", patch, see=("metadata.generation",))
    talk.patch(f"{DEPLOYMENTS}/a/status", {"status": {"replicas": 2}}, STRATEGIC, see=("metadata.generation", "status"))


@check(AREA, "objects without a spec have no generation")
def _ungenerated(talk: Talk) -> None:
    talk.post(MAPS, config_map(), see=("metadata.generation",))
    talk.patch(f"{MAPS}/a", {"data": {"a": "2"}}, see=("metadata.generation",))


@check(AREA, "the status endpoint takes the status alone")
def _status_only(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    told = {"spec": {"size": 9}, "status": {"phase": "Ready"}, "metadata": {"labels": {"a": "b"}}}
    talk.patch(f"{WIDGETS}/a/status", told, see=("spec.size", "status", "metadata.labels"))


@check(AREA, "the main endpoint ignores the status")
def _status_ignored(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    talk.patch(f"{WIDGETS}/a/status", {"status": {"phase": "Ready"}})
    talk.patch(f"{WIDGETS}/a", {"spec": {"size": 2}, "status": {"phase": "Lost"}}, see=("spec.size", "status"))
    talk.patch(f"{WIDGETS}/a", {"status": None}, see=("status",))


@check(AREA, "a PUT of the status replaces it")
def _status_put(talk: Talk) -> None:
    first = talk.post(WIDGETS, widget()).body
    talk.put(f"{WIDGETS}/a/status", {**first, "status": {"phase": "Ready", "replicas": 1}}, see=("status",))
    talk.put(f"{WIDGETS}/a/status", {**first, "status": {"phase": "Late"}})
    now = talk.get(f"{WIDGETS}/a").body
    talk.put(f"{WIDGETS}/a/status", {**now, "status": {"phase": "Done"}}, see=("status",))


@check(AREA, "an invalid status is refused by its field")
def _status_invalid(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    talk.patch(f"{WIDGETS}/a/status", {"status": {"phase": 3}})


@check(AREA, "the status can be read by itself")
def _status_read(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment())
    talk.get(f"{DEPLOYMENTS}/a/status", see=("kind", "spec.replicas", "status"))
    talk.get(f"{MAPS}/a/status")


@check(AREA, "replicas are read and set through scale")
def _scale(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment())
    talk.get(f"{DEPLOYMENTS}/a/scale", see=("*",))
    talk.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": 4}}, see=("spec", "kind"))
    talk.get(f"{DEPLOYMENTS}/a", see=("spec.replicas", "metadata.generation"))
    talk.patch(f"{DEPLOYMENTS}/a/scale", {"spec": {"replicas": -1}})


@check(AREA, "a stale scale is a conflict")
def _scale_stale(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment())
    old = talk.get(f"{DEPLOYMENTS}/a/scale").body
    talk.patch(f"{DEPLOYMENTS}/a", {"spec": {"replicas": 2}})
    talk.put(f"{DEPLOYMENTS}/a/scale", {**old, "spec": {"replicas": 3}})


@check(AREA, "a custom resource scales by the paths of its definition")
def _scale_custom(talk: Talk) -> None:
    talk.post(WIDGETS, widget(replicas=2))
    talk.patch(f"{WIDGETS}/a/status", {"status": {"replicas": 1, "selector": "app=a"}})
    talk.get(f"{WIDGETS}/a/scale", see=("*",))
    talk.patch(f"{WIDGETS}/a/scale", {"spec": {"replicas": 5}}, see=("spec", "status"))
    talk.get(f"{WIDGETS}/a", see=("spec.replicas", "metadata.generation"))


@check(AREA, "a collection is deleted by its labels")
def _collection(talk: Talk) -> None:
    for name, color in (("a", "red"), ("b", "green"), ("c", "red")):
        talk.post(MAPS, config_map(name, labels={"color": color}), quiet=True)
    talk.delete(MAPS, labelSelector="color=red", see=("kind",))
    talk.get(MAPS, see=("items.metadata.name",))
