"""A container that is one curl: what it asks for, and what it leaves behind. Pure.

Understood: ``curl [options] URL``, alone or as ``sh -c 'curl ... > FILE'`` with one redirect. As with the real program,
``-w`` goes to stdout, so it reaches the termination log only through a redirect or ``%output{FILE}``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from infra.local.cloud.kube.controllers.hooks import Outcome

_SHELLS = ("sh", "/bin/sh", "bash", "/bin/bash", "ash")
_VALUES = {
    "-o": "output", "--output": "output", "-w": "write", "--write-out": "write", "-X": "method", "--request": "method",
    "-H": "header", "--header": "header", "-d": "data", "--data": "data", "--data-raw": "data",
    "--data-binary": "data", "--json": "json", "-m": "max_time", "--max-time": "max_time",
    "--connect-timeout": "connect_timeout", "--retry": "retry", "--retry-delay": "retry_delay",
    "--retry-max-time": "retry_max_time", "-A": "agent", "--user-agent": "agent", "--url": "url",
}  # fmt: skip
_SWITCHES = {
    "-s": "silent", "--silent": "silent", "-S": "show_error", "--show-error": "show_error", "-f": "fail",
    "--fail": "fail", "--fail-with-body": "fail_with_body", "--retry-connrefused": "retry_refused",
    "--retry-all-errors": "retry_all", "-i": "include", "--include": "include", "-v": "verbose", "-L": "location",
    "--location": "location", "-4": "ipv4", "--ipv4": "ipv4", "--no-progress-meter": "silent",
}  # fmt: skip
_TRANSIENT = (408, 429, 500, 502, 503, 504)
_ERROR = 400


@dataclass(frozen=True)
class Curl:
    """One call of curl, parsed."""

    url: str
    values: Mapping[str, str]
    switches: frozenset[str]
    headers: Mapping[str, str]
    data: str | None = None
    redirect: str = ""
    """The file that a shell sends stdout to."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.values.get("method") or ("GET" if self.data is None else "POST")

    @property
    def host(self) -> str:
        """The host of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of the URL."""
        return urlsplit(self.url).port or (443 if self.url.startswith("https:") else 80)

    @property
    def path(self) -> str:
        """The path of the URL."""
        return urlsplit(self.url).path or "/"

    def seconds(self, name: str, default: float) -> float:
        """Return an option that is a time."""
        return float(self.values.get(name) or default)


@dataclass(frozen=True)
class Got:
    """What one attempt brought: an HTTP answer, or curl's own error."""

    status: int = 0
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    error: int = 0
    """curl's exit code when there was no answer."""
    message: str = ""
    seconds: float = 0.0


class NotCurl(ValueError):  # noqa: N818 - it says what the program is, and is always caught
    """The container runs something else, or curl in a way that is not understood here."""


def parse(container: Mapping[str, Any]) -> Curl:
    """Read a container's command; raise NotCurl if it is not a single curl."""
    known = {v["name"]: str(v.get("value", "")) for v in container.get("env") or ()}
    words = (*(container.get("command") or ()), *(container.get("args") or ()))
    line = [re.sub(r"\$\((\w+)\)", lambda m: known.get(m[1], m[0]), str(word)) for word in words]
    redirect = ""
    if line and line[0] in _SHELLS and any(re.fullmatch(r"-[a-z]*c", word) for word in line[1:-1]):
        line, redirect = _from_shell(re.sub(r"\$\{?(\w+)\}?", lambda m: known.get(m[1], ""), line[-1]))
    if line and not line[0].endswith("curl") and _is_curl_image(container) and line[0].startswith(("-", "http")):
        line = ["curl", *line]
    if not line or line[0].rsplit("/", 1)[-1] != "curl":
        raise NotCurl(f"this cloud cannot run {shlex.join(line[:3]) or 'the default command of an image'}")
    return _options(line[1:], redirect)


def _is_curl_image(container: Mapping[str, Any]) -> bool:
    return "curl" in str(container.get("image", "")).rsplit("/", 1)[-1]


def _from_shell(script: str) -> tuple[list[str], str]:
    lexer = shlex.shlex(script.replace("\\\n", " ").strip(), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    line = list(lexer)
    redirect = ""
    if ">" in line:
        place = line.index(">")
        if len(line) != place + 2:
            raise NotCurl("this cloud's shell takes a redirect only at the very end")
        line, redirect = line[:place], line[place + 1]
    if any(set(word) <= set("();<>|&") and word for word in line):
        raise NotCurl(f"this cloud's shell runs one curl with one redirect, not: {script}")
    return line, redirect


def _options(words: Sequence[str], redirect: str) -> Curl:
    values: dict[str, str] = {}
    switches: set[str] = set()
    headers: dict[str, str] = {}
    data: list[str] = []
    rest = list(words)
    while rest:
        name, value = _next(rest)
        if name in _SWITCHES:
            switches.add(_SWITCHES[name])
        elif name not in _VALUES:
            raise NotCurl(f"curl: option {name}: is unknown")
        elif _VALUES[name] == "header":
            key, _, text = value.partition(":")
            headers[key.strip().lower()] = text.strip()
        elif _VALUES[name] in ("data", "json"):
            if value.startswith("@"):
                raise NotCurl(f"this cloud's curl reads no data from files: {value}")
            data.append(value)
            headers.setdefault("content-type", _type_of(_VALUES[name]))
        else:
            values[_VALUES[name]] = value
    if "url" not in values:
        raise NotCurl("curl: (2) no URL specified")
    url = values["url"] if "://" in values["url"] else f"http://{values['url']}"
    return Curl(url, values, frozenset(switches), headers, "&".join(data) if data else None, redirect)


def _type_of(option: str) -> str:
    return "application/json" if option == "json" else "application/x-www-form-urlencoded"


def _next(rest: list[str]) -> tuple[str, str]:
    """Take the next option off the line; bundled switches like -sSf come apart."""
    word = rest.pop(0)
    if not word.startswith("-"):
        return "--url", word
    if word.startswith("--"):
        name, equals, given = word.partition("=")
        if equals and name in _VALUES:
            raise NotCurl(f"curl: option {word}: is unknown")
        return name, (rest.pop(0) if name in _VALUES and rest else given)
    if word[:2] in _VALUES:
        return word[:2], word[2:] or (rest.pop(0) if rest else "")
    if len(word) > 2:  # noqa: PLR2004 - a dash and one letter
        rest.insert(0, f"-{word[2:]}")
    return word[:2], ""


def worth_retrying(call: Curl, got: Got) -> bool:
    """Say whether curl counts this outcome as transient."""
    if "retry_all" in call.switches:
        return bool(got.error) or got.status >= _ERROR
    if got.error == 7:  # noqa: PLR2004 - curl's code for a refused connection
        return "retry_refused" in call.switches
    return got.error == 28 or got.status in _TRANSIENT  # noqa: PLR2004 - curl's code for a timeout


def outcome(call: Curl, got: Got) -> Outcome:
    """Say what is left when curl has ended: exit code, log, termination message."""
    failed = got.status >= _ERROR and bool({"fail", "fail_with_body"} & call.switches)
    code = got.error or (22 if failed else 0)
    files: dict[str, str] = {}
    hidden = bool(got.error) or (failed and "fail" in call.switches)
    shown = "" if hidden else _head(call, got) + got.body
    target = call.values.get("output", "-")
    if not hidden and target != "-":
        files[target] = shown
    stdout = shown if target == "-" else ""
    stdout += _written(call.values.get("write", ""), got, code, files)
    stderr = _complaint(call, got) if code else ""
    if call.redirect:
        files[call.redirect] = stdout
        stdout = ""
    return Outcome(code, stdout + stderr, files.get("/dev/termination-log", ""))


def _head(call: Curl, got: Got) -> str:
    if "include" not in call.switches:
        return ""
    lines = [f"HTTP/1.1 {got.status}", *(f"{k}: {v}" for k, v in got.headers.items())]
    return "\r\n".join(lines) + "\r\n\r\n"


def _complaint(call: Curl, got: Got) -> str:
    if "silent" in call.switches and "show_error" not in call.switches:
        return ""
    if got.error:
        return f"curl: ({got.error}) {got.message}\n"
    return f"curl: (22) The requested URL returned error: {got.status}\n"


def _written(text: str, got: Got, code: int, files: dict[str, str]) -> str:
    """Expand ``-w``; what follows ``%output{FILE}`` goes to that file."""
    plain = text.replace("\\n", "\n").replace("\\t", "\t")
    facts = {
        "http_code": f"{got.status:03d}", "response_code": f"{got.status:03d}", "exitcode": str(code),
        "time_total": f"{got.seconds:.6f}", "size_download": str(len(got.body)),
        "content_type": got.headers.get("content-type", ""), "errormsg": got.message,
    }  # fmt: skip
    plain = re.sub(r"%header\{([^}]*)\}", lambda m: got.headers.get(m[1].lower(), ""), plain)
    plain = re.sub(r"%\{(\w+)\}", lambda m: facts.get(m[1], ""), plain)
    stdout, *parts = re.split(r"%output\{", plain)
    for part in parts:
        name, _, content = part.partition("}")
        files[name.removeprefix(">>")] = files.get(name, "") + content if name.startswith(">>") else content
    return stdout
