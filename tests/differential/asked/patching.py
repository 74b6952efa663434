"""The three patches that are not an apply, and what is wrong with them."""

from __future__ import annotations

from tests.differential.asking import JSON_PATCH, STRATEGIC, Talk
from tests.differential.bodies import DEPLOYMENTS, MAPS, WIDGETS, config_map, deployment, pod, widget
from tests.differential.checks import check

AREA = "Patches"
CONTAINERS = "spec.template.spec.containers"


def template(**spec: object) -> dict[str, object]:
    """A patch of a Deployment's pod spec."""
    return {"spec": {"template": {"spec": spec}}}


@check(AREA, "a merge patch merges maps, replaces lists and removes nulls")
def _merge(talk: Talk) -> None:
    talk.post(WIDGETS, widget(limits={"a": "1"}, order=["x", "y"], tags=["t"], free={"deep": {"a": 1, "b": 2}}))
    patch = {"limits": {"a": None, "b": "2"}, "order": ["z"], "free": {"deep": {"a": None}}, "tags": None}
    talk.patch(f"{WIDGETS}/a", {"spec": patch}, see=("spec",))


@check(
    AREA,
    "a merge patch that is no object is refused",
    too_new="v1.25: a patch is decoded strictly before it is applied",
)
def _merge_list(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.patch(f"{MAPS}/a", [1])
    talk.patch(f"{MAPS}/a", b"{not json")


@check(AREA, "a JSON patch adds, replaces, removes, moves and copies")
def _json(talk: Talk) -> None:
    talk.post(MAPS, config_map(data={"a": "1", "d": "3"}, labels={"l": "m"}, annotations={"x.example/b": "2"}))
    operations = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "add", "path": "/data/new", "value": "x"},
        {"op": "replace", "path": "/metadata/annotations/x.example~1b", "value": "y"},
        {"op": "copy", "from": "/data/a", "path": "/data/copy"},
        {"op": "move", "from": "/data/d", "path": "/data/moved"},
        {"op": "remove", "path": "/metadata/labels/l"},
    ]
    talk.patch(f"{MAPS}/a", operations, JSON_PATCH, see=("data", "metadata.labels", "metadata.annotations"))


@check(AREA, "a JSON patch works on lists by index")
def _json_lists(talk: Talk) -> None:
    talk.post(WIDGETS, widget(order=["x", "y"]))
    operations = [
        {"op": "add", "path": "/spec/order/-", "value": "z"},
        {"op": "remove", "path": "/spec/order/0"},
        {"op": "add", "path": "/spec/order/0", "value": "first"},
    ]
    talk.patch(f"{WIDGETS}/a", operations, JSON_PATCH, see=("spec.order",))
    talk.patch(f"{WIDGETS}/a", [{"op": "remove", "path": "/spec/order/9"}], JSON_PATCH)


@check(AREA, "a JSON patch whose test fails changes nothing")
def _json_test(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    operations = [
        {"op": "replace", "path": "/data/a", "value": "2"},
        {"op": "test", "path": "/data/a", "value": "1"},
    ]
    talk.patch(f"{MAPS}/a", operations, JSON_PATCH)
    talk.get(f"{MAPS}/a", see=("data",))


@check(AREA, "a JSON patch of a path that is absent is refused")
def _json_absent(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.patch(f"{MAPS}/a", [{"op": "remove", "path": "/data/zz"}], JSON_PATCH)
    talk.patch(f"{MAPS}/a", [{"op": "add", "path": "/nope/deeper", "value": 1}], JSON_PATCH)


@check(AREA, "a JSON patch must be a list of known operations")
def _json_shape(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.patch(f"{MAPS}/a", {"op": "remove"}, JSON_PATCH)
    talk.patch(f"{MAPS}/a", [{"op": "turn", "path": "/data/a"}], JSON_PATCH)


@check(AREA, "a JSON patch can test the resource version")
def _json_version(talk: Talk) -> None:
    made = talk.post(MAPS, config_map())
    path = "/metadata/resourceVersion"
    guard = {"op": "test", "path": path, "value": made.version}
    talk.patch(f"{MAPS}/a", [guard, {"op": "add", "path": "/data/b", "value": "2"}], JSON_PATCH, see=("data",))
    talk.patch(f"{MAPS}/a", [guard, {"op": "add", "path": "/data/c", "value": "3"}], JSON_PATCH)


@check(AREA, "a strategic patch meets containers by name and ports by number")
def _strategic(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment())
    containers = [
        {"name": "main", "image": "main:2", "ports": [{"containerPort": 9000}]},
        {"name": "side", "image": "side:1"},
    ]
    talk.patch(f"{DEPLOYMENTS}/a", template(containers=containers), STRATEGIC, see=(CONTAINERS,))


@check(AREA, "a strategic patch deletes and replaces by directive")
def _directives(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment(nodeSelector={"a": "b"}, tolerations=[{"key": "k", "operator": "Exists"}]))
    side = template(containers=[{"name": "side", "image": "side:1"}])
    talk.patch(f"{DEPLOYMENTS}/a", side, STRATEGIC)
    patch = template(
        containers=[{"name": "main", "$patch": "delete"}],
        nodeSelector={"$patch": "replace", "c": "d"},
        tolerations=None,
    )
    seen = tuple(f"spec.template.spec.{name}" for name in ("containers.name", "nodeSelector", "tolerations"))
    talk.patch(f"{DEPLOYMENTS}/a", patch, STRATEGIC, see=seen)


@check(AREA, "a strategic patch keeps the order it is told")
def _order(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment())
    body = {"$setElementOrder/containers": [{"name": "side"}, {"name": "main"}]}
    patch = template(containers=[{"name": "side", "image": "side:1"}], **body)
    talk.patch(f"{DEPLOYMENTS}/a", patch, STRATEGIC, see=(f"{CONTAINERS}.name",))


@check(AREA, "a strategic patch merges finalizers and deletes from them")
def _primitives(talk: Talk) -> None:
    talk.post(MAPS, config_map(finalizers=["x.example/a"]))
    more = {"metadata": {"finalizers": ["x.example/b"]}}
    talk.patch(f"{MAPS}/a", more, STRATEGIC, see=("metadata.finalizers",))
    less = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["x.example/a", "x.example/b"]}}
    talk.patch(f"{MAPS}/a", less, STRATEGIC, see=("metadata.finalizers",))


@check(AREA, "a strategic patch of the strategy retains the keys it is told")
def _retain(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment())
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    talk.patch(f"{DEPLOYMENTS}/a", patch, STRATEGIC, see=("spec.strategy",))


@check(AREA, "an item of a strategic patch must carry its key")
def _keyless(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment())
    talk.patch(f"{DEPLOYMENTS}/a", template(containers=[{"image": "main:2"}]), STRATEGIC)


@check(AREA, "custom resources take no strategic patch")
def _custom(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    talk.patch(f"{WIDGETS}/a", {"spec": {"size": 2}}, STRATEGIC)


@check(AREA, "an unknown kind of patch is refused with those that are known")
def _unknown(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.patch(f"{MAPS}/a", {}, "text/plain")
    talk.patch(f"{MAPS}/a", {}, "application/json")


@check(AREA, "a patch of what is not there finds nothing")
def _absent(talk: Talk) -> None:
    talk.patch(f"{MAPS}/a", {"data": {"a": "1"}}, said=True)
    talk.patch(f"{WIDGETS}/a", {"spec": {"size": 1}}, said=True)


@check(AREA, "a patch that names a stale version is a conflict")
def _stale(talk: Talk) -> None:
    old = talk.post(MAPS, config_map()).version
    talk.patch(f"{MAPS}/a", {"data": {"a": "2"}})
    talk.patch(f"{MAPS}/a", {"metadata": {"resourceVersion": old}, "data": {"a": "3"}}, said=True)


@check(AREA, "a patch changes neither name nor uid")
def _identity(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.patch(f"{MAPS}/a", {"metadata": {"name": "b"}})
    talk.patch(f"{MAPS}/a", {"metadata": {"uid": "11111111-2222-3333-4444-555555555555"}})
    talk.patch(f"{MAPS}/a", {"metadata": {"namespace": "other"}})


@check(AREA, "a patch changes no time that the server sets")
def _times(talk: Talk) -> None:
    first = talk.post(MAPS, config_map())
    talk.patch(f"{MAPS}/a", {"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}})
    talk.patch(f"{MAPS}/a", {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}})
    talk.patch(f"{MAPS}/a", {"metadata": {"creationTimestamp": None, "generation": 9}}, see=("metadata.generation",))
    then = talk.get(f"{MAPS}/a")
    talk.note(first.at("metadata.creationTimestamp") == then.at("metadata.creationTimestamp"))


@check(AREA, "a patch that makes an object invalid is refused by its field")
def _invalid(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    talk.patch(f"{WIDGETS}/a", {"spec": {"size": 101}})
    talk.patch(f"{WIDGETS}/a", {"spec": {"size": None}})
    talk.post("/api/v1/namespaces/{ns}/pods", pod())
    talk.patch("/api/v1/namespaces/{ns}/pods/a", {"spec": {"hostname": "x"}})
