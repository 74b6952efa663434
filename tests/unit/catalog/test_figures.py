"""What must hold for every row of the data files, whoever edits them next."""

import pytest

from shared.catalog.load import load
from shared.domain.catalog import Consumption, Machine, Model
from shared.domain.names import Kind

CATALOG = load()
MACHINES = [pytest.param(machine, id=name) for name, machine in CATALOG.machines.items()]
DEPLOYABLE = [pytest.param(model, id=name) for name, model in CATALOG.models.items() if model.options]


@pytest.mark.parametrize("model", DEPLOYABLE)
def test_every_option_names_a_machine_that_has_the_gpus_for_one_replica(model: Model) -> None:
    for option in model.options:
        assert option.tp <= CATALOG.machines[option.machine].accelerator.count


@pytest.mark.parametrize("model", DEPLOYABLE)
def test_a_model_has_one_option_for_a_machine_and_its_default_is_among_them(model: Model) -> None:
    machines = [option.machine for option in model.options]
    assert len(set(machines)) == len(machines)
    assert model.default_machine in machines


@pytest.mark.parametrize("model", DEPLOYABLE)
def test_the_weights_and_the_longest_promised_context_fit_the_gpus_of_a_replica(model: Model) -> None:
    for option in model.options:
        memory = CATALOG.machines[option.machine].accelerator.memory_gb * option.tp * 1.074e9
        cache = model.max_model_len(option) * model.kv_bytes_per_token
        assert (model.weights_gb or 0) * 1e9 + cache < memory


@pytest.mark.parametrize("model", [m for m in CATALOG.models.values() if not m.options], ids=lambda m: m.id)
def test_a_model_without_options_says_why(model: Model) -> None:
    assert model.why_not


def test_no_name_means_two_models() -> None:
    names = [name for model in CATALOG.models.values() for name in (model.id, *model.aliases)]
    assert len(set(names)) == len(names)


def test_every_price_is_above_zero_and_says_where_it_was_read() -> None:
    assert all(price.usd_per_hour > 0 and price.source in CATALOG.sources for price in CATALOG.prices.values())


def test_every_price_is_for_a_machine_that_is_sold_so_in_a_region_we_know() -> None:
    for machine, region, way in CATALOG.prices:
        assert region in CATALOG.regions
        assert machine in CATALOG.system_machines or way in CATALOG.machines[machine].sold


def test_spot_is_never_dearer_than_on_demand() -> None:
    for (machine, region, way), price in CATALOG.prices.items():
        on_demand = CATALOG.prices.get((machine, region, Consumption.ON_DEMAND))
        if way is Consumption.SPOT and on_demand is not None:
            assert price.usd_per_hour < on_demand.usd_per_hour, (machine, region)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_zone_of_a_machine_belongs_to_one_region(machine: Machine) -> None:
    for zone in machine.zones + machine.unconfirmed_zones + (machine.flex_start_zones or ()):
        assert [region.name for region in CATALOG.regions.values() if zone in region.zones] == [
            CATALOG.region_of(zone).name
        ]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_is_sold_somehow_and_never_both_sold_and_unsure(machine: Machine) -> None:
    assert machine.sold
    assert not set(machine.sold) & set(machine.unsure)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_confirmed_zone_is_not_unconfirmed(machine: Machine) -> None:
    assert not set(machine.zones) & set(machine.unconfirmed_zones)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_additional_networks_are_the_ordinary_ones_and_the_rdma_subnets(machine: Machine) -> None:
    networks = machine.networks
    assert networks.additional in (None, networks.regular + networks.rdma_subnets)
    assert len(networks.pod_interfaces) in (0, networks.additional)


def test_every_source_that_a_row_names_is_described() -> None:
    named = {machine.source for machine in CATALOG.machines.values()}
    named |= {prior.source for prior in CATALOG.priors.values()}
    named |= {engine.source for engine in CATALOG.engines.values()}
    named |= {machine.accelerator.figures for machine in CATALOG.machines.values() if machine.accelerator.figures}
    assert named <= set(CATALOG.sources)


def test_every_card_that_holds_a_model_has_its_data_sheet_figures() -> None:
    used = {
        CATALOG.machine(option.machine).accelerator for model in CATALOG.models.values() for option in model.options
    }
    assert all(card.bandwidth_gb_per_s and card.dense_tflops and card.figures for card in used)


def test_every_expected_duration_is_for_a_kind_we_build() -> None:
    assert set(CATALOG.priors) <= set(Kind)
    assert all(prior.typical <= prior.longest for prior in CATALOG.priors.values())


def test_the_default_system_machine_holds_the_endpoint_picker() -> None:
    machine = CATALOG.system_machine()
    assert machine.vcpu > 4
    assert machine.memory_gb > 8
