"""What built-in kinds refuse: names, labels, shapes, values and changes of what never changes."""

from __future__ import annotations

from tests.differential.asking import Talk
from tests.differential.bodies import (
    DEPLOYMENTS,
    MAPS,
    PODS,
    SECRETS,
    SERVICES,
    config_map,
    deployment,
    pod,
    secret,
    service,
)
from tests.differential.checks import check

AREA = "Validation"
JOBS = "/apis/batch/v1/namespaces/{ns}/jobs"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings"
LONG = "x" * 64


def container(**parts: object) -> dict[str, object]:
    """A pod of one container with these parts."""
    return pod(containers=[{"name": "main", "image": "main:1", **parts}])


@check(AREA, "a name must be a DNS subdomain")
def _names(talk: Talk) -> None:
    for name in ("B_A", "-a", "a..b", "a" * 254, "a/b"):
        talk.post(MAPS, config_map(name))


@check(AREA, "the name of a Service must be a DNS label that starts with a letter")
def _service_names(talk: Talk) -> None:
    for name in ("1a", "a.b", LONG):
        talk.post(SERVICES, {**service(), "metadata": {"name": name}})


@check(AREA, "the name of a namespace must be a DNS label")
def _namespace_names(talk: Talk) -> None:
    for name in ("a.b", "A"):
        talk.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


@check(AREA, "names in access control are nearly free")
def _role_names(talk: Talk) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": []}
    path = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles"
    for name in ("Mixed:Case_name", "with/slash", "with%percent", ".."):
        talk.post(path, {**role, "metadata": {"name": name}}, see=("metadata.name", "rules"))


@check(AREA, "labels are held to their form")
def _labels(talk: Talk) -> None:
    for labels in (
        {"a": "no space"},
        {"-a": "b"},
        {"a": LONG},
        {LONG: "b"},
        {"A.x/y": "b"},
        {"a/b/c": "d"},
        {"a": "b-"},
    ):
        talk.post(MAPS, config_map(labels=labels))


@check(AREA, "annotations are held to their form, their values are free")
def _annotations(talk: Talk) -> None:
    talk.post(MAPS, config_map(annotations={"-a": "b"}))
    talk.post(MAPS, config_map(annotations={"a": "x" * 262145}))
    talk.post(MAPS, config_map(annotations={"Example.COM/a": "any text, at all!"}))


@check(AREA, "a wrong type cannot be read")
def _types(talk: Talk) -> None:
    talk.post(MAPS, {**config_map(), "data": "text"})
    talk.post(MAPS, {**config_map(), "data": {"a": 1}})
    talk.post(DEPLOYMENTS, {**deployment(), "spec": {**deployment()["spec"], "replicas": "one"}})
    talk.post(MAPS, config_map(labels="none"))


@check(AREA, "a text that is no base64 or no quantity cannot be read")
def _texts(talk: Talk) -> None:
    talk.post(SECRETS, secret(data={"a": "%%%"}))
    talk.post(PODS, container(resources={"limits": {"cpu": "much"}}))


@check(AREA, "the keys of a ConfigMap are file names")
def _keys(talk: Talk) -> None:
    for data in ({"a b": "1"}, {"..": "1"}, {"a/b": "1"}, {"x" * 254: "1"}):
        talk.post(MAPS, config_map(data=data))


@check(AREA, "a key stands once in a ConfigMap, as text or as bytes")
def _key_twice(talk: Talk) -> None:
    talk.post(MAPS, {**config_map(), "binaryData": {"a": "eg=="}})


@check(AREA, "an immutable ConfigMap never changes")
def _immutable(talk: Talk) -> None:
    talk.post(MAPS, {**config_map(), "immutable": True})
    talk.patch(f"{MAPS}/a", {"data": {"a": "2"}})
    talk.patch(f"{MAPS}/a", {"immutable": False})
    talk.patch(f"{MAPS}/a", {"metadata": {"labels": {"a": "b"}}}, see=("metadata.labels",))


@check(AREA, "the type of a Secret never changes")
def _secret_type(talk: Talk) -> None:
    talk.post(SECRETS, secret(type="mine/own"))
    talk.patch(f"{SECRETS}/a", {"type": "Opaque"})


@check(AREA, "a Secret of a known type must have its keys")
def _secret_keys(talk: Talk) -> None:
    talk.post(SECRETS, secret(type="kubernetes.io/tls"))
    talk.post(SECRETS, secret(type="kubernetes.io/dockerconfigjson"))
    talk.post(SECRETS, secret(type="kubernetes.io/service-account-token"))


@check(AREA, "a workload's selector is required, matches its template and never changes")
def _selector(talk: Talk) -> None:
    body = deployment()
    talk.post(DEPLOYMENTS, {**body, "spec": {"template": body["spec"]["template"]}})
    talk.post(DEPLOYMENTS, {**body, "spec": {**body["spec"], "selector": {}}})
    talk.post(DEPLOYMENTS, {**body, "spec": {**body["spec"], "selector": {"matchLabels": {"app": "z"}}}})
    talk.post(DEPLOYMENTS, body)
    changed = {"matchLabels": {"app": "a", "more": "x"}}
    talk.patch(f"{DEPLOYMENTS}/a", {"spec": {"selector": changed, "template": {"metadata": {"labels": {"more": "x"}}}}})


@check(AREA, "a Deployment is filled with its defaults")
def _defaults(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment(), see=("spec", "status"))


@check(AREA, "a pod is filled with its defaults")
def _pod_defaults(talk: Talk) -> None:
    body = container(resources={"limits": {"cpu": "1"}}, livenessProbe={"httpGet": {"port": 80}}, image="main")
    talk.post(PODS, body, see=("spec", "status.phase", "status.qosClass"))


@check(AREA, "replicas and periods are not negative")
def _negative(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment(replicas=-1))
    talk.post(DEPLOYMENTS, deployment(terminationGracePeriodSeconds=-1))


@check(AREA, "a strategy must leave room to move")
def _strategy(talk: Talk) -> None:
    body = deployment()
    still = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}
    for strategy in (still, {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}, {"type": "Sideways"}):
        talk.post(DEPLOYMENTS, {**body, "spec": {**body["spec"], "strategy": strategy}})


@check(AREA, "containers need a name, an image and known policies")
def _containers(talk: Talk) -> None:
    for parts in ({"name": ""}, {"name": "A"}, {"image": ""}, {"imagePullPolicy": "Sometimes"}):
        talk.post(PODS, container(**parts))
    talk.post(PODS, pod(containers=[]))
    two = [{"name": "main", "image": "main:1"}] * 2
    talk.post(PODS, pod(containers=two))
    talk.post(PODS, pod(restartPolicy="Sometimes"))
    talk.post(PODS, pod(dnsPolicy="Sometimes"))


@check(AREA, "ports are numbers from 1 to 65535 with short names, each once")
def _ports(talk: Talk) -> None:
    for ports in (
        [{"containerPort": 0}],
        [{"containerPort": 65536}],
        [{"containerPort": 80, "name": "Much_Too_Long_Name"}],
        [{"containerPort": 80, "protocol": "HTTP"}],
        [{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}],
    ):
        talk.post(PODS, container(ports=ports))


@check(AREA, "volumes are named once and mounted from what is there")
def _volumes(talk: Talk) -> None:
    talk.post(PODS, container(volumeMounts=[{"name": "x", "mountPath": "/x"}]))
    talk.post(PODS, pod(volumes=[{"name": "x"}, {"name": "x"}]))
    body = container(volumeMounts=[{"name": "x", "mountPath": "/x"}, {"name": "x", "mountPath": "/x"}])
    talk.post(PODS, {**body, "spec": {**body["spec"], "volumes": [{"name": "x", "emptyDir": {}}]}})


@check(AREA, "requests stay below limits, and devices are not overcommitted")
def _resources(talk: Talk) -> None:
    for limits, requests in (
        ({"cpu": "1"}, {"cpu": "2"}),
        ({"nvidia.com/gpu": "1"}, {"nvidia.com/gpu": "2"}),
        ({}, {"nvidia.com/gpu": "1"}),
        ({"nvidia.com/gpu": "500m"}, {}),
        ({"cpu": "-1"}, {}),
    ):
        talk.post(PODS, container(resources={"limits": limits, "requests": requests}))


@check(AREA, "a probe has one way to look, and sensible periods")
def _probes(talk: Talk) -> None:
    way = {"httpGet": {"port": 80}}
    for probe in ({}, {**way, "exec": {"command": ["x"]}}, {**way, "periodSeconds": -1}, {"httpGet": {"port": 0}}):
        talk.post(PODS, container(readinessProbe=probe))
    talk.post(PODS, container(livenessProbe={**way, "successThreshold": 2}))


@check(AREA, "tolerations say what they tolerate")
def _tolerations(talk: Talk) -> None:
    for one in ({"value": "x"}, {"key": "k", "operator": "Exists", "value": "x"}, {"key": "k", "operator": "Like"}):
        talk.post(PODS, pod(tolerations=[one]))
    talk.post(PODS, pod(tolerations=[{"key": "k", "operator": "Exists", "effect": "Never"}]))


@check(AREA, "environment variables have names and one source")
def _env(talk: Talk) -> None:
    source = {"configMapKeyRef": {"name": "x", "key": "y"}}
    for env in (
        {"name": ""},
        {"name": "a=b"},
        {"name": "A", "value": "1", "valueFrom": source},
        {"name": "A", "valueFrom": {}},
    ):
        talk.post(PODS, container(env=[env]))


@check(AREA, "of a pod only the image and little else changes")
def _pod_update(talk: Talk) -> None:
    talk.post(PODS, pod())
    talk.patch(f"{PODS}/a", {"spec": {"containers": [{"name": "main", "image": "main:2"}]}}, see=("kind",))
    image = {"op": "replace", "path": "/spec/containers/0/image", "value": "main:2"}
    talk.patch(f"{PODS}/a", [image], "application/json-patch+json", see=("spec.containers.image",))
    talk.patch(f"{PODS}/a", {"spec": {"activeDeadlineSeconds": 60}}, see=("spec.activeDeadlineSeconds",))
    talk.patch(f"{PODS}/a", {"spec": {"serviceAccountName": "x"}})


@check(AREA, "a Service has ports with names, a known type and an address that stays")
def _service(talk: Talk) -> None:
    talk.post(SERVICES, service(ports=[]))
    talk.post(SERVICES, service(ports=[{"port": 80}, {"port": 81}]))
    talk.post(SERVICES, service(ports=[{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]))
    talk.post(SERVICES, service(ports=[{"port": 0}]))
    talk.post(SERVICES, service(type="Sideways"))
    talk.post(SERVICES, service(type="ExternalName", ports=None))
    talk.post(SERVICES, service())
    talk.patch(f"{SERVICES}/a", {"spec": {"clusterIP": "10.0.0.99"}})


@check(AREA, "a Job may end, and its template never changes")
def _job(talk: Talk) -> None:
    containers = [{"name": "main", "image": "main:1"}]
    head = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}}
    talk.post(JOBS, {**head, "spec": {"template": {"spec": {"containers": containers}}}})
    template = {"spec": {"containers": containers, "restartPolicy": "Never"}}
    made = talk.post(JOBS, {**head, "spec": {"template": template}}, see=("spec.backoffLimit", "spec.completions"))
    talk.note(made.at("spec.selector.matchLabels") is not None)
    patch = {"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}}
    talk.patch(f"{JOBS}/a", patch)
    talk.patch(f"{JOBS}/a", {"spec": {"parallelism": 3}}, see=("spec.parallelism",))


@check(AREA, "a binding's role never changes, and its subjects are whole")
def _binding(talk: Talk) -> None:
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a"}}
    who = {"kind": "ServiceAccount", "name": "s"}
    talk.post(BINDINGS, {**head, "roleRef": role, "subjects": [who]})
    talk.post(
        BINDINGS, {**head, "roleRef": role, "subjects": [{**who, "namespace": "{ns}"}]}, see=("roleRef", "subjects")
    )
    talk.patch(f"{BINDINGS}/a", {"roleRef": {"name": "other"}})
    talk.post(BINDINGS, {**head, "metadata": {"name": "b"}, "roleRef": {**role, "kind": "Sideways"}})


@check(AREA, "empty lists and maps vanish from built-in objects")
def _empty(talk: Talk) -> None:
    body = deployment(tolerations=[], nodeSelector={}, imagePullSecrets=[], volumes=[{"name": "x", "emptyDir": {}}])
    talk.post(DEPLOYMENTS, body, see=("spec.template.spec",))
    talk.post(
        MAPS,
        {**config_map(labels={}, finalizers=[]), "data": {}},
        see=("data", "metadata.labels", "metadata.finalizers"),
    )


@check(AREA, "an unknown field of a built-in object is dropped")
def _unknown(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment(typo=1), see=("spec.template.spec.typo",))
    talk.post(MAPS, {**config_map(), "typo": 1}, see=("typo", "data"))


@check(AREA, "an unknown field is refused where the client asks for it", too_new="v1.25: fieldValidation")
def _strict(talk: Talk) -> None:
    talk.post(DEPLOYMENTS, deployment(typo=1), fieldValidation="Strict", said=True)
