"""One HTTP request, read: where it points, what it wants, in which shape it wants the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from infra.local.cloud.kube import builtins, refusals
from infra.local.cloud.kube.kinds import Kind
from infra.local.cloud.kube.objects import Objects
from infra.local.cloud.kube.writes import IGNORE, STRICT, WARN, Options, Target

APPLY = "application/apply-patch+yaml"
_TRUE = {"true", "1"}
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}
_LONGEST_MANAGER = 128
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Asked:
    """A request to one cluster. ``path`` is the Kubernetes part of it."""

    method: str
    path: str
    query: Mapping[str, str]
    accept: str = ""
    content_type: str = ""
    agent: str = ""
    body: bytes = b""

    @property
    def shape(self) -> str:
        """``Table``, ``PartialObjectMetadata`` or empty: the first that the client would take."""
        for part in self.accept.split(","):
            words = {word.strip() for word in part.split(";")}
            if "as=Table" in words:
                return "Table"
            if words & {"as=PartialObjectMetadata", "as=PartialObjectMetadataList"}:
                return "PartialObjectMetadata"
            if "application/json" in words or "*/*" in words:
                return ""
        return ""

    def yes(self, name: str) -> bool:
        """Say whether a query parameter is set to true."""
        return self.query.get(name, "") in _TRUE

    def number(self, name: str) -> int:
        """Return a query parameter as a number; 0 without it."""
        text = self.query.get(name) or "0"
        if not text.removeprefix("-").isdigit():
            raise refusals.bad_request(f'strconv.ParseUint: parsing "{text}": invalid syntax')
        return int(text)

    @property
    def yaml(self) -> bool:
        """Whether the client wants YAML; raises 406 when it wants nothing that can be given."""
        kinds = [part.partition(";")[0].strip() for part in (self.accept or "*/*").split(",")]
        if "application/json" in kinds or not kinds:
            return False
        if set(kinds) & {"*/*", "application/*"}:
            return False
        if "application/yaml" in kinds:
            return True
        accepted = "application/json, application/yaml"
        message = f"only the following media types are accepted: {accepted}"
        raise refusals.Refused(406, "NotAcceptable", message, {})

    def payload(self) -> Any:
        """Read the body: JSON, or YAML where it says so."""
        if "json" not in self.content_type and "yaml" not in self.content_type and self.content_type:
            raise refusals.wrong_media_type("application/json", "application/yaml")
        try:
            if "yaml" in self.content_type:
                return yaml.load(self.body, Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one
            return json.loads(self.body)
        except (ValueError, yaml.YAMLError) as error:
            raise refusals.bad_request(f"couldn't get version/kind; json parse error: {error}") from error

    def options(self) -> Options:
        """Return what the query says about a write."""
        validation = self.query.get("fieldValidation") or WARN
        if validation not in {STRICT, WARN, IGNORE}:
            raise refusals.bad_request(f"fieldValidation: Unsupported value: {validation}")
        apply = self.method == "PATCH" and self.content_type.startswith(APPLY)
        causes = [*self._dry_run(), *self._manager(needed=apply)]
        if self.query.get("force") and not apply:
            causes.append(refusals.forbidden("force", "may not be specified for non-apply patch"))
        if causes:
            raise refusals.wrong_options(_OPTIONS.get(self.method, "UpdateOptions"), causes)
        # Without a name, the manager is the program in the User-Agent.
        manager = self.query.get("fieldManager") or self.agent.split("/", 1)[0] or "unknown"
        return Options(manager, bool(self.query.get("dryRun")), validation, self.yes("force"))

    def _dry_run(self) -> Iterator[refusals.Cause]:
        if (wish := self.query.get("dryRun", "All")) != "All":
            yield refusals.unsupported("dryRun", [wish], ["All"])

    def _manager(self, *, needed: bool) -> Iterator[refusals.Cause]:
        name = self.query.get("fieldManager", "")
        if needed and not name:
            yield refusals.required("fieldManager", "is required for apply patch")
        if len(name) > _LONGEST_MANAGER:
            said = f"Too long: may not be longer than {_LONGEST_MANAGER}"
            yield refusals.Cause("fieldManager", "FieldValueTooLong", said)
        if not name.isprintable():
            yield refusals.bad_value("fieldManager", name, "should only contain printable characters")


@dataclass(frozen=True)
class Place:
    """What a path points to. ``name`` and ``subresource`` may be empty."""

    kind: Kind
    namespace: str
    name: str
    subresource: str

    def target(self, objects: Objects) -> Target:
        """Return it as something to write to."""
        return Target(objects, self.kind, self.namespace, self.name, self.subresource)


def place(objects: Objects, path: str) -> Place:
    """Read ``/api/v1/...`` or ``/apis/GROUP/VERSION/...``; 404 for a resource that is not served."""
    parts = path.strip("/").split("/")
    group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    namespace = ""
    own = {"status", "finalize"}
    if rest[0] == "namespaces" and len(rest) > 2 and not (rest[2] in own and not group):  # noqa: PLR2004 - namespaces/NAME/more
        namespace, rest = rest[1], rest[2:]
    kind = objects.served.get((group, version, rest[0]))
    if kind is None or (namespace and not kind.namespaced):
        raise refusals.no_such_path() if group in builtins.groups() else refusals.not_served()
    name, subresource, *more = [*rest[1:], "", ""]
    if any(more):
        raise refusals.no_such_path()
    return Place(kind, namespace, name, subresource)
