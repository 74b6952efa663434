"""`inferops up --keep`: what was there is there again, and a state that cannot be trusted is refused."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.contract.up_place import OPS, Up, refused, up
from tests.waiting import PATIENCE, eventually


def test_a_kept_state_survives_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with up("--port", "0", "--keep", str(folder)) as first:
        first.say("/infer deploy gemma-2-9b europe-west3 --replicas 1")
        eventually(lambda: any(said["blocks"] for said in first.section(f"messages/{OPS}")))
        before = [said["ts"] for said in first.section(f"messages/{OPS}")]
        assert first.interrupt() == 0
    with up("--port", "0", "--keep", str(folder)) as second:
        assert [said["ts"] for said in second.section(f"messages/{OPS}")][: len(before)] == before
        second.post("say", user="ben", channel=OPS, text=f"/infer approve {proposal(second)}")
        eventually(lambda: second.section("operations"))


def proposal(tryout: Up) -> str:
    """The proposal that can be approved now, as the page completes it."""
    asked = {"text": "/infer approve "}
    found = httpx.get(f"{tryout.url}/api/complete", params=asked, trust_env=False, timeout=PATIENCE).json()["items"]
    return str(found[0]["label"])


def test_a_fault_that_was_on_is_still_on_after_a_restart_and_can_be_taken_back(tmp_path: Path) -> None:
    with up("--port", "0", "--keep", str(tmp_path)) as first:
        first.post("fault", id="outage", fields={"region": "us-central1"}, on=True)
        assert first.interrupt() == 0
    with up("--port", "0", "--keep", str(tmp_path)) as second:
        assert [one["key"] for one in second.section("faults")["active"]] == ["outage/us-central1"]
        assert second.post("fault", key="outage/us-central1", on=False).json() == {"ok": True}
        assert second.section("faults")["active"] == []


def test_a_folder_that_another_try_out_keeps_its_state_in_is_refused_with_who_it_is(tmp_path: Path) -> None:
    with up("--port", "0", "--keep", str(tmp_path)) as first:
        code, said = refused("--port", "0", "--keep", str(tmp_path))
        assert code == 1 and f"in use by the try-out of process {first.process.pid}" in said


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = refused("--port", "0", "--keep", str(tmp_path / "file"))
    assert code == 1 and "nothing can be kept in" in said


def test_a_damaged_state_is_refused_and_left_where_it_is(tmp_path: Path) -> None:
    with up("--port", "0", "--keep", str(tmp_path)) as first:
        assert first.interrupt() == 0
    state = tmp_path / "cloud.state"
    state.write_bytes(state.read_bytes()[:5000])
    code, said = refused("--port", "0", "--keep", str(tmp_path))
    assert code == 1 and "is damaged" in said and state.stat().st_size == 5000


def test_a_state_that_others_could_have_written_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "cloud.state").write_bytes(b"anything")
    (tmp_path / "cloud.state").chmod(0o666)
    code, said = refused("--port", "0", "--keep", str(tmp_path))
    assert code == 1 and "not yours alone" in said


def test_a_state_of_another_version_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "cloud.state").write_bytes(b"inferops try-out 0000\nanything")
    code, said = refused("--port", "0", "--keep", str(tmp_path))
    assert code == 1 and "another version" in said
