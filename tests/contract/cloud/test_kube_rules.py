"""Rules in CEL (``x-kubernetes-validations``) as Kubernetes documents them: when they are asked and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.cloud import kube_place
from tests.contract.cloud.kube_place import MERGE, Object, Place, refusal

NUMBER, TEXT = {"type": "integer"}, {"type": "string"}
ITEM = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": TEXT, "size": {**NUMBER, "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}},
}
SPEC: Object = {
    "type": "object",
    "properties": {
        "low": NUMBER,
        "high": NUMBER,
        "fixed": {**TEXT, "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed is immutable"}]},
        "items": {
            "type": "array",
            "items": ITEM,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
        "loose": {"type": "array", "items": ITEM},
        "word": {**TEXT, "maxLength": 5},
    },
    "x-kubernetes-validations": [
        {"rule": "!has(self.low) || self.low <= self.high", "message": "low above high", "fieldPath": ".low"},
        {"rule": "!has(self.word) || self.word != 'no'", "reason": "FieldValueForbidden"},
        {
            "rule": "!has(self.high) || self.high < 100",
            "message": "too high",
            "messageExpression": "'high is ' + string(self.high)",
        },
        {"rule": "!has(self.fixed) || self.fixed != ''", "reason": "FieldValueRequired", "message": "say something"},
    ],
}


def definition(spec: Object, name: str = "ruleds") -> Object:
    root = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": root}}
    names = {"kind": name.capitalize(), "plural": name, "listKind": f"{name}List", "singular": name}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{name}.rules.example"},
        "spec": {"group": "rules.example", "names": names, "scope": "Namespaced", "versions": [version]},
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with kube_place.running(tmp_path_factory.mktemp("kube")) as running:
        running.resource("apiextensions.k8s.io/v1", "CustomResourceDefinition").create(body=definition(SPEC))
        yield running


@pytest.fixture
def ruled(place: Place) -> Any:
    return place.resource("rules.example/v1", "Ruleds")


def body(name: str, **spec: Any) -> Object:
    return {"apiVersion": "rules.example/v1", "kind": "Ruleds", "metadata": {"name": name}, "spec": spec}


def causes(call: Any) -> list[tuple[str, str, str]]:
    code, status = refusal(call)
    assert code == 422
    return [(cause["field"], cause["reason"], cause["message"]) for cause in status["details"]["causes"]]


INVALID = "FieldValueInvalid"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        pytest.param(
            {"low": 2, "high": 1},
            [("spec.low", INVALID, 'Invalid value: "object": low above high')],
            id="the message, at the field that the rule names",
        ),
        pytest.param(
            {"word": "no"},
            [("spec", "FieldValueForbidden", "Forbidden: failed rule: !has(self.word) || self.word != 'no'")],
            id="the rule's own reason, and the rule where there is no message",
        ),
        pytest.param(
            {"high": 200},
            [("spec", INVALID, 'Invalid value: "object": high is 200')],
            id="a message that is made of the value",
        ),
        pytest.param(
            {"fixed": ""},
            [("spec", "FieldValueRequired", "Required value: say something")],
            id="a missing value",
        ),
        pytest.param(
            {"low": 1},
            [("spec", INVALID, 'Invalid value: "object": {error} evaluating rule: low above high')],
            id="a rule that cannot be evaluated",
        ),
    ],
)
def test_a_rule_that_does_not_hold_refuses(ruled: Any, spec: Object, said: list[tuple[str, str, str]]) -> None:
    found = causes(lambda: ruled.create(body=body("broken", **spec), namespace="default"))
    for (field, reason, message), wanted in zip(found, said, strict=True):
        before, _, after = wanted[2].partition("{error}")
        assert (field, reason) == wanted[:2]
        assert message.startswith(before) and message.endswith(after)


def test_a_rule_on_a_transition_is_asked_only_when_there_was_a_value(ruled: Any) -> None:
    ruled.create(body=body("turned"), namespace="default")

    def change(**spec: Any) -> Any:
        return ruled.patch(body={"spec": spec}, name="turned", namespace="default", content_type=MERGE)

    assert change(fixed="a").spec.fixed == "a"
    found = causes(lambda: change(fixed="b"))
    assert found == [("spec.fixed", INVALID, 'Invalid value: "string": fixed is immutable')]


def test_the_items_of_a_keyed_list_are_followed_by_their_key(ruled: Any) -> None:
    first = [{"name": "a", "size": 5}, {"name": "b", "size": 1}]
    ruled.create(body=body("keyed", items=first), namespace="default")
    turned = {"spec": {"items": [{"name": "b", "size": 2}, {"name": "a", "size": 4}]}}
    found = causes(lambda: ruled.patch(body=turned, name="keyed", namespace="default", content_type=MERGE))
    assert [(field, reason) for field, reason, _ in found] == [("spec.items[1].size", INVALID)]


def test_the_items_of_any_other_list_are_not_followed(ruled: Any) -> None:
    ruled.create(body=body("loose", loose=[{"name": "a", "size": 5}]), namespace="default")
    less = {"spec": {"loose": [{"name": "a", "size": 4}]}}
    seen = ruled.patch(body=less, name="loose", namespace="default", content_type=MERGE)
    assert seen.spec.loose[0].size == 4


def test_rules_are_not_asked_of_what_has_not_even_its_shape(ruled: Any) -> None:
    found = causes(lambda: ruled.create(body=body("shapeless", low=2, high=1, word="too long"), namespace="default"))
    assert [(field, reason) for field, reason, _ in found] == [("spec.word", "FieldValueTooLong"), ("<nil>", INVALID)]
    assert "some validation rules were not checked because the object was invalid" in found[1][2]


def test_a_definition_whose_rule_cannot_be_compiled_is_refused(place: Place) -> None:
    definitions = place.resource("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    spec = {"type": "object", "x-kubernetes-validations": [{"rule": "self.a =="}]}
    ((field, reason, message),) = causes(lambda: definitions.create(body=definition(spec, "bads")))
    assert (field.endswith("properties[spec].x-kubernetes-validations[0].rule"), reason) == (True, INVALID)
    assert "compilation failed" in message
