"""How long Slack waits for the bot: signed commands and clicks over HTTP, 50 a second, on a bot that is warm.

Three processes on one machine, as the three would be apart in earnest: the bot, the cloud that it publishes to and
reads from, and the sender. No function listens, so that only the bot's own work is measured. Requests leave at fixed
times whether or not earlier ones were answered, and each is timed from when it was due: a slow answer cannot hide the
wait of those behind it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from infra.local.cloud.cloud import SIGNING_SECRET
from infra.local.cloud.slack_people import People
from infra.local.host import Host
from infra.local.people import OPS
from shared.settings import as_environment
from tests.bench.figures import Figure, median, percentile
from tests.bench.places import ASKER, counting, propose, silence

REQUESTS, PER_SECOND, WARMING = 300, 50, 42
P99, LONGEST = 0.150, 1.0
ASKED = "deploy llama3-8b us-east4,europe-west3"


def acknowledged() -> list[Figure]:
    """Measure a third each of: a command that publishes, a click that publishes a vote, a command that reads."""
    with Host() as host:
        proposal = propose(host, ASKED)
        silence(host)
        kinds = [_command(host, ASKED), _click(host, proposal), _command(host, "status")]
        bodies = [urlencode(_pressed(kinds[i % len(kinds)], i)) for i in range(WARMING + REQUESTS)]
        with _bot(host) as url:
            _send(url, bodies[:WARMING])
            with counting(host.cloud) as asked:
                sent = _send(url, bodies[WARMING:])
    _check(sent, asked)
    times = [seconds for seconds, _ in sent]
    p99, longest = percentile(times, 0.99), max(times)
    measured = f"median {median(times) * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, longest {longest * 1e3:.0f} ms"
    return [
        Figure(
            f"Command or click → acknowledged, {PER_SECOND}/s ({REQUESTS} signed requests)",
            measured,
            "p99 < 150 ms, none over 1 s",
            p99 < P99 and longest <= LONGEST,
            "; ".join(f"{name} median {median(times[i::3]) * 1e3:.0f} ms" for i, name in enumerate(_NAMES)),
        )
    ]


_NAMES = ("deploy", "click", "status")


def _pressed(form: dict[str, str], number: int) -> dict[str, str]:
    """Return the form as one press of a key, so that none is a repetition of another."""
    trigger = f"t{number}"
    if "payload" not in form:
        return {**form, "trigger_id": trigger}
    return {"payload": json.dumps({**json.loads(form["payload"]), "trigger_id": trigger})}


def _check(sent: list[tuple[float, int]], asked: Counter[str]) -> None:
    """See that the bot did its work: every request acknowledged, and every command and click published once."""
    refused = [status for _, status in sent if status != 200]
    published, due = asked["pubsub/Publish"], REQUESTS * 2 // 3
    if refused or published != due:
        raise RuntimeError(f"{len(refused)} requests refused ({set(refused)}); {published} of {due} published")


def _command(host: Host, text: str) -> dict[str, str]:
    people = host.cloud.slack.people
    person, place = people.who(ASKER, OPS)
    return {
        "team_id": people.workspace.team_id,
        "channel_id": place.id,
        "channel_name": place.name,
        "user_id": person.id,
        "user_name": person.name,
        "command": "/infer",
        "text": text,
        "response_url": f"{host.cloud.slack.url}/response/none",
    }


def _click(host: Host, proposal: str) -> dict[str, str]:
    people: People = host.cloud.slack.people
    person, place = people.who(ASKER, OPS)
    seen = next(m for m in host.cloud.slack.messages(OPS) if f"Proposal `{proposal}`" in m.text)
    payload: dict[str, Any] = {
        **people.envelope("block_actions", person),
        **people.spot(seen, place),
        "actions": [people.action(seen.blocks, {}, "approve")],
        "response_url": f"{host.cloud.slack.url}/response/none",
    }
    return {"payload": json.dumps(payload)}


@contextmanager
def _bot(host: Host) -> Iterator[str]:
    """Run the bot in a process of its own; yield its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bot_process"],
        env=as_environment(host.settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def _send(url: str, bodies: list[str]) -> list[tuple[float, int]]:
    """Send them from a process of its own; return how long each took, and its status."""
    stamp = str(int(time.time()))
    signed = [(body, stamp, _signature(stamp, body)) for body in bodies]
    ran = subprocess.run(  # noqa: S603 - ourselves, with arguments of ours
        [sys.executable, "-m", "tests.bench.sender", url, str(PER_SECOND)],
        input=json.dumps(signed),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(seconds, status) for seconds, status in json.loads(ran.stdout)]


def _signature(stamp: str, body: str) -> str:
    return "v0=" + hmac.new(SIGNING_SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
