"""Creating, reading and naming objects."""

from __future__ import annotations

from tests.differential.asking import Talk
from tests.differential.bodies import MAPS, SECRETS, SERVICES, WIDGETS, config_map, deployment, secret, service, widget
from tests.differential.checks import check
from tests.differential.normal import LATER

AREA = "Objects"


@check(AREA, "a created ConfigMap comes back whole")
def _created(talk: Talk) -> None:
    talk.post(MAPS, config_map(labels={"a": "b"}, annotations={"c": "d"}), see=("*",))
    talk.get(f"{MAPS}/a", see=("*",))


@check(AREA, "a created custom resource has generation 1 and no status")
def _custom(talk: Talk) -> None:
    talk.post(WIDGETS, widget(), see=("*",))
    talk.post(WIDGETS, {**widget("b"), "status": {"phase": "Done"}}, see=("status", "spec"))


@check(AREA, "a name is generated from generateName")
def _generated(talk: Talk) -> None:
    body = config_map(generateName="job-")
    del body["metadata"]["name"]
    name = talk.post(MAPS, body, see=("metadata.generateName",)).at("metadata.name")
    talk.note([name[:4], len(name)])


@check(AREA, "an object needs a name")
def _nameless(talk: Talk) -> None:
    body = config_map()
    del body["metadata"]["name"]
    talk.post(MAPS, body, said=True)


@check(AREA, "a name is taken once")
def _taken(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.post(MAPS, config_map(), said=True)


@check(AREA, "what is not there is named in the refusal")
def _missing(talk: Talk) -> None:
    talk.get(f"{MAPS}/nope", said=True)
    talk.get("/apis/apps/v1/namespaces/{ns}/deployments/nope", said=True)
    talk.get("/apis/{group}/v1/namespaces/{ns}/widgets/nope", said=True)
    talk.get("/api/v1/namespaces/absent-one", said=True)


@check(AREA, "nothing is created in a namespace that is absent")
def _homeless(talk: Talk) -> None:
    talk.post("/api/v1/namespaces/absent-one/configmaps", config_map(), said=True)


@check(AREA, "reading in an absent namespace finds nothing")
def _nowhere(talk: Talk) -> None:
    talk.get("/api/v1/namespaces/absent-one/configmaps", see=("kind", "items"))
    talk.get("/api/v1/namespaces/absent-one/configmaps/a", said=True)


@check(AREA, "the namespace of the body must be that of the path")
def _elsewhere(talk: Talk) -> None:
    talk.post(MAPS, config_map(namespace="kube-system"), said=True)


@check(AREA, "kind and apiVersion of the body must be those of the path")
def _other_kind(talk: Talk) -> None:
    talk.post(MAPS, {**config_map(), "kind": "Secret"})
    talk.post(MAPS, {**config_map(), "apiVersion": "v2"})


@check(AREA, "a body of a built-in kind need not say its kind")
def _unsaid(talk: Talk) -> None:
    talk.post(MAPS, {"metadata": {"name": "a"}, "data": {"a": "1"}}, see=("kind", "apiVersion", "data"))


@check(AREA, "a custom resource must say its kind")
def _unsaid_custom(talk: Talk) -> None:
    talk.post("/apis/{group}/v1/namespaces/{ns}/widgets", {"metadata": {"name": "a"}, "spec": {"size": 1}})


@check(AREA, "what the server decides is not taken from the client")
def _server_decides(talk: Talk) -> None:
    uid = "11111111-2222-3333-4444-555555555555"
    head = {"uid": uid, "generation": 7, "creationTimestamp": "2001-01-01T00:00:00Z", "deletionGracePeriodSeconds": 3}
    made = talk.post(MAPS, config_map(**head), see=("metadata.deletionGracePeriodSeconds",))
    talk.note([made.at("metadata.uid") == uid, str(made.at("metadata.creationTimestamp"))[:4] == "2001"])
    talk.post("/apis/apps/v1/namespaces/{ns}/deployments", deployment(), see=("metadata.generation",))


@check(AREA, "a created object brings no resource version")
def _versioned(talk: Talk) -> None:
    talk.post(MAPS, config_map(resourceVersion="5"), said=True)


@check(AREA, "a dry run answers as if and keeps nothing")
def _dry(talk: Talk) -> None:
    talk.post(MAPS, config_map(), dryRun="All", see=("data", "kind"))
    talk.get(f"{MAPS}/a")
    talk.post(MAPS, config_map("B_A"), dryRun="All")
    talk.post(MAPS, config_map(), dryRun="Some")


@check(AREA, "a dry run changes and deletes nothing")
def _dry_changes(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    talk.patch(f"{MAPS}/a", {"data": {"a": "2"}}, dryRun="All", see=("data",))
    talk.delete(f"{MAPS}/a", dryRun="All", see=("kind", "status"))
    talk.get(f"{MAPS}/a", see=("data",))


@check(AREA, "a Secret's plain texts are encoded and never shown")
def _secret(talk: Talk) -> None:
    talk.post(SECRETS, secret(stringData={"a": "x", "b": "y"}, data={"a": "eg=="}), see=("*",))


@check(AREA, "a namespace is active and has the finalizer of its controller")
def _namespace(talk: Talk) -> None:
    talk.get("/api/v1/namespaces/{ns}", see=("spec", "status", "metadata.labels"))


@check(AREA, "a Service gets an address, target ports and a type")
def _service(talk: Talk) -> None:
    made = talk.post(SERVICES, service(), see=("spec.ports", "spec.type", "status"))
    spec = made.at("spec")
    talk.note([spec["clusterIPs"] == [spec["clusterIP"]], spec["sessionAffinity"], sorted(spec.keys() - LATER)])


@check(AREA, "a Service without a head has no address")
def _headless(talk: Talk) -> None:
    talk.post(SERVICES, service(clusterIP="None"), see=("spec.clusterIP", "spec.clusterIPs"))
