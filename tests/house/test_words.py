"""What no file may say: where it was written, on which machine, by what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import files, text_of

# In pieces, so that this file does not say them either.
PIECES = (
    *(("/wo", "rk/"), ("/ho", "me/"), ("/ro", "ot/"), ("/Us", "ers/"), ("/tm", "p/"), ("C:", "\\Us")),
    *(("shared fol", "der"), ("work", "place"), ("hel", "pers"), ("hel", "per ")),
    *(("Clau", "de"), ("Anthro", "pic"), ("Chat", "GPT"), ("Copi", "lot"), ("as an ", "AI")),
    *(("TO", "DO"), ("FIX", "ME"), ("XX", "X")),
)
FORBIDDEN = re.compile("|".join(rf"\b{re.escape(a + b)}" if a[0].isalpha() else re.escape(a + b) for a, b in PIECES))
TEXTS = [path for path in files() if path.suffix not in {".png", ".lock"}]


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_a_file_says_nothing_about_its_making(path: Path) -> None:
    assert FORBIDDEN.findall(text_of(path)) == []


def test_the_words_would_be_found() -> None:
    for first, second in PIECES:
        assert FORBIDDEN.search(f"see {first}{second}x")
