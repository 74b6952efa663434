"""Cold starts: a fresh interpreter imports a target and connects what its first message needs.

Run once before it is timed, so that bytecode is there, as in a built image. The interpreter's own start is not in it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.local.host import POLICY
from shared.settings import Settings, as_environment
from tests.bench.figures import Figure, median

RUNS = 5
ROOT = Path(__file__).parents[2]
NOWHERE = "127.0.0.1:1"
_FUNCTION = """
import functions.main
from functions import {room}
from shared.settings import read_settings
from shared.wiring import services
works = services(read_settings())
works.documents.get, works.bus.publish
"""
_BOT = """
import bot.main
from bot.app import make_app
from shared.settings import read_settings
from shared.wiring import bot_services
works = bot_services(read_settings())
make_app(works)
works.documents.get, works.bus.publish, works.catalog.models
"""
_JUDGES = "from shared.domain.compile import compile_desired\nworks.policy(), works.catalog.models\n"
_SPEAKS = "works.chat._client\n"
_TIMES = "works.timers.at\n"
_LOOKS = (
    "from shared.domain.compile import compile_desired\n"
    "from kubernetes.client import ApiClient\n"
    "works.catalog.models, works.providers.look\n"
    "works.providers._gke._client, works.providers._fleet._client\n"
)
_RESOLVES = "works.resolver.image\nworks.resolver._registry._client\n"
TARGETS = {
    "bot": (_BOT, 1.2),
    "decide": (_FUNCTION.format(room="decide") + _JUDGES, 1.2),
    "notify": (_FUNCTION.format(room="notify") + _SPEAKS + _TIMES, 1.2),
    "sweep": (_FUNCTION.format(room="sweep") + _SPEAKS, 1.2),
    "propose": (_FUNCTION.format(room="propose") + _JUDGES + _RESOLVES, 1.6),
    "reconcile": (_FUNCTION.format(room="reconcile") + _TIMES + _LOOKS, 1.6),
}
"""Target -> what it does before its first message (Compute comes in at first use only), and its budget in seconds."""


def cold() -> list[Figure]:
    """Measure every target, the median of five runs."""
    return [_figure(target, code, budget) for target, (code, budget) in TARGETS.items()]


def _figure(target: str, code: str, budget: float) -> Figure:
    runs = [_run(code) for _ in range(RUNS + 1)][1:]
    found = median([wall for wall, _ in runs])
    detail = (
        f"runs: {', '.join(f'{wall:.2f}' for wall, _ in runs)}; of the processor {median([c for _, c in runs]):.2f}"
    )
    return Figure(f"Cold start of {target}", f"{found:.2f} s", f"< {budget} s", found < budget, detail)


def _run(code: str) -> tuple[float, float]:
    """Return the seconds that it took, and those that the processor worked for it: the same without other load."""
    clocks = "time.perf_counter(), time.process_time()"
    timed = f"import time\nbegun = {clocks}\n{code}\nended = {clocks}\nprint(ended[0] - begun[0], ended[1] - begun[1])"
    ran = subprocess.run(  # noqa: S603 - ourselves, with arguments of ours
        [sys.executable, "-c", timed], env=as_environment(_settings()), cwd=ROOT, capture_output=True, check=True
    )
    wall, processor = ran.stdout.split()[-2:]
    return float(wall), float(processor)


def _settings() -> Settings:
    """Return settings with every endpoint where nobody listens."""
    endpoints = {name: NOWHERE for name in Settings.__dataclass_fields__ if name.endswith("_endpoint")}
    http = {
        name: f"http://{NOWHERE}"
        for name in endpoints
        if name.split("_")[0] in {"compute", "storage", "serviceusage", "resourcemanager", "quotas"}
    }
    return Settings(
        project="demo",
        project_number="1",
        team="T1",
        channel="C1",
        signing_secret="none",
        bot_token="none",
        policy_file=str(POLICY),
        queue="projects/demo/locations/us-east4/queues/rounds",
        **{**endpoints, **http},
    )
