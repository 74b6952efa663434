"""Checks: enabled APIs, grants and buckets, and what is said where one is missing."""

from __future__ import annotations

import pytest

from shared.catalog.load import load
from shared.domain.conditions import Reason
from shared.domain.inventory import Entry
from shared.domain.names import GLOBAL, Kind, ResourceKey
from shared.domain.observations import Broken, Observed, Present, Unknown
from shared.domain.planning import Hold
from shared.providers.cloud import CloudProviders
from tests.contract.providers.whole_cloud import EAST, SITE, WholeCloud, platform

API = ResourceKey(GLOBAL, Kind.API, "compute.googleapis.com")
GRANT = ResourceKey(GLOBAL, Kind.GRANT, load().grants[0].id)
BUCKET = ResourceKey(EAST, Kind.BUCKET, "gs://weights-east/llama3-8b")
HOME = f"{EAST}/inferops-{EAST}"
POOL = ResourceKey(EAST, Kind.INFERENCE_POOL, "infer-llm/llm", HOME)
PICKER = ResourceKey(EAST, Kind.SERVICE_ACCOUNT, "infer-llm/llm-epp", HOME)
READER = (
    f"principal://iam.googleapis.com/projects/{SITE.number}/locations/global/workloadIdentityPools/demo.svc.id.goog"
    "/subject/ns/infer-llm/sa/llm"
)


def see(providers: CloudProviders, key: ResourceKey) -> Observed:
    return providers.look(dict.fromkeys([key, POOL, PICKER], Entry()))[key]


def bucket(
    cloud: WholeCloud, location: str = EAST, name: str = "llama3-8b/model.safetensors", who: str = READER
) -> None:
    def make() -> None:
        cloud.storage.make("weights-east", location.upper())
        cloud.storage.put("weights-east", name, b"weights")
        cloud.storage.grant("weights-east", "roles/storage.objectViewer", who)

    cloud.run(make)


def unusable(seen: Observed) -> str:
    assert isinstance(seen, Broken), seen
    assert seen.error.reason == Reason.BUCKET_UNUSABLE
    return str(seen.error)


def test_what_is_enabled_and_granted_holds(providers: CloudProviders) -> None:
    assert [see(providers, key) for key in (API, GRANT)] == [Present({}, ready=True)] * 2


def test_a_disabled_api_shows_the_command_that_enables_it(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(lambda: cloud.project.disable("compute"))
    _, unit = platform(cloud, providers, EAST)
    step = unit.round().steps[API]
    assert isinstance(step, Hold)
    assert step.remedy == "gcloud services enable compute.googleapis.com --project=demo"
    assert step.reason == Reason.API_DISABLED


def test_a_missing_grant_shows_the_command_that_gives_it(cloud: WholeCloud, providers: CloudProviders) -> None:
    grant = load().grants[0]
    cloud.run(lambda: cloud.project.revoke(grant.role, grant.member("demo", SITE.number)))
    _, unit = platform(cloud, providers, EAST)
    step = unit.round().steps[GRANT]
    assert isinstance(step, Hold)
    assert (step.reason, grant.role in step.remedy) == (Reason.GRANT_MISSING, True)


def test_what_cannot_be_read_is_unknown(cloud: WholeCloud, providers: CloudProviders) -> None:
    cloud.run(lambda: cloud.world.faults.unavailable.update({"serviceusage", "cloudresourcemanager", "storage"}))
    assert [type(see(providers, key)) for key in (API, GRANT, BUCKET)] == [Unknown] * 3


@pytest.mark.parametrize("location", ["us-east4", "us"], ids=["same region", "multi-region around it"])
def test_a_bucket_that_is_near_filled_and_readable_holds(
    cloud: WholeCloud, providers: CloudProviders, location: str
) -> None:
    bucket(cloud, location)
    assert see(providers, BUCKET) == Present({}, ready=True)


def test_a_bucket_far_away_does_not(cloud: WholeCloud, providers: CloudProviders) -> None:
    bucket(cloud, "europe-west3")
    assert "far from us-east4" in unusable(see(providers, BUCKET))


def test_a_bucket_without_the_weights_does_not(cloud: WholeCloud, providers: CloudProviders) -> None:
    bucket(cloud, name="other/model.safetensors")
    assert "holds no objects" in unusable(see(providers, BUCKET))


def test_a_bucket_that_the_servers_may_not_read_does_not(cloud: WholeCloud, providers: CloudProviders) -> None:
    bucket(cloud, who="user:someone@example.com")
    assert "may not read it" in unusable(see(providers, BUCKET))


def test_no_bucket_at_all_is_said(providers: CloudProviders) -> None:
    assert "no such bucket" in unusable(see(providers, BUCKET))


def test_checks_are_the_global_unit_s_first_word(cloud: WholeCloud, providers: CloudProviders) -> None:
    _, unit = platform(cloud, providers, EAST)
    unit.round()
    kinds = {key.kind for key in unit.graph.resources if isinstance(unit.seen[key], Present)}
    assert kinds == {Kind.API, Kind.GRANT}
