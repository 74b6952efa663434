"""Settings are read once, from variables named after them, and read back as they were written."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.settings import Settings, as_environment, read_settings
from tests.unit.domain.examples import ANY


def test_without_an_environment_everything_has_its_default() -> None:
    assert read_settings({}) == Settings()


@ANY
@given(st.builds(Settings, **{field.name: st.text(max_size=5) for field in fields(Settings)}))
def test_settings_read_back_from_the_environment_they_make(settings: Settings) -> None:
    assert read_settings(as_environment(settings)) == settings


def test_what_belongs_to_others_is_left_alone() -> None:
    assert read_settings({"PROJECT": "theirs", "INFEROPS_PROJECT": "ours", "INFEROPS_NEW": "x"}).project == "ours"


def test_an_empty_variable_counts() -> None:
    assert not read_settings({"INFEROPS_NETWORK": ""}).network


@pytest.mark.parametrize("field", [field.name for field in fields(Settings) if field.name.endswith("_endpoint")])
def test_an_endpoint_that_is_not_set_is_googles_own(field: str) -> None:
    assert getattr(Settings(), field) == ""


def test_the_domain_gets_only_what_it_must_know_of_the_project() -> None:
    site = Settings(project="p", project_number="1", repository="r", owner="two").site
    assert (site.project, site.number, site.repository, site.owner) == ("p", "1", "r", "two")
