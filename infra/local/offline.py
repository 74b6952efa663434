"""Plans and manifests without any service: the product's own grammar, pricing and compiling, where nothing is yet.

What only a service can tell (digests, quota, the token's version) stays a tag, unknown, or a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.grammar import parse
from bot.reads import DryRun
from functions.propose import PROBE_IMAGE
from infra.local.render import render
from shared.blocks.plan import plan_only_card
from shared.blocks.view import View
from shared.catalog.load import load
from shared.domain.amend import Estate, Release, amend, target_of
from shared.domain.catalog import Catalog
from shared.domain.compile import compile_desired
from shared.domain.desired import FLEET_PATH, FleetSpec, Spec
from shared.domain.drafting import draft, needs
from shared.domain.errors import InferError
from shared.domain.graph import ResourceGraph
from shared.domain.intents import Deploy, Intent
from shared.domain.proposals import Change, Proposal, State, proposal_id
from shared.domain.quotes import QuotaFinding
from shared.domain.site import Site
from shared.domain.verdicts import AskFirst

SITE = Site("PROJECT", "000000000000", repository="us-docker.pkg.dev/PROJECT/inferops")
TOKEN = "projects/PROJECT/secrets/hf-token/versions/latest"  # noqa: S105 - a name
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = Estate({})


class RefusedError(Exception):
    """The words cannot be meant; the text says why and shows the right form."""


def plan(words: str) -> str:
    """Return the plan card's text for a command such as ``deploy llama3-8b us-east4``. Raises RefusedError."""
    catalog = load()
    intent, changes = _changes(words, catalog)
    quota = tuple(
        QuotaFinding(region, metric, need, None, None) for (region, metric), need in needs(changes, catalog).items()
    )
    made = draft(changes, _NOTHING, _compiled, quota, catalog)
    proposal = Proposal(
        id=proposal_id(intent.id),
        intent=intent,
        changes=made.changes,
        summary=made.summary,
        counts=made.counts,
        quote=made.quote,
        gate=AskFirst("offline", (), 0, _EPOCH, _EPOCH),
        digest=made.digest("offline", ""),
        created_at=_EPOCH,
        deployment=target_of(intent, _NOTHING),
        channel="",
    )
    return _plain(plan_only_card(View(proposal, State.PLAN_ONLY)).text) + f"\nPrices: {made.quote.catalogue}"


def _plain(text: str) -> str:
    """Return a card's text as a terminal shows it, without what is said of a proposal: offline there is none."""
    lines = [line for line in text.split("\n") if not line.startswith(("*Only a plan", "Proposal `"))]
    return re.sub(r"[*`]", "", "\n".join(lines))


def manifests(words: str) -> Mapping[str, str]:
    """Return file -> text of every Kubernetes object that a deploy needs. Raises RefusedError."""
    _, changes = _changes(words, load())
    fleet = next((change.after for change in changes if change.path == FLEET_PATH), None)
    graph = ResourceGraph()
    for change in changes:
        graph = graph | _compiled(change.path, change.after, fleet if isinstance(fleet, FleetSpec) else None)
    return render(graph)


def _changes(words: str, catalog: Catalog) -> tuple[Intent, tuple[Change, ...]]:
    try:
        said = parse(words.strip().removeprefix("/infer").strip(), catalog)
        ask = said.ask if isinstance(said, DryRun) else said
        if not isinstance(ask, Deploy):
            example = "for example: deploy llama3-8b us-east4"
            raise RefusedError(f"offline there is nothing that {words or 'nothing'!r} could be about; {example}")
        intent = Intent("offline", ask, "", "", _EPOCH, dry_run=True)
        return intent, amend(intent, _NOTHING, catalog, _release(catalog))
    except InferError as error:
        raise RefusedError(str(error)) from error


def _release(catalog: Catalog) -> Release:
    engine = catalog.engine()
    images = (f"{engine.image}:{engine.tag}", f"{engine.picker.image}:{engine.picker.tag}", PROBE_IMAGE)
    server, picker, probe = (f"{SITE.repository}/{image.rpartition('/')[2]}" for image in images)
    return Release(server, picker, probe, TOKEN)


def _compiled(path: str, spec: Spec | None, fleet: FleetSpec | None) -> ResourceGraph:
    return compile_desired(path, spec, fleet, SITE, load())
