"""The only composition root: settings in, collaborators out. Each of them is connected when it is first used.

So a function that never looks at clusters never pays for their clients, and a cold start stays short.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from shared.adapters.clock import clock_at
from shared.adapters.firestore import FirestoreDocuments, connect
from shared.adapters.pubsub import PubSubBus
from shared.adapters.tasks import CloudTasksTimers
from shared.domain.catalog import Catalog
from shared.domain.desired import FleetSpec, Spec
from shared.domain.graph import ResourceGraph
from shared.domain.policy import Policy
from shared.ports import Bus, Chat, Clock, Documents, Metrics, Providers, Quotas, Resolver, Timers, Views
from shared.services import Compile, Services
from shared.settings import Settings

T = TypeVar("T")
_KEPT = 8
_GRAPHS = 64
"""Compiled graphs that a process keeps."""


class _Lazy(Generic[T]):
    """Stands for a collaborator until somebody needs it; made once, whoever asks first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: T | None = None

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)


def lazily(make: Callable[[], T]) -> T:
    """Return what ``make`` returns, made at its first use."""
    return cast("T", _Lazy(make))


@dataclass(frozen=True)
class BotWorks:
    """What the bot works with: it publishes and reads, and has neither a voice in Slack nor a cloud to change."""

    bus: Bus
    documents: Documents
    clock: Clock
    settings: Settings
    catalog: Catalog
    views: Views


@lru_cache(maxsize=_KEPT)
def services(settings: Settings) -> Services:
    """Return the functions' collaborators; the same settings give the same ones."""
    return Services(
        documents=_documents(settings),
        bus=_bus(settings),
        timers=_timers(settings),
        providers=lazily(lambda: _providers(settings)),
        quotas=lazily(lambda: _quotas(settings)),
        metrics=lazily(lambda: _metrics(settings)),
        resolver=lazily(lambda: _resolver(settings)),
        chat=lazily(lambda: _chat(settings)),
        clock=clock_at(settings.time_url),
        policy=lambda: _policy(settings.policy_file),
        compile=_compile(settings),
        catalog=lazily(_catalog),
        site=settings.site,
        channel=settings.channel,
        hf_token_secret=settings.hf_token_secret,
    )


@lru_cache(maxsize=_KEPT)
def bot_services(settings: Settings) -> BotWorks:
    """Return the bot's collaborators."""
    return BotWorks(
        bus=_bus(settings),
        documents=_documents(settings),
        clock=clock_at(settings.time_url),
        settings=settings,
        catalog=lazily(_catalog),
        views=lazily(lambda: _views(settings)),
    )


def _documents(settings: Settings) -> Documents:
    def make() -> Documents:
        return FirestoreDocuments(connect(settings.project, settings.database, settings.firestore_endpoint))

    return lazily(make)


def _bus(settings: Settings) -> Bus:
    def make() -> Bus:
        return PubSubBus(settings.project, settings.pubsub_endpoint)

    return lazily(make)


def _timers(settings: Settings) -> Timers:
    def make() -> Timers:
        return CloudTasksTimers(
            settings.project,
            settings.queue,
            settings.tasks_endpoint,
            settings.pubsub_rest_endpoint,
            settings.tasks_account,
        )

    return lazily(make)


def _catalog() -> Catalog:
    from shared.catalog.load import load  # noqa: PLC0415 - pydantic and the files, only where figures are needed

    return load()


def _compile(settings: Settings) -> Compile:
    from shared.domain.compile import compile_desired  # noqa: PLC0415 - imported where it is bound

    kept: dict[str, ResourceGraph] = {}

    def compiled(path: str, spec: Spec | None, fleet: FleetSpec | None) -> ResourceGraph:
        """Compile once per state of the documents: most rounds look at what has not changed."""
        state = f"{path} {spec!r} {fleet!r}"
        if state not in kept:
            if len(kept) >= _GRAPHS:
                kept.clear()
            kept[state] = compile_desired(path, spec, fleet, settings.site, _catalog())
        return kept[state]

    return compiled


def _policy(path: str) -> Policy:
    found = Path(path)
    return _policy_at(path, found.stat().st_mtime_ns if path and found.is_file() else 0)


@lru_cache(maxsize=_KEPT)
def _policy_at(path: str, _changed: int) -> Policy:
    from shared.policy_file import read_policy  # noqa: PLC0415 - only where something is judged

    return read_policy(path)


def _providers(settings: Settings) -> Providers:
    from shared.adapters.compute import Compute  # noqa: PLC0415 - the clouds' doors, at the first look
    from shared.adapters.fleet import Fleet  # noqa: PLC0415
    from shared.adapters.gke import Gke  # noqa: PLC0415
    from shared.adapters.google import tokens  # noqa: PLC0415
    from shared.adapters.kube import Kube  # noqa: PLC0415
    from shared.adapters.monitoring import Monitoring  # noqa: PLC0415
    from shared.adapters.project import Project  # noqa: PLC0415
    from shared.adapters.secrets import Secrets  # noqa: PLC0415
    from shared.adapters.storage import Storage  # noqa: PLC0415
    from shared.providers.checks import grants_of  # noqa: PLC0415
    from shared.providers.cloud import CloudProviders  # noqa: PLC0415

    secrets = Secrets(settings.secrets_endpoint)
    return CloudProviders(
        gke=Gke(settings.container_endpoint, settings.project),
        compute=Compute(settings.compute_endpoint, settings.project),
        fleet=Fleet(settings.hub_endpoint, settings.project),
        kube=Kube(tokens(settings.container_endpoint)),
        project=Project(settings.serviceusage_endpoint, settings.resourcemanager_endpoint, settings.project),
        storage=Storage(settings.storage_endpoint),
        monitoring=Monitoring(settings.monitoring_endpoint, settings.project),
        grants=grants_of(_catalog(), settings.site),
        secret_value=secrets.value,
        site=settings.site,
        kube_scheme=settings.kube_scheme,
        gateway=settings.gateway_endpoint,
    )


def _quotas(settings: Settings) -> Quotas:
    from shared.adapters.compute import Compute  # noqa: PLC0415 - only a proposal asks
    from shared.adapters.quotas import CloudQuotas  # noqa: PLC0415

    return CloudQuotas(Compute(settings.compute_endpoint, settings.project), settings.quotas_endpoint, settings.project)


def _metrics(settings: Settings) -> Metrics:
    from shared.adapters.prometheus import Prometheus  # noqa: PLC0415 - only incidents measures

    return Prometheus(settings.prometheus_endpoint, settings.project, _catalog().engine())


def _resolver(settings: Settings) -> Resolver:
    from shared.adapters.registry import Registry  # noqa: PLC0415 - only a deploy asks
    from shared.adapters.resolver import CloudResolver  # noqa: PLC0415
    from shared.adapters.secrets import Secrets  # noqa: PLC0415

    return CloudResolver(Registry(settings.registry_endpoint), lazily(lambda: Secrets(settings.secrets_endpoint)))


def _chat(settings: Settings) -> Chat:
    from shared.adapters.slack import SlackChat  # noqa: PLC0415 - only notify and sweep speak to Slack

    return SlackChat(settings.bot_token, settings.slack_endpoint)


def _views(settings: Settings) -> Views:
    from shared.adapters.slack_views import SlackViews  # noqa: PLC0415 - only the bot shows views

    return SlackViews(settings.bot_token, settings.slack_endpoint)
