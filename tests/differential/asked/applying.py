"""Server-side apply: who owns which field, who is in whose way, and what goes when nobody wants it."""

from __future__ import annotations

from typing import Any

from tests.differential.asking import APPLY, MERGE, Answer, Talk
from tests.differential.bodies import DEPLOYMENTS, MAPS, WIDGETS, Object, config_map, deployment, widget
from tests.differential.checks import check

AREA = "Server-side apply"


def owners(answer: Answer) -> list[Any]:
    """Who owns what: manager, operation and fields, sorted."""
    entries = answer.at("metadata.managedFields") or []
    return sorted([entry["manager"], entry["operation"], entry["fieldsV1"]] for entry in entries)


def applied_map(**data: str) -> Object:
    """A ConfigMap with these entries."""
    return config_map(data=data)


@check(AREA, "an apply creates, and the manager owns what it sent")
def _creates(talk: Talk) -> None:
    made = talk.apply(f"{MAPS}/a", config_map(labels={"l": "m"}), see=("data", "metadata.labels"))
    talk.note(owners(made))


@check(AREA, "an apply of a Deployment owns its containers by name and its ports by number and protocol")
def _keys(talk: Talk) -> None:
    talk.note(owners(talk.apply(f"{DEPLOYMENTS}/a", deployment())))


@check(AREA, "applying the same again changes nothing")
def _again(talk: Talk) -> None:
    first = talk.apply(f"{DEPLOYMENTS}/a", deployment())
    again = talk.apply(f"{DEPLOYMENTS}/a", deployment(), see=("metadata.generation",))
    talk.note(first.version == again.version)


@check(AREA, "a field of another manager is a conflict that names it")
def _conflict(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1", b="1"))
    talk.apply(f"{MAPS}/a", applied_map(a="2"), "theirs", said=True)


@check(AREA, "several conflicts are all named")
def _conflicts(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1", b="1"))
    talk.apply(f"{MAPS}/a", applied_map(a="2", b="2"), "theirs", said=True)


@check(AREA, "force takes the field over")
def _force(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1", b="1"))
    talk.note(owners(talk.apply(f"{MAPS}/a", applied_map(a="2"), "theirs", force="true", see=("data",))))


@check(AREA, "two managers share the same value")
def _shared(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1"))
    talk.note(owners(talk.apply(f"{MAPS}/a", applied_map(a="1"), "theirs")))


@check(AREA, "a field that its only owner leaves out goes")
def _dropped(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1", b="2"))
    talk.note(owners(talk.apply(f"{MAPS}/a", applied_map(a="1"), see=("data",))))


@check(AREA, "a field that another also wants stays")
def _kept(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1", b="2"))
    talk.apply(f"{MAPS}/a", applied_map(b="2"), "theirs")
    talk.note(owners(talk.apply(f"{MAPS}/a", applied_map(a="1"), see=("data",))))


@check(AREA, "a manager that applies nothing gives everything up")
def _nothing(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1"))
    talk.apply(f"{MAPS}/a", applied_map(b="2"), "theirs")
    empty = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    talk.note(owners(talk.apply(f"{MAPS}/a", empty, see=("data",))))


@check(AREA, "what an update changes belongs to the updater")
def _updated(talk: Talk) -> None:
    talk.apply(f"{DEPLOYMENTS}/a", deployment())
    talk.patch(f"{DEPLOYMENTS}/a", {"spec": {"replicas": 7}}, MERGE, fieldManager="hand")
    talk.apply(f"{DEPLOYMENTS}/a", deployment(), said=True)


@check(AREA, "an update of a built-in object owns what it sets")
def _update_owners(talk: Talk) -> None:
    talk.note(owners(talk.post(DEPLOYMENTS, deployment())))
    talk.note(owners(talk.patch(f"{DEPLOYMENTS}/a", {"metadata": {"labels": {"a": "b"}}}, fieldManager="hand")))


@check(AREA, "an update of a custom resource owns what it sets")
def _update_custom(talk: Talk) -> None:
    body = widget(ports=[{"number": 80}], tags=["x"], whole=["y"], limits={"a": "1"}, piece={"a": "1"})
    talk.note(owners(talk.post(WIDGETS, body)))
    talk.note(owners(talk.patch(f"{WIDGETS}/a", {"spec": {"size": 2, "inner": {"a": "x"}}}, fieldManager="hand")))


@check(AREA, "removing a field takes it from its owner")
def _removed(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1", b="2"))
    talk.note(owners(talk.patch(f"{MAPS}/a", {"data": {"b": None}}, fieldManager="hand")))


@check(AREA, "a second manager adds a container of its own")
def _joined(talk: Talk) -> None:
    talk.apply(f"{DEPLOYMENTS}/a", deployment())
    theirs = deployment()
    theirs["spec"] = {"template": {"spec": {"containers": [{"name": "side", "image": "side:1"}]}}}
    talk.apply(f"{DEPLOYMENTS}/a", theirs, "mesh", see=("spec.template.spec.containers.name",))
    talk.apply(f"{DEPLOYMENTS}/a", deployment(), see=("spec.template.spec.containers.name",))
    del theirs["spec"]
    talk.apply(f"{DEPLOYMENTS}/a", theirs, "mesh", see=("spec.template.spec.containers.name",))


@check(AREA, "keyed lists merge, sets unite, atomic lists and maps are one piece")
def _lists(talk: Talk) -> None:
    first = widget(ports=[{"number": 80}], tags=["x"], limits={"a": "1"})
    talk.note(owners(talk.apply(f"{WIDGETS}/a", first)))
    second = {**widget(), "spec": {"ports": [{"number": 81, "protocol": "UDP"}], "tags": ["y"], "limits": {"b": "2"}}}
    talk.note(owners(talk.apply(f"{WIDGETS}/a", second, "theirs", see=("spec",))))


@check(AREA, "an atomic list of another is a conflict as a whole")
def _atomic(talk: Talk) -> None:
    talk.note(owners(talk.apply(f"{WIDGETS}/a", widget(whole=["x"], piece={"a": "1"}, order=["z"]))))
    for part in ({"whole": ["x", "y"]}, {"piece": {"b": "2"}}, {"order": ["z", "z2"]}):
        talk.apply(f"{WIDGETS}/a", {**widget(), "spec": part}, "theirs", said=True)


@check(AREA, "a manager must say its name")
def _unnamed(talk: Talk) -> None:
    talk.patch(f"{MAPS}/a", config_map(), APPLY, said=True)
    talk.patch(f"{MAPS}/a", config_map(), APPLY, fieldManager="x" * 129)


@check(AREA, "force belongs to apply alone")
def _force_elsewhere(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.patch(f"{MAPS}/a", {"data": {"a": "2"}}, MERGE, force="true")


@check(AREA, "what is applied brings no managedFields")
def _brings(talk: Talk) -> None:
    body = config_map(managedFields=[{"manager": "x", "operation": "Apply", "apiVersion": "v1"}])
    talk.apply(f"{MAPS}/a", body, said=True)


@check(AREA, "what is applied must be of the version on the path")
def _version(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", {**config_map(), "apiVersion": "v2"})
    talk.apply(f"{WIDGETS}/a", {**widget(), "apiVersion": "{group}/v9"})


@check(AREA, "what is applied must have the name on the path")
def _name(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", config_map("b"))
    unnamed = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"x": "y"}}
    talk.apply(f"{MAPS}/a", unnamed)
    talk.apply(f"{MAPS}/a", config_map())
    talk.apply(f"{MAPS}/a", config_map("b"))
    talk.apply(f"{MAPS}/a", unnamed, see=("metadata.name", "data"))


@check(AREA, "an apply may be written in YAML")
def _yaml(talk: Talk) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: 'yes'\n"
    talk.apply(f"{MAPS}/a", text, see=("data",))


@check(AREA, "an apply with two items of one key is refused")
def _twice(talk: Talk) -> None:
    talk.apply(f"{WIDGETS}/a", widget(ports=[{"number": 80}, {"number": 80}]))


@check(AREA, "a field that the schema does not know makes an apply fail")
def _unknown(talk: Talk) -> None:
    talk.apply(f"{DEPLOYMENTS}/a", deployment(typo=1))
    talk.apply(f"{DEPLOYMENTS}/a", deployment(hostNetwork="yes"))


@check(AREA, "an apply that names a uid creates nothing")
def _uid(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", config_map(uid="11111111-2222-3333-4444-555555555555"))


@check(AREA, "an apply that names a stale version is a conflict")
def _stale(talk: Talk) -> None:
    old = talk.apply(f"{MAPS}/a", applied_map(a="1")).version
    talk.apply(f"{MAPS}/a", applied_map(a="2"))
    talk.apply(f"{MAPS}/a", config_map(data={"a": "3"}, resourceVersion=old))


@check(AREA, "an invalid apply is refused by its field")
def _invalid(talk: Talk) -> None:
    talk.apply(f"{WIDGETS}/a", widget(size=101))
    talk.apply(f"{DEPLOYMENTS}/a", deployment(containers=[{"name": "main"}]))


@check(AREA, "a dry run of an apply shows what would be and keeps nothing")
def _dry(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1"))
    talk.apply(f"{MAPS}/a", applied_map(a="2"), dryRun="All", see=("data",))
    talk.get(f"{MAPS}/a", see=("data",))


@check(AREA, "managedFields can be emptied")
def _emptied(talk: Talk) -> None:
    talk.apply(f"{MAPS}/a", applied_map(a="1"))
    talk.patch(f"{MAPS}/a", {"metadata": {"managedFields": [{}]}}, see=("metadata.managedFields", "data"))
    talk.note(owners(talk.patch(f"{MAPS}/a", {"data": {"b": "2"}}, fieldManager="hand")))
    talk.note(owners(talk.apply(f"{MAPS}/a", applied_map(b="2"))))


@check(AREA, "the first apply after an update leaves the updater's claim")
def _migrated(talk: Talk) -> None:
    talk.post(MAPS, config_map(), fieldManager="hand")
    talk.note(owners(talk.apply(f"{MAPS}/a", applied_map(a="1"))))


@check(AREA, "a status is applied through its own endpoint")
def _status(talk: Talk) -> None:
    talk.apply(f"{WIDGETS}/a", widget())
    body = {**widget(), "status": {"phase": "Ready"}}
    del body["spec"]
    talk.apply(f"{WIDGETS}/a/status", body, "gke", see=("status", "spec.size"))
    talk.apply(f"{WIDGETS}/absent/status", {**body, "metadata": {"name": "absent", "namespace": "{ns}"}}, "gke")


@check(
    AREA, "a status applied through the main endpoint is not taken", too_new="v1.22: the fields that an endpoint resets"
)
def _status_main(talk: Talk) -> None:
    talk.note(owners(talk.apply(f"{WIDGETS}/a", {**widget(), "status": {"phase": "Ready"}}, see=("status",))))


@check(AREA, "an entry names the subresource that it came through", too_new="v1.22: `subresource` in managedFields")
def _subresource(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    seen = talk.patch(f"{WIDGETS}/a/status", {"status": {"phase": "Ready"}})
    talk.note(sorted(entry.get("subresource", "") for entry in seen.at("metadata.managedFields")))
