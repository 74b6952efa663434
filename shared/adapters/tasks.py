"""Timers over Cloud Tasks: a named task posts the message straight to its topic when it comes due."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from shared.adapters.google import grpc_client
from shared.adapters.pubsub import pack
from shared.domain.messages import Message

PUBSUB = "https://pubsub.googleapis.com"


class CloudTasksTimers:
    """Keeps ``ports.Timers``."""

    def __init__(self, project: str, queue: str, endpoint: str, pubsub_url: str, account: str) -> None:
        self._queue = queue
        self._topics = f"{pubsub_url or PUBSUB}/v1/projects/{project}/topics"
        self._account = account
        from google.cloud.tasks_v2 import CloudTasksClient  # noqa: PLC0415 - imported where it is used

        self._client = grpc_client(CloudTasksClient, endpoint)

    def at(self, when: datetime, name: str, topic: str, message: Message) -> None:
        """Have the message published at that time; a second timer of the same name is the same timer."""
        from google.api_core.exceptions import Conflict  # noqa: PLC0415 - imported where it is used

        task = {
            "name": f"{self._queue}/tasks/{name}",
            "schedule_time": when,
            "http_request": self._request(topic, message),
        }
        try:
            self._client.create_task(parent=self._queue, task=task)
        except Conflict:
            return

    def _request(self, topic: str, message: Message) -> dict[str, Any]:
        data = base64.b64encode(pack(message)).decode()
        body = {"messages": [{"data": data, "attributes": {"type": type(message).__name__}}]}
        request: dict[str, Any] = {
            "url": f"{self._topics}/{topic}:publish",
            "http_method": "POST",
            "headers": {"content-type": "application/json"},
            "body": json.dumps(body).encode(),
        }
        if self._account:
            scope = "https://www.googleapis.com/auth/pubsub"
            request["oauth_token"] = {"service_account_email": self._account, "scope": scope}
        return request
