"""What the server says of itself: versions, discovery, tables, health; and how it refuses what it cannot serve."""

from __future__ import annotations

from typing import Any

from tests.differential.asking import TABLE, Talk
from tests.differential.bodies import APPS, CORE, DEFINITIONS, MAPS, PODS, WIDGETS, config_map, widget
from tests.differential.checks import check

DISCOVERY, TABLES, REFUSALS = "Discovery", "Tables", "Refusals"
OURS = {"pods", "configmaps", "secrets", "namespaces", "nodes", "serviceaccounts", "events", "endpoints"}


def resources(talk: Talk, path: str, names: set[str]) -> None:
    """Note the lines of a resource list for these resources and their status and scale."""
    found = talk.get(path, see=("kind", "groupVersion"))
    parts = ("namespaced", "kind", "verbs", "shortNames", "group", "version")
    lines: list[Any] = [
        [line["name"], *(sorted(line[p]) if isinstance(line.get(p), list) else line.get(p) for p in parts)]
        for line in found.at("resources")
        if line["name"].partition("/")[0] in names and line["name"].partition("/")[2] in {"", "status", "scale"}
    ]
    talk.note(sorted(lines, key=str))


@check(DISCOVERY, "the core API is found")
def _legacy(talk: Talk) -> None:
    talk.get("/api", see=("kind", "versions"))


@check(DISCOVERY, "groups are found with their versions")
def _groups(talk: Talk) -> None:
    found = talk.get("/apis", see=("kind", "apiVersion"))
    names = found.at("groups.name")
    talk.note([name in names for name in ("apps", "batch", "apiextensions.k8s.io", talk.names.group)])
    talk.get("/apis/apps", see=("*",))
    talk.get("/apis/{group}", see=("*",))


@check(DISCOVERY, "core resources are found with their verbs and short names")
def _core(talk: Talk) -> None:
    resources(talk, "/api/v1", OURS)


@check(DISCOVERY, "workloads are found with status and scale")
def _apps(talk: Talk) -> None:
    resources(talk, "/apis/apps/v1", {"deployments", "replicasets", "daemonsets", "statefulsets"})


@check(DISCOVERY, "custom resources are found with status and scale")
def _custom(talk: Talk) -> None:
    resources(talk, "/apis/{group}/v1", {"widgets", "plains"})
    resources(talk, "/apis/apiextensions.k8s.io/v1", {"customresourcedefinitions"})


@check(DISCOVERY, "groups and versions that are not served are not found")
def _unserved(talk: Talk) -> None:
    for path in ("/apis/nope.example", "/apis/apps/v9", "/apis/{group}/v9", "/api/v9"):
        talk.get(path)


@check(DISCOVERY, "the server is healthy and has a version")
def _health(talk: Talk) -> None:
    for path in ("/healthz", "/readyz", "/livez"):
        talk.note([talk.get(path).text, path])
    talk.note(
        sorted(name for name in talk.get("/version").body if name in {"major", "minor", "gitVersion", "platform"})
    )


@check(TABLES, "a custom resource is shown in the columns of its definition")
def _columns(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    seen = talk.get(WIDGETS, accept=TABLE, see=("kind", "apiVersion"))
    columns = seen.at("columnDefinitions")
    talk.note([[c["name"], c["type"], c["priority"]] for c in columns])
    talk.note([c["description"] for c in columns if c["name"] == "Size"])
    row = seen.at("rows")[0]
    talk.note([row["cells"][:3], row["object"]["kind"], row["object"]["metadata"]["name"]])


@check(TABLES, "a kind without columns shows name and age")
def _no_columns(talk: Talk) -> None:
    seen = talk.get("/apis/{group}/v1/namespaces/{ns}/plains", accept=TABLE, see=("kind", "rows"))
    talk.note([[c["name"], c["type"], c["format"]] for c in seen.at("columnDefinitions")])


@check(TABLES, "one object is shown as a table of one row")
def _one(talk: Talk) -> None:
    talk.post(MAPS, config_map(data={"a": "1", "b": "2"}))
    seen = talk.get(f"{MAPS}/a", accept=TABLE, see=("kind",))
    talk.note([[c["name"] for c in seen.at("columnDefinitions")], seen.at("rows")[0]["cells"][:2]])


@check(TABLES, "pods and Deployments are shown in columns of their own")
def _built_in(talk: Talk) -> None:
    for path in (PODS, f"{APPS}/deployments", f"{CORE}/services", f"{CORE}/secrets"):
        seen = talk.get(path, accept=TABLE)
        talk.note([c["name"] for c in seen.at("columnDefinitions") if not c["priority"]])


@check(TABLES, "rows can carry whole objects or none")
def _include(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    for include in ("Object", "None", "Metadata"):
        seen = talk.get(MAPS, accept=TABLE, includeObject=include)
        found = seen.at("rows")[0].get("object")
        talk.note([include, found and found["kind"], found and "data" in found])
    talk.get(MAPS, accept=TABLE, includeObject="Everything")


@check(REFUSALS, "a token that is unknown is unauthorized")
def _unauthorized(talk: Talk) -> None:
    url = talk.server.url + "/api/v1/namespaces"
    answer = talk.client.get(url, headers={"Authorization": "Bearer wrong"})
    talk.note([answer.status_code, answer.json()["reason"], answer.json()["kind"]])


@check(REFUSALS, "a resource or path that is not served is not found")
def _not_found(talk: Talk) -> None:
    for path in (f"{CORE}/nopes", f"{CORE}/nopes/a", "/apis/apps/v1/nopes", "/apis/{group}/v1/namespaces/{ns}/nopes"):
        talk.get(path)
    talk.get(f"{MAPS}/a/nope")
    talk.get("/nope")
    talk.post(f"{CORE}/nopes", config_map())


@check(REFUSALS, "a method that a path does not take is refused")
def _methods(talk: Talk) -> None:
    talk.post(f"{MAPS}/a", config_map())
    talk.put(MAPS, config_map())
    talk.patch(MAPS, {})
    talk.post(f"{WIDGETS}/a", widget())
    talk.put(WIDGETS, widget())
    talk.delete("/api/v1/namespaces")
    talk.post("/version", {})


@check(REFUSALS, "a body must be of a type that is known")
def _media(talk: Talk) -> None:
    talk.post(MAPS, b"a: b", kind="text/plain")
    talk.post(
        MAPS,
        b"apiVersion: v1\nkind: ConfigMap\ndata: {a: '1'}\nmetadata: {name: written}\n",
        kind="application/yaml",
        see=("data", "kind"),
    )
    talk.post(MAPS, config_map("untyped"), kind="", see=("data",))


@check(REFUSALS, "a body that cannot be read is refused")
def _unreadable(talk: Talk) -> None:
    talk.post(MAPS, b"{not json")
    talk.post(MAPS, b"[]")
    talk.post(MAPS, b"")
    talk.post(WIDGETS, b"{not json")
    talk.put(f"{MAPS}/a", b"")


@check(REFUSALS, "an answer in a form that nobody knows is not given")
def _not_acceptable(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.get(f"{MAPS}/a", accept="text/html")
    talk.get(f"{MAPS}/a", accept="text/html, application/json", see=("data",))
    talk.get(f"{MAPS}/a", accept="application/yaml", see=("data",))


@check(REFUSALS, "an eviction goes by the pod's path")
def _eviction(talk: Talk) -> None:
    talk.post(
        f"{PODS}/nope/eviction", {"apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": {"name": "nope"}}
    )


@check(REFUSALS, "a definition that is absent is named")
def _no_definition(talk: Talk) -> None:
    talk.get(f"{DEFINITIONS}/nopes.example.com", said=True)


@check(REFUSALS, "an option that is unknown is refused by its field")
def _options(talk: Talk) -> None:
    talk.post(MAPS, config_map(), dryRun="Some")
    talk.post(MAPS, config_map(), fieldManager="with\nline")
    talk.delete(f"{MAPS}/a", propagationPolicy="Sideways")
