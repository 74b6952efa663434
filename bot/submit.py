"""Publishes what was heard, and says so. The answer names the proposal that will come, because ids are derived."""

from __future__ import annotations

from dataclasses import dataclass

from bot.reads import Ballot, DryRun
from bot.services import BotServices
from shared.blocks.asks import command_of
from shared.blocks.kit import safe
from shared.domain.errors import TerminalError
from shared.domain.intents import Ask, Intent, intent_id
from shared.domain.messages import IntentSubmitted, VoteCast
from shared.domain.proposals import Proposal, proposal_id
from shared.domain.records import proposal_path
from shared.domain.topics import Topic
from shared.store import read

NOT_HEARD = (
    "Not heard: your message could not be handed on, so nothing was changed. Please try again in a minute. "
    "(Asking twice is safe.)"
)


@dataclass(frozen=True)
class Speaker:
    """Who speaks, where, and what is unique to this one time."""

    user: str
    channel: str
    team: str
    trigger: str


class NotHeardError(Exception):
    """The message could not be handed on. Nothing was changed."""


def submit(said: Ask | DryRun, speaker: Speaker, services: BotServices) -> str:
    """Publish the intent and return what the person is told. Raises NotHeardError."""
    ask, dry_run = (said.ask, True) if isinstance(said, DryRun) else (said, False)
    identity = intent_id(speaker.team, speaker.trigger)
    try:
        intent = Intent(identity, ask, speaker.user, speaker.channel, services.clock(), dry_run)
        services.bus.publish(Topic.INTENTS, IntentSubmitted(intent))
    except Exception as error:
        raise NotHeardError(identity) from error
    where = f" in <#{services.settings.channel}>" if services.settings.channel else ""
    return f"Heard: `{safe(command_of(intent), 600)}`. Its plan comes{where} as proposal `{proposal_id(identity)}`."


def vote(ballot: Ballot, digest: str, speaker: Speaker, services: BotServices) -> str:
    """Publish the vote and return what the person is told. decide judges whether it counts. Raises NotHeardError."""
    one = intent_id(speaker.team, speaker.trigger)
    try:
        cast = VoteCast(ballot.proposal, digest, speaker.user, ballot.approve, services.clock(), speaker.channel, one)
        services.bus.publish(Topic.VOTES, cast)
    except Exception as error:
        raise NotHeardError(ballot.proposal) from error
    verdict = "approval" if ballot.approve else "rejection"
    return f"Heard: your {verdict} of `{ballot.proposal}`. The proposal's card shows whether it counts."


def digest_of(ballot: Ballot, services: BotServices) -> str:
    """Return the digest that a typed vote binds: the proposal's own. Raises TerminalError for an unknown one."""
    proposal = read(Proposal, services.documents.get([proposal_path(ballot.proposal)])[0])
    if proposal is None:
        message = f"there is no proposal {ballot.proposal}; its id stands at the foot of its card"
        raise TerminalError(message, reason="UnknownProposal", field="id")
    return proposal.digest
