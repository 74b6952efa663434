"""A replay's load, its world of servers and regions, and the policies that need no product."""

from __future__ import annotations

import copy
import gzip
from pathlib import Path
from random import Random

import pytest

from infra.local.cloud.engine.physics import Options, physics_of
from infra.local.replay_policies import Autoscaler, Rules, Servers, clairvoyant, hourly
from infra.local.replay_trace import STEP, TraceError, demand, read, synthetic
from infra.local.replay_world import Curve, Point, Seen, World, drawn

TRACES = Path(__file__).parents[4] / "shared/data/traces"
HEAD = "minute,rpm,rpm_low,rpm_high,prompt_tokens_per_min,output_tokens_per_min"


def dice(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 - a test's chance


def curve() -> Curve:
    """A server that bears 10 requests/s at most, 8 within 2 s."""
    rows = [(0, 0.0, 0.1), (4, 0.3, 0.3), (8, 0.6, 2.0), (10, 1.0, 20.0)]
    return Curve([Point(float(r), kv, 10 * kv, 0.05, ttft, ttft) for r, kv, ttft in rows], 100_000)


def world(regions: int = 2) -> World:
    return World(curve(), regions, 2.0, 0.2)


def saved(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_a_week_of_minutes_is_read_with_its_noise(tmp_path: Path) -> None:
    rows = "\n".join(f"{7 * n + 3.5},600,573,627,600000,60000" for n in range(100))
    trace = read(saved(tmp_path / "week.csv.gz", f"{HEAD}\n{rows}\n"))
    assert (trace.prompt, trace.output, trace.marks[0].rate) == (1000, 100, 10)
    assert trace.noise[0] == pytest.approx(54 / 2.7 / 600) and trace.minutes == 700


def test_where_no_answers_are_told_their_mean_is_that_of_the_coding_service(tmp_path: Path) -> None:
    assert read(saved(tmp_path / "code.csv", f"{HEAD}\n3.6,60,50,70,60000,\n9,60,50,70,60000,\n")).output == 28


def test_single_requests_are_counted_by_the_minute(tmp_path: Path) -> None:
    rows = "\n".join(f"2023-11-16 18:{15 + n // 30}:{2 * (n % 30):02}.0,100,20" for n in range(90))
    trace = read(saved(tmp_path / "hour.csv", f"TIMESTAMP,ContextTokens,GeneratedTokens\n{rows}\n"))
    assert trace.marks[0].rate == pytest.approx(0.5, rel=0.1) and (trace.prompt, trace.output) == (100, 20)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("a,b\n1,2\n", "no column TIMESTAMP", id="another table"),
        pytest.param(f"{HEAD}\n3.6,many,1,2,3,4\n", "line 2", id="no number"),
        pytest.param(f"{HEAD}\n", "no minutes", id="no rows"),
    ],
)
def test_what_is_no_trace_is_said_so(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TraceError, match=said):
        read(saved(tmp_path / "t.csv", text))


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be read"):
        read(tmp_path / "none.csv.gz")


@pytest.mark.parametrize(("name", "prompt"), [("conv", 1636), ("code", 2645)])
def test_the_recorded_weeks_are_read(name: str, prompt: float) -> None:
    path = TRACES / f"azure2024_{name}_week.csv.gz"
    if not path.exists():
        pytest.skip(f"{path.name} of the recorded traces is not beside the repository")
    trace = read(path)
    assert trace.prompt == pytest.approx(prompt, rel=0.01) and trace.minutes == pytest.approx(10_080, rel=0.01)


def test_the_made_up_week_is_quieter_at_its_end_and_the_same_each_time() -> None:
    days = [sum(mark.rate for mark in synthetic().marks[288 * n : 288 * (n + 1)]) for n in range(7)]
    assert synthetic() == synthetic() and max(days[5:]) < 0.7 * min(days[:5])


def test_regions_see_the_same_load_shifted() -> None:
    rates = demand(synthetic(), 2, 420.0, 2.0, None)
    assert rates[1000][1] == pytest.approx(rates[1000 + 420 * 2][0], rel=1e-6)
    assert len(demand(synthetic(), 2, 420.0, 1.0, None, days=2)) == 2 * 86_400 / STEP


def test_noise_has_the_spread_of_the_trace() -> None:
    trace = synthetic()
    plain, noisy = (demand(trace, 1, 0.0, 100.0, each) for each in (None, dice()))
    off = [b[0] / a[0] - 1 for a, b in zip(plain, noisy, strict=True)]
    assert abs(sum(off) / len(off)) < 0.005
    assert (sum(each * each for each in off) / len(off)) ** 0.5 == pytest.approx(0.08, rel=0.1)


def test_a_measured_server_shows_more_of_everything_at_more_load() -> None:
    physics = physics_of(Options("meta-llama/Llama-3.1-8B-Instruct", 8192), "nvidia-h100-80gb")
    found = Curve.measured(drawn(physics, dice()), 800.0, 100.0, dice())
    points = [found.at(found.most * part / 10) for part in range(11)]
    for name in ("kv", "running", "gap", "ttft", "seen_ttft"):
        values = [getattr(point, name) for point in points]
        assert values == sorted(values), name
    assert 0.5 * found.most < found.bears(2.0, 0.2) <= found.most


def test_what_arrives_is_served_waits_or_gave_up() -> None:
    there, arrived, seen = world(1), 0.0, []
    for rate in (5.0, 30.0, 90.0, 90.0, 90.0, 5.0, 0.0, 0.0):
        arrived += rate * STEP
        seen.append(there.step((rate,), (2,), (60,))[0])
    done = sum((each.served + each.failed) * STEP for each in seen)
    assert done + seen[-1].waiting == pytest.approx(arrived)
    assert seen[2].failed > 0 and seen[-1].waiting == 0


def test_a_queue_makes_users_wait_and_misses_the_slo() -> None:
    there = world(1)
    calm, full = there.step((8.0,), (2,), (60,))[0], there.step((40.0,), (2,), (60,))[0]
    assert not calm.missed and full.missed and full.ttft > calm.ttft + 10


def test_above_the_target_traffic_spills_to_the_other_region() -> None:
    there = world()
    for _ in range(4):
        seen = there.step((18.0, 2.0), (2, 4), (60, 60))
    assert seen[0].load < 17.0 and seen[0].load + seen[1].load == pytest.approx(20.0)


def test_what_if_leaves_the_world_as_it_is() -> None:
    there = world(1)
    there.step((30.0,), (2,), (60,))
    copy.deepcopy(there).step((90.0,), (2,), (60,))
    assert there.now == STEP and there.queues == [300.0]


def test_a_server_comes_after_its_lead_time_and_is_paid_for_before() -> None:
    servers = Servers(2, dice())
    servers.want(3, 0.0)
    assert (servers.ready, servers.wanted, servers.paid) == (2, 3, 3)
    servers.pass_to(3600.0)
    assert (servers.ready, servers.coming) == (3, [])


def test_those_on_their_way_go_first_and_their_nodes_stay_a_while() -> None:
    servers = Servers(2, dice())
    servers.want(4, 0.0)
    servers.want(1, 1.0)
    assert (servers.ready, servers.coming, servers.paid) == (1, [], 4)
    servers.pass_to(602.0)
    assert servers.paid == 1


def test_a_node_that_is_still_there_is_quicker() -> None:
    cold, warm = Servers(1, dice()), Servers(1, dice(), idle=[900.0])
    cold.want(2, 0.0)
    warm.want(2, 0.0)
    assert warm.coming[0] < cold.coming[0] and warm.idle == []


def seen(kv: float, ready: int = 4) -> Seen:
    return Seen(ready, 1.0, 1.0, 1.0, 0.0, 0.0, Point(1.0, kv, 1.0, 0.05, 0.1, 0.1), 0.1, 0.1, missed=False)


def decided(values: list[float], wanted: int = 4, **rules: float) -> list[int]:
    """What an autoscaler with an aim of 0.5 makes of these values, one a step."""
    scaler = Autoscaler("test", 1, 60, lambda now: now.point.kv, 0.5, Rules(64, **rules))
    found = []
    for step, value in enumerate(values):
        changes = scaler.decide(step, (seen(value, wanted),), (Servers(wanted, dice()),))
        found.append(changes.get(0, wanted))
    return found


def test_an_autoscaler_goes_up_in_proportion_when_it_sees_it() -> None:
    assert decided([0.5, 0.9, 0.9, 0.9])[-1] == 8  # 4 x 0.9 / 0.5, seen two steps late


def test_within_a_tenth_an_autoscaler_does_nothing() -> None:
    assert decided([0.54] * 20) == [4] * 20


def test_an_autoscaler_goes_down_only_when_the_window_has_passed() -> None:
    assert decided([0.5] * 4 + [0.1] * 10) == [4] * 13 + [4] and decided([0.5] * 4 + [0.1] * 20)[-1] == 1


def test_an_autoscaler_goes_down_by_as_much_as_its_rules_say() -> None:
    assert decided([0.1] * 20, down=1)[-1] == 3


def test_servers_that_are_not_ready_do_not_make_it_ask_for_more() -> None:
    scaler = Autoscaler("test", 1, 60, lambda now: now.point.kv, 0.5, Rules(64))
    servers = Servers(4, dice(), coming=[900.0] * 4)
    assert scaler.decide(0, (seen(0.9),), (servers,)) == {}


def test_the_bound_is_below_what_whole_hours_in_each_region_need() -> None:
    rates = demand(synthetic(), 2, 420.0, 1.0, dice(), days=1)
    fewest, by_hour = clairvoyant(rates, 8.0), hourly(rates, 8.0)
    assert all(low <= sum(high) for low, high in zip(fewest, by_hour, strict=True)) and min(fewest) >= 2
