"""Reads the policy file. Whatever is wrong with it is said with its line, and the policy then refuses every change."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from shared.domain.policy import Caps, Policy, Role, Rule


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Role(_Strict):
    groups: list[str] = []
    users: list[str] = []


class _Rule(_Strict):
    name: str
    requesters: Annotated[list[str], Field(min_length=1)]
    verbs: list[Literal["deploy", "scale", "balance", "tune", "rollback", "undo", "delete"]] = []
    regions: list[str] = []
    deny: bool = False
    gpus_up_to: int | None = None
    cost_up_to: float | None = None
    approvers: list[str] = []
    quorum: Annotated[int, Field(ge=0, le=10)] = 1
    approve_within_hours: Annotated[float, Field(gt=0, le=48)] = 24
    run_within_hours: Annotated[float, Field(gt=0, le=48)] = 24

    @field_validator("gpus_up_to", "cost_up_to")
    @classmethod
    def _only_where_it_allows(cls, bound: float | None, info: ValidationInfo) -> float | None:
        if bound is not None and info.data.get("deny"):  # ``deny`` stands above the bounds, so it is read by now
            message = "a rule that denies takes no bound, since larger changes would slip past it; leave it out"
            raise ValueError(message)
        return bound


class _Caps(_Strict):
    gpus: int | None = None
    usd_per_hour: float | None = None
    gpus_per_change: int | None = None


class _Advice(_Strict):
    shadow: list[str] = []


class _File(_Strict):
    roles: dict[str, _Role]
    rules: Annotated[list[_Rule], Field(min_length=1)]
    caps: _Caps = _Caps()
    advice: _Advice = _Advice()


def read_policy(path: str) -> Policy:
    """Return the policy of a file; a missing or broken one is a policy that refuses everything and says why."""
    if not path:
        return Policy(broken="no policy file is set (INFEROPS_POLICY_FILE)")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        return Policy(broken=f"{path}: {error.strerror}")
    except UnicodeDecodeError as error:
        return Policy(broken=f"{path}: it is not UTF-8 ({error.reason} at byte {error.start})")
    return parse_policy(text, path)


def parse_policy(text: str, where: str) -> Policy:
    """Return the policy of a text; ``where`` names it in what is said of mistakes."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        found = _File.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        return Policy(broken=f"{where} line {line}: {getattr(error, 'problem', 'not YAML')}")
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, first["loc"])) or "the file"
        return Policy(broken=f"{where} line {_line(node, first['loc'])}: {path}: {_said(first['msg'])}")
    except (ValueError, AttributeError, RecursionError) as error:  # what PyYAML lets through: 2026-13-45, !!int z
        return Policy(broken=f"{where}: a value cannot be read: {error}")
    if unknown := _unknown_roles(found):
        return Policy(broken=f"{where}: a rule names role {unknown!r}, which the file does not define")
    return _policy(found, hashlib.sha256(text.encode()).hexdigest())


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")  # pydantic's own prefix to what our validators say


def _unknown_roles(found: _File) -> str:
    named = (role for rule in found.rules for role in (*rule.requesters, *rule.approvers))
    return next((role for role in named if role not in found.roles), "")


def _line(node: Any, path: tuple[int | str, ...]) -> int:
    """Return the line of the deepest part of the path that the file has."""
    for part in path:
        if isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            inner = node.value[part]
        else:
            inner = None
        if inner is None:
            break
        node = inner
    return int(node.start_mark.line) + 1 if node is not None else 1


def _policy(found: _File, digest: str) -> Policy:
    return Policy(
        roles={name: Role(frozenset(role.groups), frozenset(role.users)) for name, role in found.roles.items()},
        rules=tuple(_rule(rule) for rule in found.rules),
        caps=Caps(found.caps.gpus, found.caps.usd_per_hour, found.caps.gpus_per_change),
        shadow=frozenset(found.advice.shadow),
        hash=digest,
    )


def _rule(rule: _Rule) -> Rule:
    return Rule(
        name=rule.name,
        requesters=tuple(rule.requesters),
        verbs=frozenset(map(str, rule.verbs)),
        regions=frozenset(rule.regions),
        gpus_up_to=rule.gpus_up_to,
        cost_up_to=rule.cost_up_to,
        deny=rule.deny,
        approvers=tuple(rule.approvers),
        quorum=rule.quorum,
        approve_within=timedelta(hours=rule.approve_within_hours),
        run_within=timedelta(hours=rule.run_within_hours),
    )
