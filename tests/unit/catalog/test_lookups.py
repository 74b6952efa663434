"""What the planner and the grammar ask the catalogue, and what they are told."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalog.load import load
from shared.domain.catalog import Catalog, Consumption, Fit
from shared.domain.errors import TerminalError

CATALOG = load()


def place(model: str, region: str, machine: str | None = None) -> Fit:
    wanted = CATALOG.machine(machine) if machine else None
    return CATALOG.option_for(CATALOG.model(model), wanted, CATALOG.region(region))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("llama-3.1-8b", "llama-3.1-8b", id="the id itself"),
        pytest.param("llama3-8b", "llama-3.1-8b", id="what people type"),
        pytest.param("llama-3-8b", "llama-3-8b", id="an id goes before an alias that differs by a hyphen"),
    ],
)
def test_a_model_is_found_by_id_then_by_alias(typed: str, meant: str) -> None:
    assert CATALOG.model(typed).id == meant


def test_a_misspelt_model_is_refused_with_what_it_may_have_meant() -> None:
    with pytest.raises(TerminalError, match="did you mean llama3-8b") as refusal:
        CATALOG.model("lama3-8b")
    assert (refusal.value.reason, refusal.value.field) == ("UnknownModel", "model")


def test_a_model_whose_weights_are_unknown_is_refused_with_the_reason() -> None:
    with pytest.raises(TerminalError, match="size of its weights") as refusal:
        CATALOG.model("gemma-4-31b")
    assert refusal.value.reason == "ModelNotDeployable"


def test_llama3_8b_goes_to_two_h100_spot_machines_for_three_replicas() -> None:
    fit = place("llama3-8b", "us-east4")
    bought = CATALOG.consumption(fit.machine)
    assert (fit.machine.machine_type, fit.option.tp, bought) == ("a3-highgpu-2g", 1, Consumption.SPOT)
    assert (fit.replicas_per_node, fit.nodes(3)) == (2, 2)


def test_the_only_h100_zone_of_europe_west3_is_c() -> None:
    assert place("llama3-8b", "europe-west3").zones == ("europe-west3-c",)


def test_llama3_8b_keeps_its_whole_context_on_an_h100() -> None:
    fit = place("llama3-8b", "us-east4")
    assert fit.model.max_model_len(fit.option) == 131072


def test_a_small_cache_shortens_the_context_to_a_multiple_of_1024() -> None:
    fit = place("llama3-8b", "us-east4", "g2-standard-12")
    assert fit.model.max_model_len(fit.option) == 30720


def test_a_larger_shape_of_the_same_gpu_holds_more_replicas() -> None:
    fit = place("llama3-8b", "us-east4", "a3-highgpu-8g")
    assert (fit.option.machine, fit.replicas_per_node) == ("a3-highgpu-8g", 8)


def test_a_shape_with_less_memory_for_each_gpu_is_not_taken_for_the_same() -> None:
    with pytest.raises(TerminalError, match="does not fit g2-standard-4"):
        place("llama3-8b", "us-east4", "g2-standard-4")


def test_a_machine_that_cannot_hold_the_model_is_refused_with_those_that_can() -> None:
    with pytest.raises(TerminalError, match="it fits a3-ultragpu-8g, a4-highgpu-8g") as refusal:
        place("deepseek-r1", "us-east4", "a3-highgpu-2g")
    assert (refusal.value.reason, refusal.value.field) == ("MachineDoesNotFit", "machine")


def test_a_region_without_the_accelerator_is_refused_with_those_that_have_it() -> None:
    with pytest.raises(TerminalError, match=r"it is in .*us-central1, us-east4") as refusal:
        place("deepseek-r1", "europe-west3")
    assert (refusal.value.reason, refusal.value.field) == ("MachineNotInRegion", "region")


def test_a_region_without_the_default_machine_is_refused_with_one_that_is_there() -> None:
    with pytest.raises(TerminalError, match=r"in europe-west2 llama-3\.1-8b fits g2-standard-12"):
        place("llama3-8b", "europe-west2")


@pytest.mark.parametrize(
    ("machine", "asked", "bought"),
    [
        pytest.param("g2-standard-12", None, Consumption.ON_DEMAND, id="on demand where it is sold so"),
        pytest.param("a3-ultragpu-8g", None, Consumption.SPOT, id="else spot"),
        pytest.param("a4x-highgpu-4g", None, Consumption.RESERVATION, id="else what there is"),
        pytest.param("a3-ultragpu-8g", "flex-start", Consumption.FLEX_START, id="as asked, with a hyphen"),
    ],
)
def test_how_a_machine_is_bought(machine: str, asked: str | None, bought: Consumption) -> None:
    assert CATALOG.consumption(CATALOG.machine(machine), asked) is bought


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param("on_demand", "is not sold as on-demand; it is sold as spot, flex-start", id="refused"),
        pytest.param("reservation", "is not known to be sold as reservation", id="no source says so"),
        pytest.param("sport", "did you mean spot", id="misspelt"),
    ],
)
def test_a_machine_not_sold_as_asked_is_refused_with_how_it_is_sold(asked: str, told: str) -> None:
    with pytest.raises(TerminalError, match=told):
        CATALOG.consumption(CATALOG.machine("a3-highgpu-2g"), asked)


def test_a_price_that_no_list_names_is_unknown_and_not_zero() -> None:
    machine, region = CATALOG.machine("a4-highgpu-8g"), CATALOG.region("us-central1")
    assert CATALOG.price(machine, region, Consumption.SPOT) is None


def test_a_derived_price_says_so() -> None:
    price = CATALOG.price(CATALOG.machine("a3-ultragpu-8g"), CATALOG.region("us-east4"), Consumption.SPOT)
    assert price is not None
    assert "derived" in (price.note or "")


def test_flex_start_of_a_tpu_is_offered_in_fewer_zones() -> None:
    machine, region = CATALOG.machine("ct6e-standard-1t"), CATALOG.region("us-central1")
    assert CATALOG.zones_for(machine, region) == ("us-central1-b",)
    assert CATALOG.zones_for(machine, region, Consumption.FLEX_START) == ()


def test_a_zone_only_a_price_list_names_is_not_offered() -> None:
    machine = CATALOG.machine("ct6e-standard-1t")
    assert "us-east4" not in [region.name for region in CATALOG.where(machine)]


def test_an_ai_zone_finds_its_region_by_record() -> None:
    assert CATALOG.region_of("us-south1-ai1b").name == "us-south1"


def test_the_spot_quota_of_an_h100_is_the_preemptible_one() -> None:
    quota = CATALOG.machine("a3-highgpu-2g").quota
    assert quota.metric(Consumption.SPOT) == "PREEMPTIBLE_NVIDIA_H100_GPUS"
    assert quota.metric(Consumption.RESERVATION) == "NVIDIA_H100_GPUS"


def test_the_rdma_machine_tells_its_networks_and_its_disk() -> None:
    machine = CATALOG.machine("a3-ultragpu-8g")
    networks = machine.networks
    assert (networks.additional, networks.regular, networks.rdma_subnets, networks.mtu) == (9, 1, 8, 8896)
    assert networks.profile_in("us-central1-b") == "us-central1-b-vpc-roce"
    assert (machine.boot_disk, machine.rdma) == ("hyperdisk-balanced", True)


def test_an_engine_we_do_not_deploy_is_refused_with_the_reason() -> None:
    with pytest.raises(TerminalError, match="maintenance") as refusal:
        CATALOG.engine("tgi")
    assert refusal.value.reason == "EngineNotOffered"


def ask(catalog: Catalog, what: str, text: str) -> None:
    machine = catalog.machine("g2-standard-12")
    questions: dict[str, Callable[[str], object]] = {
        "model": catalog.model,
        "machine": catalog.machine,
        "system machine": catalog.system_machine,
        "region": catalog.region,
        "zone": catalog.region_of,
        "engine": catalog.engine,
        "consumption": lambda asked: catalog.consumption(machine, asked),
    }
    questions[what](text)


@pytest.mark.parametrize("what", ["model", "machine", "system machine", "region", "zone", "engine", "consumption"])
@given(text=st.text(max_size=80))
def test_no_text_makes_a_lookup_fail_otherwise_than_in_one_line_to_the_asker(what: str, text: str) -> None:
    try:
        ask(CATALOG, what, text)
    except TerminalError as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017 - most texts are refused, and some name a thing
        assert str(refusal).isprintable()  # noqa: PT017 - as above
