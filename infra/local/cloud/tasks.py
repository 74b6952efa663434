"""Cloud Tasks: queues, and tasks that are HTTP requests for a time to come.

A task's name is taken while it lives and for an hour after: that is what makes a named task a once-only wake-up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, timedelta
from typing import Any

from google.cloud.tasks_v2.types import cloudtasks as types
from google.cloud.tasks_v2.types import queue, target, task
from google.protobuf import json_format

from infra.local.cloud import rpcs
from infra.local.cloud.errors import ApiError
from infra.local.cloud.posting import NoAnswerError, Poster
from infra.local.cloud.tasks_queue import PAUSED, Job, Pb, TaskQueue
from infra.local.cloud.wire import Handler, Wire, as_pb
from infra.local.cloud.world import World

HOST = "tasks"
MAX_TASK, HORIZON, PAGE = 100 * 1024, timedelta(days=30), 1000
SHORTEST_DEADLINE, DEADLINE, LONGEST_DEADLINE = 15, 600, 1800
_QUEUE = re.compile(r"projects/[^/]+/locations/[^/]+/queues/[A-Za-z0-9-]{1,100}")
_TASK = re.compile(_QUEUE.pattern + r"/tasks/[A-Za-z0-9_-]{1,500}")
_OURS = re.compile(r"(?i)host|content-length|x-google-.*|x-appengine-.*|x-cloudtasks-.*|user-agent|authorization")
_RUNNING = queue.Queue.State.RUNNING
_FULL = task.Task.View.FULL
_RATES = {"max_dispatches_per_second": 500.0, "max_burst_size": 100, "max_concurrent_dispatches": 1000}
_RETRIES: dict[str, Any] = {
    "max_attempts": 100,
    "min_backoff": timedelta(seconds=0.1),
    "max_backoff": timedelta(hours=1),
    "max_doublings": 16,
}


def _page(names: Iterable[str], request: Pb) -> tuple[list[str], str]:
    rest = sorted(name for name in names if name > request.page_token)
    most = request.page_size or PAGE
    return rest[:most], rest[most - 1] if len(rest) > most else ""


def _fill(message: Pb, defaults: Mapping[str, Any]) -> None:
    """Set what is not set, field by field."""
    given = {field.name for field, _ in message.ListFields()}
    for name, value in defaults.items():
        if name not in given and isinstance(value, timedelta):
            getattr(message, name).FromTimedelta(value)
        elif name not in given:
            setattr(message, name, value)


class Tasks:
    """All queues of all projects and locations."""

    def __init__(self, world: World) -> None:
        self.counts: Counter[str] = Counter()
        """``create``, ``dispatch``, ``success``, ``retry`` and ``given_up``, in all and by queue: ``retry/wakeups``."""
        self._world = world
        self._queues: dict[str, TaskQueue] = {}
        self._made = 0
        self._poster = Poster(world, "tasks")

    async def close(self) -> None:
        """Close the connections to the targets."""
        await self._poster.close()

    def handlers(self) -> dict[str, Handler]:
        """Return who answers each RPC. App Engine targets, batches, IAM and keys are not simulated."""
        return {
            "CreateQueue": self._create_queue,
            "GetQueue": lambda request: self._queue(as_pb(request).name).settings,
            "UpdateQueue": self._update_queue,
            "ListQueues": self._list_queues,
            "DeleteQueue": self._delete_queue,
            "PurgeQueue": self._purge_queue,
            "PauseQueue": self._pause_queue,
            "ResumeQueue": self._resume_queue,
            "CreateTask": self._create_task,
            "GetTask": self._get_task,
            "ListTasks": self._list_tasks,
            "DeleteTask": self._delete_task,
            "RunTask": self._run_task,
        }

    def snapshot(self) -> dict[str, object]:
        """Return queue -> its settings and the requests that wait, without times."""
        return {
            name: {
                "settings": json_format.MessageToDict(held.settings),
                "tasks": {job.task.name.rsplit("/", 1)[1]: job.task.http_request.url for job in held.jobs.values()},
            }
            for name, held in sorted(self._queues.items())
        }

    # Queues ----------------------------------------------------------------------------------------------

    def _queue(self, name: str) -> TaskQueue:
        if name not in self._queues:
            raise ApiError("NOT_FOUND", f"Queue does not exist: {name}")
        return self._queues[name]

    def _create_queue(self, message: Any) -> Pb:
        request = as_pb(message)
        settings = request.queue
        if not _QUEUE.fullmatch(settings.name) or not settings.name.startswith(f"{request.parent}/queues/"):
            raise ApiError("INVALID_ARGUMENT", f'Invalid queue name "{settings.name}" in {request.parent}.')
        if settings.name in self._queues:
            raise ApiError("ALREADY_EXISTS", f"Queue already exists: {settings.name}")
        if settings.HasField("http_target") or settings.HasField("app_engine_routing_override"):
            raise ApiError("UNIMPLEMENTED", "targets and routing of a queue are not simulated")
        _fill(settings.rate_limits, _RATES)
        _fill(settings.retry_config, _RETRIES)
        settings.state = _RUNNING
        self._queues[settings.name] = TaskQueue(self._world, settings, self._post, self.counts)
        return settings

    def _update_queue(self, message: Any) -> Pb:
        request = as_pb(message)
        settings = self._queue(request.queue.name).settings
        paths = set(request.update_mask.paths)
        if not paths or any(path.split(".")[0] not in {"rate_limits", "retry_config"} for path in paths):
            raise ApiError("INVALID_ARGUMENT", "update_mask may name rate_limits and retry_config.")
        request.update_mask.MergeMessage(request.queue, settings, replace_message_field=True)
        _fill(settings.rate_limits, _RATES)
        _fill(settings.retry_config, _RETRIES)
        return settings

    def _list_queues(self, message: Any) -> Pb:
        request = as_pb(message)
        names, token = _page((name for name in self._queues if name.startswith(f"{request.parent}/")), request)
        return types.ListQueuesResponse.pb()(
            queues=[self._queues[name].settings for name in names], next_page_token=token
        )

    def _delete_queue(self, message: Any) -> None:
        name = as_pb(message).name
        self._queue(name).purge()
        del self._queues[name]

    def _purge_queue(self, message: Any) -> Pb:
        held = self._queue(as_pb(message).name)
        held.purge()
        return held.settings

    def _pause_queue(self, message: Any) -> Pb:
        held = self._queue(as_pb(message).name)
        held.settings.state = PAUSED
        return held.settings

    def _resume_queue(self, message: Any) -> Pb:
        held = self._queue(as_pb(message).name)
        held.settings.state = _RUNNING
        held.resume()
        return held.settings

    # Tasks -----------------------------------------------------------------------------------------------

    def _job(self, name: str) -> tuple[TaskQueue, Job]:
        held = self._queue(name.split("/tasks/", 1)[0])
        if name not in held.jobs:
            raise ApiError("NOT_FOUND", f"Requested entity was not found: {name}")
        return held, held.jobs[name]

    def _create_task(self, message: Any) -> Pb:
        request = as_pb(message)
        held, asked = self._queue(request.parent), request.task
        if not asked.name:
            self._made += 1
            asked.name = f"{request.parent}/tasks/{self._made:019d}"
        if not _TASK.fullmatch(asked.name) or not asked.name.startswith(f"{request.parent}/tasks/"):
            raise ApiError("INVALID_ARGUMENT", f'Invalid task name "{asked.name}" in {request.parent}.')
        self._check(asked)
        if held.taken(asked.name):
            raise ApiError(
                "ALREADY_EXISTS", f"The task cannot be created because a task of this name was: {asked.name}"
            )
        _fill(asked, {"dispatch_deadline": timedelta(seconds=DEADLINE)})
        asked.http_request.http_method = asked.http_request.http_method or target.HttpMethod.POST
        asked.create_time.FromDatetime(self._world.now)
        if not asked.HasField("schedule_time"):
            asked.schedule_time.FromDatetime(self._world.now)
        held.add(asked)
        return self._view(asked, request)

    def _check(self, asked: Pb) -> None:
        if not asked.HasField("http_request"):
            raise ApiError("UNIMPLEMENTED", "only tasks with an HTTP target are simulated")
        if not re.match("https?://", asked.http_request.url):
            raise ApiError("INVALID_ARGUMENT", f'HttpRequest.url "{asked.http_request.url}" is not an HTTP URL.')
        if asked.ByteSize() > MAX_TASK:
            raise ApiError("INVALID_ARGUMENT", f"Task size too large: {asked.ByteSize()} bytes, at most {MAX_TASK}.")
        latest = self._world.now + HORIZON
        if asked.HasField("schedule_time") and asked.schedule_time.ToDatetime(tzinfo=UTC) > latest:
            raise ApiError("INVALID_ARGUMENT", f"schedule_time is over {HORIZON.days} days in the future.")
        deadline = asked.dispatch_deadline.ToTimedelta().total_seconds() or DEADLINE
        if not SHORTEST_DEADLINE <= deadline <= LONGEST_DEADLINE:
            raise ApiError("INVALID_ARGUMENT", "dispatch_deadline must be 15 s to 30 min.")

    def _view(self, whole: Pb, request: Pb) -> Pb:
        seen = type(whole)()
        seen.CopyFrom(whole)
        seen.view = request.response_view or task.Task.View.BASIC
        if seen.view != _FULL:
            seen.http_request.ClearField("body")
        return seen

    def _get_task(self, message: Any) -> Pb:
        request = as_pb(message)
        return self._view(self._job(request.name)[1].task, request)

    def _list_tasks(self, message: Any) -> Pb:
        request = as_pb(message)
        jobs = self._queue(request.parent).jobs
        names, token = _page(jobs, request)
        seen = [self._view(jobs[name].task, request) for name in names]
        return types.ListTasksResponse.pb()(tasks=seen, next_page_token=token)

    def _delete_task(self, message: Any) -> None:
        name = as_pb(message).name
        self._job(name)[0].remove(name)

    def _run_task(self, message: Any) -> Pb:
        request = as_pb(message)
        held, job = self._job(request.name)
        held.run(job)
        return self._view(job.task, request)

    async def _post(self, posted: Pb, headers: Mapping[str, str]) -> int:
        """Make the task's request; return the HTTP status, 0 if there was no answer."""
        if self._poster.is_closed:
            return 0
        request = posted.http_request
        asked = {name: value for name, value in request.headers.items() if not _OURS.fullmatch(name)}
        if request.body and not any(name.lower() == "content-type" for name in asked):
            asked["Content-Type"] = "application/octet-stream"
        if request.WhichOneof("authorization_header"):
            asked["Authorization"] = "Bearer local"
        # Wall time, for virtual time stands still while the target works.
        seconds = posted.dispatch_deadline.ToTimedelta().total_seconds()
        verb = target.HttpMethod(request.http_method).name
        try:
            return await self._poster.request(verb, request.url, request.body, {**asked, **headers}, seconds)
        except NoAnswerError:
            return 0


def tasks_wire(world: World, tasks: Tasks) -> Wire:
    """Return the host that speaks Cloud Tasks over gRPC and REST."""
    handlers = tasks.handlers()
    known = rpcs.load("google.cloud.tasks_v2", "cloud_tasks", "CloudTasksClient")
    wire = Wire(world, HOST)
    # Only its own: the client also lists the shared operations service, which is another's to answer.
    wire.serve({name: rpc for name, rpc in known.items() if name in handlers}, handlers)
    return wire
