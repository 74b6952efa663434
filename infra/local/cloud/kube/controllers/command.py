"""Reading a container's command line: programs, flags, model servers. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

_MODEL_FLAGS = ("--model", "--model-path", "--model-id")
SERVING_PORT = 8000


def words(container: Mapping[str, Any]) -> list[str]:
    """Return command and args as one list; what a shell is given as a string is split, too."""
    found: list[str] = []
    for word in [*(container.get("command") or ()), *(container.get("args") or ())]:
        text = str(word)
        found += _split(text) if " --" in text or "\n" in text else [text]
    return found


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text.replace("\\\n", " "))
    except ValueError:
        return text.split()


def flag(line: Sequence[str], name: str) -> list[str]:
    """Return the values of a flag, written ``--name=value`` or ``--name value value``; the last one counts."""
    values: list[str] = []
    for place, word in enumerate(line):
        if word.startswith(f"{name}="):
            values = [word.split("=", 1)[1]]
        elif word == name:
            values = []
            for following in line[place + 1 :]:
                if following.startswith("-"):
                    break
                values.append(following)
    return values


def model_of(container: Mapping[str, Any]) -> str:
    """Return the model that a server loads, empty when it is none."""
    line = words(container)
    for name in _MODEL_FLAGS:
        if values := flag(line, name):
            return values[0]
    # The short form: vllm serve MODEL.
    served = [line[i + 1] for i, word in enumerate(line[:-1]) if word == "serve"]
    return served[0] if served and not served[0].startswith("-") else ""


def served_names(container: Mapping[str, Any]) -> list[str]:
    """Return the names that a server answers to, adapters included."""
    line = words(container)
    model = model_of(container)
    names = flag(line, "--served-model-name") or ([model] if model else [])
    return names + [word.split("=", 1)[0] for word in flag(line, "--lora-modules") if "=" in word]


def serving_port(container: Mapping[str, Any]) -> int:
    """Return the port that a model server listens on."""
    values = flag(words(container), "--port")
    return int(values[0]) if values and values[0].isdigit() else SERVING_PORT


def is_engine(container: Mapping[str, Any]) -> bool:
    """Say whether a container is a model server."""
    return bool(model_of(container))


def engine_of(pod: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the model server's container of a pod."""
    return next((c for c in pod["spec"].get("containers", ()) if is_engine(c)), None)


def is_picker(container: Mapping[str, Any]) -> bool:
    """Say whether a container is an endpoint picker."""
    return bool(flag(words(container), "--pool-name"))


def port_number(container: Mapping[str, Any], port: object) -> int | None:
    """Resolve a port that may be given by its name."""
    if isinstance(port, int):
        return port
    named = (p for p in container.get("ports") or () if p.get("name") == port)
    found = next(named, None)
    return int(found["containerPort"]) if found else (int(str(port)) if str(port).isdigit() else None)
