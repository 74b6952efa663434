"""What comes back over HTTP inside the cloud, and what a model server says. Pure."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local.cloud.kube.controllers import command


@dataclass(frozen=True)
class Answer:
    """An HTTP response and the seconds that it took. Header names are in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.01


class NoAnswer(enum.Enum):
    """Why there is no HTTP response at all."""

    REFUSED = "refused"
    SILENCE = "silence"
    UNKNOWN_HOST = "unknown host"


def text(status: int, said: str) -> Answer:
    """Return a plain text answer."""
    return Answer(status, said.encode(), {"content-type": "text/plain"})


def in_json(status: int, said: object) -> Answer:
    """Return a JSON answer."""
    return Answer(status, json.dumps(said).encode(), {"content-type": "application/json"})


def _error(status: int, kind: str, message: str) -> Answer:
    return in_json(status, {"error": {"message": message, "type": kind, "param": None, "code": status}})


def engine(container: Mapping[str, Any], where: str, method: str, path: str, body: bytes | None) -> Answer:
    """Answer as the OpenAI-compatible server in this container does; ``where`` tells which one it was."""
    names = command.served_names(container)
    match method, path:
        case "GET", "/health" | "/ping":
            return Answer(200)
        case "GET", "/v1/models":
            data = [{"id": name, "object": "model", "owned_by": "vllm"} for name in names]
            return in_json(200, {"object": "list", "data": data})
        case "POST", "/v1/completions" | "/v1/chat/completions":
            return _completion(names, where, path, body)
        case _, "/health" | "/ping" | "/v1/models" | "/v1/completions" | "/v1/chat/completions":
            return in_json(405, {"detail": "Method Not Allowed"})
        case _:
            return in_json(404, {"detail": "Not Found"})


def _completion(names: list[str], where: str, path: str, body: bytes | None) -> Answer:
    try:
        asked = json.loads(body or b"")
    except ValueError:
        return _error(400, "BadRequestError", "the body is not JSON")
    chat = path.endswith("/chat/completions")
    prompt = asked.get("messages" if chat else "prompt") if isinstance(asked, dict) else None
    if not prompt:
        return _error(400, "BadRequestError", f"{'messages' if chat else 'prompt'}: Field required")
    if asked.get("model") not in names:
        return _error(404, "NotFoundError", f"The model `{asked.get('model')}` does not exist.")
    said = "Paris."
    choice = {"message": {"role": "assistant", "content": said}} if chat else {"text": said}
    tokens = max(1, len(json.dumps(prompt)) // 4)
    reply = {
        "id": "chatcmpl-1" if chat else "cmpl-1",
        "object": "chat.completion" if chat else "text_completion",
        "model": asked["model"],
        "choices": [{"index": 0, **choice, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": tokens, "completion_tokens": 2, "total_tokens": tokens + 2},
        "system_fingerprint": where,
    }
    return in_json(200, reply)
