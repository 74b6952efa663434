"""Rules on pod specs that no schema can say, with the fields and words of the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from infra.local.cloud.kube.refusals import Cause, bad_value, forbidden, required, unsupported

Spec = Mapping[str, Any]
_QUANTITY = re.compile(r"([+-]?[0-9.]+)([eE][-+]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?")
_SCALE = {
    "": Fraction(1), "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000),
    "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9), "T": Fraction(10**12),
    "P": Fraction(10**15), "E": Fraction(10**18),
    "Ki": Fraction(2**10), "Mi": Fraction(2**20), "Gi": Fraction(2**30), "Ti": Fraction(2**40),
    "Pi": Fraction(2**50), "Ei": Fraction(2**60),
}  # fmt: skip
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")


def quantity(text: Any) -> Fraction | None:
    """Read a quantity such as ``500m`` or ``8Gi``; None when it is none."""
    found = _QUANTITY.fullmatch(str(text))
    if not found:
        return None
    number, unit = found[1], found[2] or ""
    try:
        if unit[:1] in {"e", "E"} and len(unit) > 1 and unit != "Ei":
            return Fraction(number + unit)
        return Fraction(number) * _SCALE[unit]
    except ValueError:
        return None


def violations(spec: Spec, path: str, restart: Sequence[str] = ()) -> Iterator[Cause]:
    """Yield what is wrong with a pod spec; ``restart`` are the restart policies that its owner allows."""
    policy = spec.get("restartPolicy", "Always")
    if restart and policy not in restart:
        yield unsupported(f"{path}.restartPolicy", policy, restart)
    volumes = _names(spec.get("volumes") or ())
    yield from _unique_names(spec.get("volumes") or (), f"{path}.volumes")
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    seen: list[Any] = []
    for group in ("initContainers", "containers"):
        for i, container in enumerate(spec.get(group) or ()):
            here = f"{path}.{group}[{i}]"
            yield from _container(container, here, volumes, init=group == "initContainers")
            if container.get("name") in seen:
                said = f'Duplicate value: "{container.get("name")}"'
                yield Cause(f"{here}.name", "FieldValueDuplicate", said)
            seen.append(container.get("name"))
    for i, toleration in enumerate(spec.get("tolerations") or ()):
        yield from _toleration(toleration, f"{path}.tolerations[{i}]")


def _names(items: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [item.get("name") for item in items]


def _unique_names(items: Sequence[Mapping[str, Any]], path: str) -> Iterator[Cause]:
    names = _names(items)
    for i, name in enumerate(names):
        if not name:
            yield required(f"{path}[{i}].name")
        elif name in names[:i]:
            yield Cause(f"{path}[{i}].name", "FieldValueDuplicate", f'Duplicate value: "{name}"')


def _container(container: Spec, path: str, volumes: Sequence[Any], *, init: bool) -> Iterator[Cause]:
    name, policy = container.get("name"), container.get("restartPolicy")
    yield from _identity(container, path, name, policy, init=init)
    yield from _mounts(container.get("volumeMounts") or (), f"{path}.volumeMounts", volumes)
    yield from _ports(container.get("ports") or (), f"{path}.ports")
    yield from resources(container.get("resources") or {}, f"{path}.resources")
    for i, env in enumerate(container.get("env") or ()):
        yield from _variable(env, f"{path}.env[{i}]")
    yield from _handlers(container, path, barred=init and policy != "Always")


def _variable(env: Spec, path: str) -> Iterator[Cause]:
    name, source = env.get("name"), env.get("valueFrom")
    if not name:
        yield required(f"{path}.name")
    elif not re.fullmatch(r"[ -<>-~]+", name):
        yield bad_value(
            f"{path}.name", name, "a valid environment variable name consists of printable characters but '='"
        )
    if source is not None and env.get("value"):
        yield bad_value(f"{path}.valueFrom", "", "may not be specified when `value` is not empty")
    elif source is not None and not source:
        why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        yield bad_value(f"{path}.valueFrom", "", why)


def _identity(container: Spec, path: str, name: Any, policy: Any, *, init: bool) -> Iterator[Cause]:
    if not name:
        yield required(f"{path}.name")
    elif not _LABEL.fullmatch(name):
        yield bad_value(
            f"{path}.name",
            name,
            "a lowercase RFC 1123 label must consist of lower case alphanumeric "
            "characters or '-', and must start and end with an alphanumeric character",
        )
    if not container.get("image"):
        yield required(f"{path}.image")
    if policy is not None and not init:
        yield forbidden(f"{path}.restartPolicy", "may not be set for non-init containers")
    elif policy is not None and policy != "Always":
        yield unsupported(f"{path}.restartPolicy", policy, ["Always"])


def _handlers(container: Spec, path: str, *, barred: bool) -> Iterator[Cause]:
    for probe in _PROBES:
        if probe not in container:
            continue
        if barred:
            yield forbidden(f"{path}.{probe}", "may not be set for init containers without restartPolicy=Always")
        yield from _handler(container[probe], f"{path}.{probe}")
        if probe != "readinessProbe" and container[probe].get("successThreshold", 1) != 1:
            yield bad_value(f"{path}.{probe}.successThreshold", container[probe]["successThreshold"], "must be 1")
    for hook in ("postStart", "preStop"):
        if hook in (container.get("lifecycle") or {}):
            yield from _handler(container["lifecycle"][hook], f"{path}.lifecycle.{hook}")


def _handler(value: Spec, path: str) -> Iterator[Cause]:
    named = [handler for handler in _HANDLERS if handler in value]
    if not named:
        yield required(path, "must specify a handler type")
    if (value.get("httpGet") or {}).get("port") == 0:
        yield bad_value(f"{path}.httpGet.port", 0, "must be between 1 and 65535, inclusive")
    for handler in named[1:]:
        yield forbidden(f"{path}.{handler}", "may not specify more than 1 handler type")


def _mounts(mounts: Sequence[Spec], path: str, volumes: Sequence[Any]) -> Iterator[Cause]:
    places: list[Any] = []
    for i, mount in enumerate(mounts):
        if mount.get("name") not in volumes:
            yield Cause(f"{path}[{i}].name", "FieldValueNotFound", f'Not found: "{mount.get("name")}"')
        if mount.get("mountPath") in places:
            yield bad_value(f"{path}[{i}].mountPath", mount.get("mountPath"), "must be unique")
        places.append(mount.get("mountPath"))


def _ports(ports: Sequence[Spec], path: str) -> Iterator[Cause]:
    seen: list[str] = []
    for i, port in enumerate(ports):
        name = port.get("name")
        if name is None:
            continue
        if not _PORT_NAME.fullmatch(name):
            yield bad_value(
                f"{path}[{i}].name",
                name,
                "must be no more than 15 lower case alphanumeric characters or '-', with at least one letter",
            )
        if name in seen:
            yield Cause(f"{path}[{i}].name", "FieldValueDuplicate", f'Duplicate value: "{name}"')
        seen.append(name)


def _toleration(value: Spec, path: str) -> Iterator[Cause]:
    operator = value.get("operator") or "Equal"
    if not value.get("key") and operator != "Exists":
        yield bad_value(
            f"{path}.operator",
            operator,
            'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        )
    if operator == "Exists" and value.get("value"):
        yield bad_value(f"{path}.operator", value, "value must be empty when `operator` is 'Exists'")


def resources(value: Spec, path: str) -> Iterator[Cause]:
    """Yield what is wrong with requests and limits; devices such as GPUs cannot be overcommitted."""
    limits, requests = value.get("limits") or {}, value.get("requests") or {}
    for name, text in requests.items():
        wanted, limit = quantity(text), quantity(limits.get(name, ""))
        device = "/" in name and not name.startswith("kubernetes.io/")
        if wanted is None:
            continue
        if device and name not in limits:
            yield required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        elif device and limit is not None and wanted != limit:
            yield bad_value(f"{path}.requests", text, f"must be equal to {name} limit of {limits[name]}")
        elif limit is not None and wanted > limit:
            yield bad_value(f"{path}.requests", text, f"must be less than or equal to {name} limit of {limits[name]}")
    for group, amounts in (("limits", limits), ("requests", requests)):
        for name, text in amounts.items():
            amount = quantity(text)
            if amount is not None and amount < 0:
                yield bad_value(f"{path}.{group}[{name}]", text, "must be greater than or equal to 0")
            elif amount is not None and "/" in name and amount.denominator != 1:
                yield bad_value(f"{path}.{group}[{name}]", text, "must be an integer")
