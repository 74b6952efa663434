"""Who may import what from outside: the domain next to nothing, everybody else an SDK only through its own door."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.house.tree import PRODUCT, imports_of, modules, text_of, tree_of

PURE = {
    *("__future__", "collections", "dataclasses", "datetime", "decimal", "difflib", "enum", "functools", "graphlib"),
    *("hashlib", "itertools", "json", "math", "re", "statistics", "types", "typing", "uuid"),
}
"""Of the standard library, what neither reads a clock, throws dice, looks around nor speaks."""
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "print", "input", "__import__", "eval", "exec"}

CLOUD = "infra/local/cloud"
DOORS = {
    "google": ("shared/adapters", "infra/local/plumbing.py", CLOUD),
    "grpc": ("shared/adapters", CLOUD),
    "kubernetes": ("shared/adapters/kube_client.py",),
    "slack_sdk": ("shared/adapters/slack.py", "shared/adapters/slack_views.py", CLOUD),
    "requests": ("shared/adapters/rest.py", "shared/adapters/classify.py"),
    "urllib3": ("shared/adapters/rest.py", "shared/adapters/classify.py", "shared/adapters/kube_client.py"),
    "slack_bolt": ("bot",),
    "flask": ("bot",),
    "functions_framework": ("bot/main.py", "functions/main.py", "infra/local/serving.py"),
    "cloudevents": ("functions/main.py",),
    "pydantic": ("shared/catalog/load.py", "shared/policy_file.py", "shared/notifications.py"),
    "yaml": ("shared/catalog/load.py", "shared/policy_file.py", "infra/local"),
    "httpx": ("infra/local/plumbing.py", CLOUD),
    "rich": ("infra/local/transcript.py",),
    "celpy": (CLOUD,),
    "httpcore": ("infra/local/plumbing.py", CLOUD),
    "cloudpickle": ("infra/local/cloud/keeping.py",),
    "psutil": ("infra/local/starting.py",),
    "google_crc32c": (CLOUD,),
    "proto": (CLOUD,),
    "starlette": (CLOUD, "infra/local/web/site.py"),
    "uvicorn": (CLOUD,),
}
"""SDK -> the files and folders that may know it."""
DOMAIN = [path for path in modules("shared") if path.is_relative_to("shared/domain")]


@pytest.mark.parametrize("path", DOMAIN, ids=str)
def test_the_domain_imports_only_itself_and_what_is_pure(path: Path) -> None:
    allowed = {name for name in imports_of(path) if name.startswith("shared.domain.") or name.split(".")[0] in PURE}
    assert imports_of(path) - allowed == set()


@pytest.mark.parametrize("path", DOMAIN, ids=str)
def test_the_domain_asks_neither_clock_nor_chance(path: Path) -> None:
    called = {_name(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    assert called & IMPURE_CALLS == set()


@pytest.mark.parametrize("path", modules(*PRODUCT), ids=str)
def test_an_sdk_comes_in_by_its_own_door(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports_of(path)} & DOORS.keys()
    assert {sdk for sdk in outside if not any(path.is_relative_to(door) for door in DOORS[sdk])} == set()


def test_every_dependency_has_a_door() -> None:
    known = {name.split(".")[0] for path in modules(*PRODUCT) for name in imports_of(path)}
    assert known - {*PRODUCT, *sys.stdlib_module_names, *DOORS} == set()


def test_every_door_is_used() -> None:
    used = {name.split(".")[0] for path in modules(*PRODUCT) for name in imports_of(path)}
    assert DOORS.keys() - used == set()


def test_only_the_settings_read_the_environment() -> None:
    ways = ("os.environ", "getenv")
    product = modules("bot", "functions", "shared")
    readers = {str(path) for path in product if any(way in text_of(path) for way in ways)}
    assert readers == {"shared/settings.py"}


def _name(called: ast.expr) -> str:
    match called:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
