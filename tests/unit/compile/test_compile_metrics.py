"""AutoscalingMetric in two shapes: what is stored in either reads back as what was wanted, and drift shows in both."""

from __future__ import annotations

from typing import Any

import pytest

from shared.catalog.load import load
from shared.domain.manifests.metrics import autoscaling_metric, balanced_metric, flat, nested
from shared.domain.observations import differences

WANTED = autoscaling_metric("m", "infer-m", {}, load().engine())


@pytest.mark.parametrize("shape", ["A", "B"])
def test_either_shape_reads_back_as_wanted(shape: str) -> None:
    stored = WANTED["_shapes"][shape]
    assert differences(WANTED, {**WANTED, "spec": flat(stored)}) == ()


@pytest.mark.parametrize(
    ("hand", "field"),
    [
        pytest.param({"port": 9000}, "spec.endpoints[0].port", id="another port"),
        pytest.param({"path": "/other"}, "spec.endpoints[0].path", id="another path"),
    ],
)
@pytest.mark.parametrize("shape", ["A", "B"])
def test_a_change_by_hand_is_drift_in_either_shape(shape: str, hand: dict[str, Any], field: str) -> None:
    changed = {**WANTED["spec"], "endpoints": [{**WANTED["spec"]["endpoints"][0], **hand}]}
    stored = changed if shape == "A" else nested(changed)
    assert differences(WANTED, {**WANTED, "spec": flat(stored)}) == (field,)


def test_a_gauge_kept_from_the_load_balancer_is_drift() -> None:
    stored = nested(WANTED["spec"])
    stored["metrics"][0]["pod"]["containers"][0]["metrics"][0]["gauge"]["loadBalancing"] = {"enabled": False}
    assert differences(WANTED, {**WANTED, "spec": flat(stored)}) == ("spec.endpoints[0].metrics",)


def test_a_spec_of_neither_shape_is_drift() -> None:
    assert differences(WANTED, {**WANTED, "spec": flat({"metrics": [{"promql": {"name": "x"}}]})})


def test_the_policy_names_the_gauge_that_carries_data() -> None:
    assert balanced_metric(load().engine()) == "gke.named_metrics.kv-cache"
