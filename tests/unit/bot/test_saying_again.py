"""An ask in words is the same ask: what a card shows can be typed, and asks for what the card shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import reads
from bot.grammar import parse
from shared.blocks.asks import command_of
from shared.catalog.load import load
from shared.domain.intents import Ask, Balance, Delete, Intent, Rollback, Scale, Tune, Undo

CATALOG = load()
IMAGE = f"us-docker.pkg.dev/p/r/vllm@sha256:{'a' * 64}"


def said(text: str) -> reads.Said:
    return parse(text, CATALOG)


@pytest.mark.parametrize(
    "text",
    [
        "deploy llama3-8b us-east4=2,europe-west3 as chat --replicas 3 --spot --zone us-east4-a",
        "deploy llama3-8b us-east4 --weights gs://models/llama3 --image us-docker.pkg.dev/p/r/vllm:v1",
        "scale chat us-east4 -1",
        "scale chat us-east4 3",
        "balance chat 60",
        "balance us-east4 60",
        "balance chat us-east4 60",
        "tune chat --max-num-seqs 64 --max-model-len 8192",
        "rollback chat",
        f"rollback chat {IMAGE}",
        "undo chat",
        "delete chat",
    ],
)
def test_an_ask_in_words_asks_for_the_same(text: str) -> None:
    ask = said(text)
    assert isinstance(ask, Ask)
    again = command_of(Intent("i-1", ask, "U1", "C1", datetime.now(UTC))).removeprefix("/infer ")
    assert said(again) == ask


served = st.sampled_from(["chat", "llama3-8b", "a" * 30, ""])
places = st.sampled_from(["us-east4", "europe-west3"])
counts = st.integers(1, 64)
adjustments = st.one_of(
    st.builds(Scale, places, served, replicas=counts),
    st.builds(Scale, places, served, delta=counts | counts.map(lambda count: -count)),
    st.builds(Balance, st.integers(1, 100), served, places | st.just("")),
    st.builds(Tune, st.integers(1, 4096), st.none() | st.integers(256, 1_048_576), served),
    st.builds(Tune, st.none(), st.integers(256, 1_048_576), served),
    st.builds(Rollback, served, st.sampled_from(["", IMAGE, "us-docker.pkg.dev/p/r/vllm:v1"])),
    st.builds(Undo, served),
    st.builds(Delete, served.filter(bool)),
)


@given(adjustments, st.booleans())
def test_every_adjustment_in_words_is_the_same_adjustment(ask: Ask, dry_run: bool) -> None:
    words = command_of(Intent("i-1", ask, "U1", "C1", datetime.now(UTC), dry_run)).removeprefix("/infer ")
    assert said(words) == (reads.DryRun(ask) if dry_run else ask)
