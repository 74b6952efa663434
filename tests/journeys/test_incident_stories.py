"""The stories of incidents, each told to its end: what `inferops demo --story` shows holds."""

from __future__ import annotations

import json

import pytest

from infra.local.cli import STORIES as NAMED
from infra.local.cli import main
from infra.local.host import Host
from infra.local.incident_stories import STORIES
from infra.local.story import Listener, StoppedError


@pytest.mark.parametrize("name", STORIES)
def test_a_story_holds(name: str) -> None:
    with Host() as host:
        story = STORIES[name](host, Listener())
        try:
            story.tell()
        except StoppedError:
            failed = story.checks[-1]
            pytest.fail(f"{failed.name}: {failed.evidence}")
    assert story.passed


def test_the_command_line_names_the_stories_that_there_are() -> None:
    assert tuple(STORIES) == NAMED


def test_a_story_that_does_not_exist_is_refused_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--story", "nonsense"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "nonsense" in said and all(name in said for name in STORIES)


def test_a_story_is_told_to_a_machine_as_one_json(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["demo", "--story", "prefill", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (code, told["passed"]) == (0, True)
    assert all(check["evidence"] for check in told["checks"])
