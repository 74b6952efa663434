"""The documentation is whole: every reason, topic, collection, setting and command stands where it is looked for."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from infra.local.cloud.cloud import Cloud
from infra.local.web import Menu
from shared.domain import messages, records
from shared.domain.conditions import ConditionType, Reason
from shared.domain.names import GLOBAL
from shared.domain.topics import SUBSCRIBERS, Topic
from shared.settings import Settings
from tests.house.tree import ROOT, files, text_of, tree_of

CONDITIONS, ARCHITECTURE = text_of("docs/conditions.md"), text_of("docs/architecture.md")
PAGES = [path for path in files() if path.suffix == ".md"]
_ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def _rows(text: str, heading: str) -> dict[str, tuple[str, str]]:
    """Return the first cell -> the next two of the tables below a heading, up to the next of its level."""
    below = text.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    return {name: (first, second) for name, first, second in _ROW.findall(below)}


def test_every_reason_is_documented_with_its_remedy_and_none_is_invented() -> None:
    documented = _rows(CONDITIONS, "Reasons")
    assert documented.keys() == {str(reason) for reason in Reason}
    assert [name for name, (meaning, remedy) in documented.items() if len(meaning) < 15 or len(remedy) < 5] == []


def test_every_type_of_condition_is_documented() -> None:
    assert _rows(CONDITIONS, "Types").keys() == {str(kind) for kind in ConditionType}


def test_every_topic_is_in_the_table_with_its_subscribers() -> None:
    found = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| ([^|]+) \|$", ARCHITECTURE, re.MULTILINE)
    assert {name: tuple(who.split(", ")) for name, who in found} == {str(t): SUBSCRIBERS[t] for t in Topic}


def test_every_message_is_in_the_table() -> None:
    table = ARCHITECTURE.split("\n## Messages\n")[1].split("\n## ")[0]
    kinds = messages.Message.__args__
    assert [kind.__name__ for kind in kinds if kind.__name__ not in table] == []


def test_every_collection_is_in_the_table() -> None:
    known = {value for name, value in vars(records).items() if name.isupper() and isinstance(value, str)} - {GLOBAL}
    table = ARCHITECTURE.split("\n## Documents\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    assert {name.partition("/")[0] for name in known} == set(re.findall(r"`(\w+)`", " ".join(cells)))


@pytest.mark.parametrize(("heading", "model"), [("Roles", "_Role"), ("Rules", "_Rule"), ("Caps", "_Caps")])
def test_every_field_of_the_policy_file_is_documented_and_none_is_invented(heading: str, model: str) -> None:
    [found] = [node for node in tree_of(Path("shared/policy_file.py")).body if getattr(node, "name", "") == model]
    assert isinstance(found, ast.ClassDef)
    known = {n.target.id for n in found.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    table = text_of("docs/policy.md").split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == known


def test_every_fault_of_the_try_out_is_documented_with_its_fields() -> None:
    table = text_of("docs/try-out.md").split("\n## Faults\n")[1].split("\n## ", maxsplit=1)[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) ?\| (yes)? ?\|$", table, re.MULTILINE)
    documented = {name: (re.findall(r"`(\w+)`", fields), stays == "yes") for name, fields, stays in rows}
    menu = Menu(Cloud(), ("intents",), ("propose",), Counter()).shown()["menu"]
    assert documented == {f["id"]: ([one["name"] for one in f["fields"]], f["kind"] == "switch") for f in menu}


def test_every_setting_says_what_it_means() -> None:
    [settings] = [node for node in tree_of(Path("shared/settings.py")).body if isinstance(node, ast.ClassDef)]
    named = [
        line.target.id
        for line, below in zip(settings.body, settings.body[1:], strict=False)
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and _is_text(below)
    ]
    assert named == [field.name for field in fields(Settings)]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [target for target in _LINK.findall(text_of(page)) if "://" not in target]
    assert [target for target in targets if not (ROOT / page.parent / target).exists()] == []


def test_every_decision_is_listed() -> None:
    written = {path.name for path in files() if path.is_relative_to("docs/decisions")} - {"README.md"}
    assert set(_LINK.findall(text_of("docs/decisions/README.md"))) == written


def test_the_licence_is_whole() -> None:
    licence = text_of("LICENSE")
    assert licence.lstrip().startswith("Apache License")
    assert "END OF TERMS AND CONDITIONS" in licence


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and bool(str(node.value.value).strip())
