"""The engine profile by version, and what a project must have."""

import pytest

from shared.catalog.load import load
from shared.domain.engines import parse_version

CATALOG = load()
VLLM = CATALOG.engine()


@pytest.mark.parametrize(
    ("tag", "gauge"),
    [
        pytest.param("v0.8.5", "vllm:gpu_cache_usage_perc", id="long before"),
        pytest.param("v0.10.1.1", "vllm:gpu_cache_usage_perc", id="just before"),
        pytest.param("v0.10.2", "vllm:kv_cache_usage_perc", id="the switch"),
        pytest.param("v0.18.1", "vllm:kv_cache_usage_perc", id="ours"),
        pytest.param("nightly", "vllm:kv_cache_usage_perc", id="a moving tag counts as newest"),
    ],
)
def test_the_kv_gauge_by_version(tag: str, gauge: str) -> None:
    assert VLLM.kv_metric(tag) == gauge


def test_an_old_engine_exports_its_gauge_under_the_old_name() -> None:
    assert (VLLM.kv_export("v0.8.5"), VLLM.kv_export()) == ("kv-cache-old", "kv-cache")


def test_our_version_drains_and_an_older_one_does_not_know_the_flag() -> None:
    assert "--shutdown-timeout={drain}" in VLLM.arguments()
    assert "--shutdown-timeout={drain}" not in VLLM.arguments("v0.17.0")


def test_adapter_flags_come_only_when_an_adapter_is_asked_for() -> None:
    assert "--enable-lora" not in VLLM.arguments()
    assert "--enable-lora" in VLLM.arguments(adapters=True)


def test_every_flag_can_be_filled_in() -> None:
    values = dict.fromkeys(("model", "served_name", "port", "tp", "max_model_len", "max_num_seqs", "drain"), "x")
    assert all("{" not in flag.format(**values) for flag in VLLM.arguments(adapters=True))


@pytest.mark.parametrize(("weights_gb", "failures"), [(16.06, 600), (141.1, 900), (410.0, 1800)])
def test_larger_weights_get_a_longer_startup(weights_gb: float, failures: int) -> None:
    assert VLLM.startup.failures(weights_gb) == failures


def test_the_grace_holds_the_sleep_and_the_drain() -> None:
    assert VLLM.pre_stop_seconds + VLLM.drain_seconds < VLLM.grace_seconds


def test_the_picker_is_the_last_release_that_ships_its_chart() -> None:
    assert (VLLM.picker.tag, VLLM.picker.engine_type) == ("v1.5.0", "vllm")


@pytest.mark.parametrize(
    ("tag", "version"),
    [("v0.18.1", (0, 18, 1)), ("0.9", (0, 9)), ("v0.11.0rc2", (0, 11, 0)), ("latest", None), ("", None)],
)
def test_the_version_of_a_tag(tag: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(tag) == version


def test_a_missing_api_comes_with_the_command_that_enables_it() -> None:
    container = next(api for api in CATALOG.apis if api.name == "container.googleapis.com")
    assert container.remedy("demo") == "gcloud services enable container.googleapis.com --project=demo"


def test_the_gateway_controllers_grant_comes_with_the_command_that_gives_it() -> None:
    grant = next(grant for grant in CATALOG.grants if grant.id == "gateway-controller")
    assert grant.remedy("demo", "42") == (
        "gcloud projects add-iam-policy-binding demo --member=serviceAccount:"
        "service-42@gcp-sa-multiclusteringress.iam.gserviceaccount.com"
        " --role=roles/container.admin --condition=None"
    )


def test_nodes_without_an_account_of_their_own_use_compute_engines_default() -> None:
    grant = next(grant for grant in CATALOG.grants if grant.id == "node-metrics")
    assert grant.member("demo", "42") == "serviceAccount:42-compute@developer.gserviceaccount.com"
