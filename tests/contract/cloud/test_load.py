"""Streams of requests through the Gateway: what they do to model servers, and how the load balancer moves them."""

from __future__ import annotations

import io
from typing import Any

import cloudpickle
import pytest

from infra.local.cloud.keeping import _Pickler
from infra.local.cloud.load import Stream
from infra.local.cloud.load_shapes import Asked, steady
from tests.contract.cloud.clusters_place import Object, put
from tests.contract.cloud.fleet_place import BACKEND, TARGET, health
from tests.contract.cloud.load_place import CALM, EAST, EUROPE, HEAVY, US, WEST, LoadPlace, custom


@pytest.fixture
def place() -> LoadPlace:
    made = LoadPlace()
    made.deploy()
    return made


@pytest.fixture
def plain() -> LoadPlace:
    """Nobody scrapes here, so that only the load is on the agenda."""
    made = LoadPlace()
    made.deploy(monitored=False)
    return made


def test_calm_load_stays_in_its_region_and_is_served(place: LoadPlace) -> None:
    place.stream(rate=CALM)
    assert place.away() == 0
    shown = place.shown()
    assert shown["sent"] == pytest.approx(CALM * 300, rel=0.15)
    assert shown["served"] + shown["waiting"] == shown["sent"]
    assert shown["waiting"] < 40


def test_load_shows_in_the_servers_metrics(place: LoadPlace) -> None:
    place.stream(rate=CALM)
    place.pass_time(minutes=5)
    calm = place.exposed(EAST)
    place.balance(100)
    place.stream("more", rate=HEAVY)
    place.pass_time(minutes=5)
    heavy = place.exposed(EAST)

    def mean(shown: dict[str, float], name: str) -> float:
        total, count = (next(v for k, v in shown.items() if k.startswith(name + end)) for end in ("_sum{", "_count{"))
        return total / count

    assert place.gauge(EAST, "vllm:kv_cache_usage_perc") > 0.2
    for name in ("vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds"):
        assert mean(heavy, name) > 1.5 * mean(calm, name)


def test_without_room_anywhere_requests_wait_and_clients_give_up(plain: LoadPlace) -> None:
    put(plain.west, BACKEND, "balance", {"targetRef": TARGET, "default": {"timeoutSec": 60}})
    plain.pass_time(minutes=1)
    plain.stream(rate=HEAVY)
    plain.pass_time(minutes=10)
    assert plain.gauge(EAST, "vllm:num_requests_waiting") > 100
    assert plain.gauge(EAST, "vllm:kv_cache_usage_perc") > 0.9
    assert plain.shown()["gave up"] > 100


def test_above_its_target_a_region_spills_within_30_seconds(plain: LoadPlace) -> None:
    plain.balance(2)
    plain.stream(rate=CALM)
    plain.pass_time(seconds=30)
    assert plain.replica(WEST).server.prompt_tokens > 0
    assert plain.away(minutes=0.5) > 0.1


def test_a_region_that_is_too_small_is_relieved_by_the_other(plain: LoadPlace) -> None:
    plain.ramp(HEAVY)
    assert 0.2 < plain.away(US, minutes=15) < 0.6
    assert plain.replica(WEST).server.generation_tokens > 0
    assert plain.shown(US)["gave up"] == 0


@pytest.mark.parametrize(
    "scopes",
    [
        pytest.param(
            [
                {"selector": {"gke.io/region": US}, **custom(15)},
                {"selector": {"gke.io/region": EUROPE}, **custom(60)},
            ],
            id="a lower target",
        ),
        pytest.param([{"selector": {"gke.io/region": US}, "capacityScalerPercent": 25}], id="a lower scaler"),
    ],
)
def test_a_scope_for_the_hot_region_moves_more(scopes: list[Object]) -> None:
    moved = []
    for given in ([], scopes):
        place = LoadPlace()
        place.deploy(monitored=False)
        place.balance(60, *given)
        place.stream(rate=20)
        moved.append(place.away(minutes=10))
    assert moved[1] > moved[0] + 0.05


def test_a_scaler_in_the_default_leaves_less_to_the_own_region(plain: LoadPlace) -> None:
    plain.balance(60, capacityScalerPercent=25)
    plain.stream(rate=20)
    assert plain.away(minutes=10) > 0.05


def test_a_drained_region_gets_nothing(plain: LoadPlace) -> None:
    plain.balance(60, {"selector": {"gke.io/region": US}, "capacityScalerPercent": 0})
    plain.stream()
    assert plain.away() == 1


def test_nothing_spills_when_the_export_names_a_gauge_that_the_engine_has_not() -> None:
    place = LoadPlace()
    place.deploy(monitored=False, exported="vllm:gpu_cache_usage_perc")
    place.balance(2)
    place.stream()
    assert place.away() == 0


def test_requests_in_flight_may_be_what_is_balanced(plain: LoadPlace) -> None:
    default = {"timeoutSec": 600, "balancingMode": "IN_FLIGHT", "maxInFlightRequestsPerEndpoint": 3}
    put(plain.west, BACKEND, "balance", {"targetRef": TARGET, "default": default})
    plain.pass_time(minutes=1)
    plain.stream()
    assert plain.away() > 0.1


@pytest.mark.parametrize(
    ("model", "status"),
    [pytest.param("gpt", "404", id="a model that is not served"), pytest.param("", "404", id="none")],
)
def test_what_the_servers_do_not_serve_is_refused(plain: LoadPlace, model: str, status: str) -> None:
    plain.load.start("us", Stream(model, steady(1, 10, 10), address=plain.address(US)))
    plain.pass_time(minutes=1)
    assert plain.shown()["refused"] == {status: plain.shown()["sent"]}


def test_a_request_that_is_too_long_is_refused(plain: LoadPlace) -> None:
    plain.load.start("us", Stream("llama", requests=(Asked(1, 200_000, 10),), address=plain.address(US)))
    plain.pass_time(minutes=1)
    assert plain.shown()["refused"] == {"400": 1}


def test_without_a_health_check_that_passes_nobody_serves(plain: LoadPlace) -> None:
    health(plain.west, "/nowhere")
    plain.pass_time(minutes=1)
    plain.stream()
    plain.pass_time(minutes=1)
    assert plain.shown()["refused"].keys() == {"503"}


def test_where_the_network_is_down_clients_get_no_answer(plain: LoadPlace) -> None:
    plain.world.faults.unavailable.add(f"network/{US}")
    plain.stream()
    plain.pass_time(minutes=1)
    assert plain.shown()["refused"].keys() == {"0"}


def test_a_stream_may_be_aimed_at_a_gateway_by_name(plain: LoadPlace) -> None:
    plain.load.start("us", Stream("llama", steady(2, 100, 10), gateway="default/front", region=EUROPE))
    plain.pass_time(minutes=1)
    assert plain.shown()["regions"].keys() == {EUROPE}


def test_exact_requests_are_sent_once_and_then_it_is_over(plain: LoadPlace) -> None:
    requests = (Asked(0.5, 100, 10), Asked(90.0, 300, 20))
    plain.load.start("trace", Stream("llama", requests=requests, address=plain.address(US)))
    plain.pass_time(minutes=5)
    server = plain.replica(EAST).server
    assert (server.prompt_tokens, server.generation_tokens) == (400, 30)
    assert not plain.shown("trace")["runs"]
    assert plain.quiet()


def test_a_stream_ends_by_itself_when_its_time_is_over(plain: LoadPlace) -> None:
    plain.stream(minutes=2)
    assert (plain.shown()["runs"], plain.shown()["aim"]) == (True, plain.address(US))
    plain.pass_time(minutes=5)
    assert not plain.shown()["runs"]
    assert plain.shown()["sent"] == pytest.approx(CALM * 120, rel=0.2)
    assert plain.quiet()


def test_nothing_is_on_the_agenda_once_the_last_client_has_its_answer(plain: LoadPlace) -> None:
    assert plain.quiet()
    plain.stream()
    plain.pass_time(minutes=2)
    assert not plain.quiet()
    plain.load.stop("us")
    plain.pass_time(minutes=2)
    assert plain.quiet()
    shown = plain.shown()
    assert shown["served"] == shown["sent"] > 0


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param({}, id="nothing to send"),
        pytest.param({"marks": steady(1, 1, 1), "requests": (Asked(0, 1, 1),)}, id="two loads"),
        pytest.param({"marks": steady(1, 1, 1), "gateway": "default/front"}, id="no region"),
    ],
)
def test_a_stream_that_says_too_little_or_too_much_is_refused(plain: LoadPlace, stream: dict[str, Any]) -> None:
    given = {"address": "" if "gateway" in stream else "10.0.0.1", **stream}
    with pytest.raises(ValueError, match="a stream"):
        plain.load.start("us", Stream("llama", **given))


def test_names_of_streams_are_used_once_and_stopped_once(plain: LoadPlace) -> None:
    plain.stream()
    with pytest.raises(ValueError, match="runs already"):
        plain.stream()
    plain.load.stop("us")
    with pytest.raises(ValueError, match="no stream us"):
        plain.load.stop("us")


def test_two_worlds_with_one_seed_have_the_same_load() -> None:
    def history() -> list[dict[str, Any]]:
        place = LoadPlace()
        place.deploy()
        place.stream(rate=20)
        seen = []
        for _ in range(5):
            place.pass_time(minutes=1)
            seen.append({**place.shown(), "kv": place.replica(EAST).server.kv_usage})
        return seen

    assert history() == history()


def test_a_world_that_is_kept_goes_on_with_its_load(place: LoadPlace) -> None:
    place.stream(rate=20)
    place.pass_time(minutes=3)
    file = io.BytesIO()
    _Pickler(file).dump(place)
    kept: LoadPlace = cloudpickle.loads(file.getvalue())
    assert kept.shown() == place.shown()
    for one in (place, kept):
        one.pass_time(minutes=2)
    assert kept.shown() == place.shown()
    assert kept.exposed(EAST) == place.exposed(EAST)
