"""Between messages of the API and plain values."""

from __future__ import annotations

import pytest
from google.cloud import container_v1

from shared.adapters.protos import filled, own_fields, plain
from shared.domain.errors import TerminalError
from shared.domain.observations import differences

SPEC = {
    "name": "gpu",
    "config": {"accelerators": [{"accelerator_type": "nvidia-l4", "accelerator_count": 2}], "spot": False},
    "autoscaling": {"enabled": True, "location_policy": "ANY", "total_min_node_count": 0},
}


def test_what_is_written_reads_back_without_difference() -> None:
    assert differences(SPEC, plain(filled(container_v1.NodePool, SPEC))) == ()


def test_long_integers_read_back_as_numbers() -> None:
    accelerators = plain(filled(container_v1.NodePool, SPEC))["config"]["accelerators"]
    assert accelerators[0]["accelerator_count"] == 2


def test_messages_that_are_not_there_are_left_out() -> None:
    assert "management" not in plain(filled(container_v1.NodePool, SPEC))


def test_maps_read_back_as_maps() -> None:
    cluster = filled(container_v1.Cluster, {"resource_labels": {"managed-by": "inferops"}})
    assert plain(cluster)["resource_labels"] == {"managed-by": "inferops"}


def test_keys_for_the_provider_are_not_sent() -> None:
    assert own_fields({"a": {"_b": 1, "c": [{"_d": 1, "e": 2}]}, "_f": 3}) == {"a": {"c": [{"e": 2}]}}


@pytest.mark.parametrize("spec", [{"nope": 1}, {"status": "WELL"}], ids=["field", "enum value"])
def test_what_the_api_does_not_know_is_refused_before_it_is_sent(spec: dict[str, object]) -> None:
    with pytest.raises(TerminalError, match="NodePool cannot be written so"):
        filled(container_v1.NodePool, spec)
