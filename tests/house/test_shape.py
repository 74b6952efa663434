"""The shape of the code: short files, short functions, and a word at the top of every module about its place."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import files, modules, text_of, tree_of

LONGEST_FILE, LONGEST_FUNCTION = 300, 50
NOT_OURS = {Path("uv.lock"), Path("LICENSE")}
PICTURES = {".png", ".gif"}
_SUPPRESSED = re.compile(r"# (?:noqa|type): (?P<rules>[A-Z0-9, ]+|ignore\[[^]]*\])(?P<reason> *[-#] *\S.*)?")
_RULE = re.compile(r"[A-Z]+\d+|(?<=\[)[\w, -]+")


def test_no_file_is_longer_than_300_lines() -> None:
    ours = [path for path in files() if path not in NOT_OURS and path.suffix not in PICTURES]
    assert len(ours) > 300, "the walk found hardly any file"
    lengths = {str(path): len(text_of(path).splitlines()) for path in ours}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", [p for p in modules() if text_of(p).strip()], ids=str)
def test_a_module_says_its_place(path: Path) -> None:
    said = ast.get_docstring(tree_of(path)) or ""
    assert len(said.split()) > 3


@pytest.mark.parametrize("path", [p for p in modules() if _SUPPRESSED.search(text_of(p))], ids=str)
def test_every_rule_that_a_module_suppresses_has_its_reason_there(path: Path) -> None:
    lines = text_of(path).splitlines()
    found = [
        (found, above) for above, line in zip(["", *lines], lines, strict=False) if (found := _SUPPRESSED.search(line))
    ]
    asked = {rule for match, _ in found for rule in _RULE.findall(match["rules"])}
    given = {
        rule
        for match, above in found
        for rule in _RULE.findall(match["rules"])
        if match["reason"] or above.strip().startswith("#")
    }
    assert asked == given
