"""One model server, request by request: worked examples, laws that must hold, and a slow twin that must agree."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.cloud.engine.physics import Options, Physics, physics_of
from infra.local.cloud.engine.request import Outcome, Request
from infra.local.cloud.engine.server import Server
from infra.local.cloud.world import World
from tests.unit.local import naive_engine

H100 = physics_of(Options("meta-llama/Llama-3.1-8B-Instruct"), "nvidia-h100-80gb")
TINY = replace(H100, blocks=4, max_num_seqs=8, max_num_batched_tokens=64)
LATER = 1e6


class Client:
    """Notes how its requests ended, and when."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ends: dict[Request, tuple[Outcome, float]] = {}

    def ended(self, request: Request, outcome: Outcome) -> None:
        self.ends[request] = (outcome, self.server.now)

    def ask(self, at: float, prompt: int, output: int, patience: float = LATER) -> Request:
        made = Request(at, prompt, output, at + patience, self)
        self.server.submit(made)
        return made

    def outcomes(self) -> list[Outcome]:
        return [outcome for outcome, _ in self.ends.values()]


def serving(physics: Physics = H100, **more: float) -> tuple[Server, Client]:
    server = Server(physics, **more)
    return server, Client(server)


def test_alone_the_first_token_comes_after_one_step_over_the_prompt() -> None:
    server, client = serving()
    client.ask(5.0, 1000, 1)
    server.advance(LATER)
    assert server.first_token.total == pytest.approx(H100.step(1, 0, 1000))


def test_two_who_come_together_share_the_step() -> None:
    server, client = serving()
    for _ in range(2):
        client.ask(0, 1000, 1)
    server.advance(LATER)
    assert server.first_token.total == pytest.approx(2 * H100.step(2, 0, 2000))


def test_each_token_after_the_first_takes_a_step_that_reads_one_token_more() -> None:
    server, client = serving()
    request = client.ask(0, 100, 4)
    server.advance(LATER)
    gaps = [H100.step(1, cached) for cached in (100, 101, 102)]
    assert server.token_gap.count == 3
    assert server.token_gap.total == pytest.approx(sum(gaps))
    assert client.ends[request][1] == pytest.approx(H100.step(1, 0, 100) + sum(gaps))


def test_a_prompt_larger_than_the_budget_takes_several_steps() -> None:
    server, client = serving(replace(H100, max_num_batched_tokens=100))
    client.ask(0, 250, 1)
    server.advance(LATER)
    assert server.first_token.total == pytest.approx(2 * H100.step(1, 0, 100) + H100.step(1, 0, 50))


def test_who_comes_in_the_midst_of_a_step_waits_for_its_end() -> None:
    server, client = serving()
    client.ask(0, 1000, 1)
    client.ask(0.001, 1000, 1)
    server.advance(LATER)
    alone = H100.step(1, 0, 1000)
    assert server.first_token.total == pytest.approx(alone + (2 * alone - 0.001))


def test_without_a_free_block_the_latest_is_thrown_out_and_served_later() -> None:
    server, client = serving(TINY)
    first, second = client.ask(0, 16, 40), client.ask(0.0001, 16, 40)
    server.advance(LATER)
    assert server.preemptions == 1
    assert client.ends[first][1] < client.ends[second][1]
    assert client.outcomes() == ["served", "served"]
    assert (server.prompt_tokens, server.generation_tokens) == (32, 80)


def test_no_more_run_at_once_than_the_server_is_told() -> None:
    server, client = serving(replace(H100, max_num_seqs=2))
    for _ in range(5):
        client.ask(0, 100, 1000)
    server.advance(1.0)
    assert (server.running, server.waiting) == (2, 3)


def test_a_client_that_gives_up_leaves_queue_and_batch() -> None:
    server, client = serving(replace(H100, max_num_seqs=1))
    for _ in range(2):
        client.ask(0, 100, 1000, patience=2.0)
    server.advance(3.0)
    assert client.outcomes() == ["gave up", "gave up"]
    assert (server.running, server.waiting, server.kv_usage, server.busy) == (0, 0, 0.0, False)
    assert server.successes["abort"] == 2


def test_a_server_that_hangs_keeps_its_cache_and_makes_nothing() -> None:
    server, client = serving()
    client.ask(0, 1000, 500)
    server.hang(1.0, on=True)
    usage, made = server.kv_usage, server.generation_tokens
    client.ask(2.0, 10, 10)
    server.advance(100.0)
    assert server.kv_usage == usage > 0
    assert server.generation_tokens == made
    assert (server.running, server.waiting) == (1, 1)


def test_after_a_hang_the_rest_is_served_and_who_gave_up_is_not() -> None:
    server, client = serving()
    client.ask(0, 1000, 500, patience=10.0)
    server.hang(1.0, on=True)
    patient = client.ask(2.0, 10, 10)
    server.advance(20.0)
    assert client.outcomes() == ["gave up"]
    server.hang(30.0, on=False)
    server.advance(40.0)
    assert client.ends[patient] == ("served", pytest.approx(30.0, abs=1))
    assert server.kv_usage == 0


def test_a_bad_release_takes_as_many_times_longer() -> None:
    (good, one), (bad, other) = serving(), serving(slowdown=3.0)
    ends = []
    for server, client in ((good, one), (bad, other)):
        request = client.ask(0, 1000, 50)
        server.advance(LATER)
        ends.append(client.ends[request][1])
    assert ends[1] == pytest.approx(3 * ends[0])


def test_what_is_in_a_server_that_goes_is_lost() -> None:
    server, client = serving()
    client.ask(0, 1000, 50)
    server.advance(0.01)
    server.close()
    assert client.outcomes() == ["lost"]


def test_what_could_never_be_served_is_refused() -> None:
    server, client = serving(TINY)
    assert not server.takes(60, 5)
    with pytest.raises(ValueError, match="more than this server takes"):
        client.ask(0, 60, 5)


def test_littles_law_holds() -> None:
    server, client = serving()
    dice, at, rate, seconds = World().dice("arrivals"), 0.0, 12.0, 1200
    running: list[int] = []
    while at < seconds:
        at += dice.expovariate(rate)
        while len(running) < at:
            server.advance(float(len(running)))
            running.append(server.running + server.waiting)
        client.ask(at, 1155, 211)
    server.advance(LATER)
    assert sum(running) / len(running) == pytest.approx(rate * server.whole.total / server.whole.count, rel=0.05)


def test_beyond_its_capacity_a_server_queues_fills_its_cache_and_throws_out() -> None:
    server, client = serving()
    dice, at = World().dice("arrivals"), 0.0
    while at < 600:
        at += dice.expovariate(30)
        client.ask(at, 1155, 211)
    server.advance(600)
    assert server.kv_usage > 0.8
    assert server.waiting > 100
    assert server.preemptions > 0


asked = st.lists(
    st.tuples(st.floats(0, 0.3), st.integers(1, 40), st.integers(1, 24)), min_size=1, max_size=25
)  # fmt: skip
shapes = st.builds(
    lambda count, seqs, budget: replace(H100, blocks=count, max_num_seqs=seqs, max_num_batched_tokens=budget),
    st.integers(4, 20),
    st.integers(1, 8),
    st.integers(8, 128),
)


@settings(deadline=None)
@given(asked, shapes)
def test_it_agrees_with_an_engine_that_takes_every_step_by_itself(
    requests: list[tuple[float, int, int]], physics: Physics
) -> None:
    requests = sorted(requests)
    slow = [naive_engine.One(*one) for one in requests]
    thrown = naive_engine.serve(physics, slow)
    server, client = serving(physics)
    fast = [client.ask(*one) for one in requests]
    server.advance(LATER)
    assert [client.ends[one][1] for one in fast] == pytest.approx([one.end for one in slow])
    assert server.first_token.total == pytest.approx(sum(one.first - one.arrived for one in slow))
    assert server.preemptions == thrown


@settings(deadline=None)
@given(asked, shapes, st.lists(st.floats(0, 2), max_size=20))
def test_how_often_one_looks_changes_nothing(
    requests: list[tuple[float, int, int]], physics: Physics, looks: list[float]
) -> None:
    ends = []
    for times in ([], sorted(looks)):
        server, client = serving(physics)
        made = [client.ask(*one) for one in sorted(requests)]
        for time in times:
            server.advance(time)
        server.advance(LATER)
        ends.append([client.ends[one][1] for one in made])
    assert ends[0] == pytest.approx(ends[1])


@settings(deadline=None)
@given(asked, shapes, st.floats(0.01, 1))
def test_nothing_is_lost_and_nothing_counted_twice(
    requests: list[tuple[float, int, int]], physics: Physics, patience: float
) -> None:
    server, client = serving(physics)
    made = [client.ask(*one, patience=patience) for one in sorted(requests)]
    server.advance(LATER)
    served = [one for one in made if client.ends[one][0] == "served"]
    assert len(client.ends) == len(made) == server.successes["stop"] + server.successes["abort"]
    assert server.whole.count == len(served) == server.successes["stop"]
    assert server.generation_tokens >= sum(one.output for one in served)
    assert server.outputs.total == sum(one.output for one in served)
    assert server.token_gap.count + server.first_token.count == server.generation_tokens
    assert (server.running, server.waiting, server.kv_usage) == (0, 0, 0.0)
