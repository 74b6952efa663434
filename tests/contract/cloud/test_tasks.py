"""Cloud Tasks, asked with Google's own client; tasks go to a real HTTP server. And the scheduler beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2.services.cloud_tasks import CloudTasksClient
from google.cloud.tasks_v2.types import HttpMethod, Queue, Task
from serverless_place import QUEUE, Place, running

from infra.local.cloud.scheduler import Scheduler
from infra.local.cloud.world import World
from tests.waiting import eventually

LOCATION, _, _ = QUEUE.partition("/queues/")


@pytest.fixture
def place() -> Iterator[Place]:
    with running() as made:
        yield made


@pytest.fixture(params=["grpc", "rest"])
def tasks(place: Place, request: pytest.FixtureRequest) -> Any:
    return place.client(CloudTasksClient, "tasks", request.param)


@pytest.fixture
def queue(place: Place) -> str:
    place.cloud_tasks.create_queue(parent=LOCATION, queue={"name": QUEUE})
    return QUEUE


def wake(place: Place, name: str = "", after: float = 0, **request: Any) -> dict[str, Any]:
    """A task to the receiver."""
    task: dict[str, Any] = {"http_request": {"url": f"{place.receiver.url}wake", **request}}
    if name:
        task["name"] = f"{QUEUE}/tasks/{name}"
    if after:
        task["schedule_time"] = place.world.now + timedelta(seconds=after)
    return task


# Queues -----------------------------------------------------------------------------------------------------


def test_a_queue_gets_the_services_defaults(tasks: Any) -> None:
    made = tasks.create_queue(parent=LOCATION, queue={"name": QUEUE})
    config = made.retry_config
    assert (made.state, config.max_attempts, config.max_doublings) == (Queue.State.RUNNING, 100, 16)
    assert (config.min_backoff.total_seconds(), config.max_backoff.total_seconds()) == (0.1, 3600)


@pytest.mark.usefixtures("queue")
def test_a_queue_is_made_once(tasks: Any) -> None:
    with pytest.raises(exceptions.Conflict):
        tasks.create_queue(parent=LOCATION, queue={"name": QUEUE})


def test_queues_are_listed_and_deleted(tasks: Any, queue: str) -> None:
    assert [found.name for found in tasks.list_queues(parent=LOCATION)] == [queue]
    tasks.delete_queue(name=queue)
    with pytest.raises(exceptions.NotFound):
        tasks.get_queue(name=queue)


def test_a_retry_setting_can_be_changed(tasks: Any, queue: str) -> None:
    change = {"name": queue, "retry_config": {"max_attempts": 7}}
    tasks.update_queue(queue=change, update_mask={"paths": ["retry_config.max_attempts"]})
    config = tasks.get_queue(name=queue).retry_config
    assert (config.max_attempts, config.max_doublings) == (7, 16)


def test_a_purged_queue_is_empty(place: Place, tasks: Any, queue: str) -> None:
    place.server.run(place.world.pause)
    tasks.create_task(parent=queue, task=wake(place, after=60))
    tasks.purge_queue(name=queue)
    assert list(tasks.list_tasks(parent=queue)) == []


def test_a_paused_queue_keeps_its_tasks_until_it_goes_on(place: Place, tasks: Any, queue: str) -> None:
    tasks.pause_queue(name=queue)
    tasks.create_task(parent=queue, task=wake(place))
    place.pass_time(60)
    assert place.receiver.posts == []
    tasks.resume_queue(name=queue)
    eventually(lambda: len(place.receiver.posts) == 1)


# Tasks ------------------------------------------------------------------------------------------------------


def test_a_task_is_posted_with_its_headers_and_body(place: Place, tasks: Any, queue: str) -> None:
    tasks.create_task(parent=queue, task=wake(place, "a-1", headers={"X-Own": "x", "Host": "bad"}, body=b"hello"))
    eventually(lambda: len(place.receiver.posts) == 1)
    post = place.receiver.posts[0]
    assert (post.verb, post.path, post.raw) == ("POST", "/wake", b"hello")
    assert post.headers["x-own"] == "x"
    assert post.headers["host"] != "bad"
    assert post.headers["content-type"] == "application/octet-stream"
    assert (post.headers["x-cloudtasks-queuename"], post.headers["x-cloudtasks-taskname"]) == ("wakeups", "a-1")
    assert (post.headers["x-cloudtasks-taskretrycount"], post.headers["x-cloudtasks-taskexecutioncount"]) == ("0", "0")
    assert float(post.headers["x-cloudtasks-tasketa"]) == place.world.now.timestamp()


def test_a_task_may_use_another_verb(place: Place, queue: str) -> None:
    place.cloud_tasks.create_task(parent=queue, task=wake(place, http_method=HttpMethod.PUT))
    eventually(lambda: len(place.receiver.posts) == 1)
    assert place.receiver.posts[0].verb == "PUT"


@pytest.mark.parametrize("token", ["oidc_token", "oauth_token"])
def test_a_token_is_sent_where_one_was_asked_for(place: Place, queue: str, token: str) -> None:
    task = wake(place)
    task["http_request"][token] = {"service_account_email": "a@b.c"}
    place.cloud_tasks.create_task(parent=queue, task=task)
    eventually(lambda: len(place.receiver.posts) == 1)
    assert place.receiver.posts[0].headers["authorization"] == "Bearer local"


def test_a_task_waits_for_its_time(place: Place, tasks: Any, queue: str) -> None:
    place.server.run(place.world.pause)
    begun = place.world.now
    tasks.create_task(parent=queue, task=wake(place, after=90))
    place.server.run(lambda: place.world.pause(on=False))
    eventually(lambda: len(place.receiver.posts) == 1)
    assert (place.world.now - begun).total_seconds() == 90


def test_a_living_name_is_taken(place: Place, tasks: Any, queue: str) -> None:
    place.server.run(place.world.pause)
    tasks.create_task(parent=queue, task=wake(place, "once", after=60))
    with pytest.raises(exceptions.Conflict):
        tasks.create_task(parent=queue, task=wake(place, "once", after=60))


def test_a_name_stays_taken_for_an_hour_after(place: Place, queue: str) -> None:
    place.cloud_tasks.create_task(parent=queue, task=wake(place, "once"))
    eventually(lambda: place.tasks.counts["success"] == 1)
    place.pass_time(3599)
    with pytest.raises(exceptions.AlreadyExists):
        place.cloud_tasks.create_task(parent=queue, task=wake(place, "once"))
    place.pass_time(1)
    place.cloud_tasks.create_task(parent=queue, task=wake(place, "once"))


def test_a_waiting_task_can_be_seen_and_deleted(place: Place, tasks: Any, queue: str) -> None:
    place.server.run(place.world.pause)
    made = tasks.create_task(parent=queue, task=wake(place, "later", after=60, body=b"x"))
    assert [found.name for found in tasks.list_tasks(parent=queue)] == [made.name]
    assert tasks.get_task(name=made.name).http_request.body == b""
    full = {"name": made.name, "response_view": Task.View.FULL}
    assert tasks.get_task(request=full).http_request.body == b"x"
    tasks.delete_task(name=made.name)
    place.server.run(lambda: place.world.pause(on=False))
    place.pass_time(120)
    assert place.receiver.posts == []


def test_a_task_can_be_run_before_its_time(place: Place, tasks: Any, queue: str) -> None:
    place.server.run(place.world.pause)
    made = tasks.create_task(parent=queue, task=wake(place, after=3600))
    tasks.run_task(name=made.name)
    eventually(lambda: place.tasks.counts["success"] == 1)
    place.server.run(lambda: place.world.pause(on=False))
    place.pass_time(7200)
    assert len(place.receiver.posts) == 1


def test_a_refused_task_comes_again_and_says_so(place: Place, queue: str) -> None:
    place.receiver.answers = [503]
    place.cloud_tasks.create_task(parent=queue, task=wake(place))
    eventually(lambda: len(place.receiver.posts) == 2)
    headers = place.receiver.posts[1].headers
    counted = (headers["x-cloudtasks-taskretrycount"], headers["x-cloudtasks-taskexecutioncount"])
    assert (*counted, headers["x-cloudtasks-taskpreviousresponse"]) == ("1", "1", "503")


def test_nobody_at_the_target_is_a_failure_to_be_tried_again(place: Place, queue: str) -> None:
    place.cloud_tasks.create_task(parent=queue, task={"http_request": {"url": "http://127.0.0.1:1/"}})
    eventually(lambda: place.tasks.counts["retry/wakeups"] > 2)
    place.cloud_tasks.purge_queue(name=queue)


def test_pauses_double_then_grow_by_the_last_step(place: Place) -> None:
    config = {"min_backoff": "10s", "max_backoff": "300s", "max_doublings": 3, "max_attempts": 8}
    place.cloud_tasks.create_queue(parent=LOCATION, queue={"name": QUEUE, "retry_config": config})
    place.receiver.answers = [500] * 8
    place.cloud_tasks.create_task(parent=QUEUE, task=wake(place))
    eventually(lambda: place.tasks.counts["given_up"] == 1)
    assert place.receiver.pauses() == [10, 20, 40, 80, 160, 240, 300]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"http_request": {"url": "ftp://x/"}}, id="no web address"),
        pytest.param({"name": "projects/demo/locations/us-east4/queues/other/tasks/a"}, id="another queue's name"),
        pytest.param({"http_request": {"url": "http://x/", "body": b"x" * 102_401}}, id="over 100 KB"),
        pytest.param({"schedule_time": "2026-03-01T00:00:00Z"}, id="beyond 30 days"),
        pytest.param({"dispatch_deadline": "10s"}, id="too short a deadline"),
    ],
)
def test_what_cannot_be_a_task_is_refused(place: Place, queue: str, change: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        place.cloud_tasks.create_task(request={"parent": queue, "task": {**wake(place), **change}})


def test_an_unknown_queue_is_not_found(place: Place, tasks: Any) -> None:
    with pytest.raises(exceptions.NotFound):
        tasks.create_task(parent=QUEUE, task=wake(place))


def test_a_task_can_publish_straight_to_a_topic(place: Place, queue: str) -> None:
    place.publisher.create_topic(name="projects/demo/topics/units")
    url = f"{place.server.endpoints['pubsub']}/v1/projects/demo/topics/units:publish"
    body = b'{"messages": [{"data": "eA==", "attributes": {"unit": "u"}}]}'
    request = {"url": url, "body": body, "oauth_token": {"service_account_email": "a@b.c"}}
    place.cloud_tasks.create_task(parent=queue, task={"http_request": request})
    eventually(lambda: place.tasks.counts["success"] == 1)
    assert [(one.data, one.attributes) for one in place.pubsub.published] == [(b"x", {"unit": "u"})]


def test_a_snapshot_names_what_waits(place: Place, queue: str) -> None:
    place.server.run(place.world.pause)
    place.cloud_tasks.create_task(parent=queue, task=wake(place, "later", after=60))
    held: Any = place.tasks.snapshot()[queue]
    assert held["tasks"] == {"later": f"{place.receiver.url}wake"}


# Scheduler --------------------------------------------------------------------------------------------------


def test_a_job_happens_every_so_often_until_it_is_stopped(place: Place) -> None:
    times = []

    def note() -> None:
        times.append((place.world.now - begun).total_seconds())
        if len(times) == 3:
            scheduler.stop("sweep")

    begun, scheduler = place.world.now, Scheduler(place.world)
    place.server.run(lambda: scheduler.every(60, note, "sweep"))
    eventually(lambda: not scheduler.jobs)
    place.pass_time(300)
    assert times == [60, 120, 180]


def test_a_job_of_the_same_name_replaces_the_first() -> None:
    scheduler = Scheduler(World())
    first = scheduler.every(60, lambda: None, "sweep")
    second = scheduler.every(30, lambda: None, "sweep")
    assert list(scheduler.jobs.values()) == [second] != [first]
