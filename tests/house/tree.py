"""What the house tests look at: the files of this repository, without what builds and tools leave behind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("bot", "functions", "shared", "infra")


@cache
def files() -> tuple[Path, ...]:
    """Return every file of ours, relative to the root."""
    return tuple(sorted(_below(ROOT)))


@cache
def modules(*tops: str) -> tuple[Path, ...]:
    """Return the Python files, of all folders or of these."""
    return tuple(path for path in files() if path.suffix == ".py" and (not tops or path.parts[0] in tops))


def text_of(path: Path | str) -> str:
    """Return the text of a file of ours."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(text_of(path))


def imports_of(path: Path) -> set[str]:
    """Return the full names of all that a module imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(module), level=0, names=names):
                found |= {f"{module}.{name.name}" for name in names}
            case ast.ImportFrom():
                found.add(f"{path.parent.as_posix().replace('/', '.')}.")
    return found


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _ignored() or path.suffix == ".pyc":
            continue
        if path.is_dir():
            yield from _below(path)
        else:
            yield path.relative_to(ROOT)


@cache
def _ignored() -> frozenset[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return frozenset({".git", *(line.strip("/") for line in lines)})
