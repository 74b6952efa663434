"""The grammar: what is understood, and that every refusal says what, where, and the right form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import reads
from bot.grammar import parse
from bot.help import FORMS, help_text
from shared.catalog.load import load
from shared.domain.errors import TerminalError
from shared.domain.intents import Balance, Delete, Deploy, Rollback, Scale, Tune, Undo

CATALOG = load()
TWO = {"us-east4": None, "europe-west3": None}
IMAGE = f"us-docker.pkg.dev/p/r/vllm@sha256:{'a' * 64}"
BASE = Deploy("llama3-8b", {"us-east4": None}, "llama3-8b")


def said(text: str) -> reads.Said:
    return parse(text, CATALOG)


def refusal(text: str) -> TerminalError | None:
    try:
        parse(text, CATALOG)
    except TerminalError as refused:
        return refused
    return None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("deploy llama3-8b us-east4,europe-west3", Deploy("llama3-8b", TWO, "llama3-8b"), id="two regions"),
        pytest.param("DEPLOY Llama3-8B US-EAST4", BASE, id="capitals"),
        pytest.param("deploy llama3-8b us-east4 , europe-west3", Deploy("llama3-8b", TWO, "llama3-8b"), id="blanks"),
        pytest.param(
            "deploy llama3-8b us-east4=3", Deploy("llama3-8b", {"us-east4": 3}, "llama3-8b"), id="replicas of a region"
        ),
        pytest.param("deploy “llama3-8b” us-east4", BASE, id="smart quotes"),
        pytest.param("deploy `llama3-8b` us-east4", BASE, id="code marks"),
        pytest.param("deploy\u00a0llama3-8b\u00a0us-east4", BASE, id="non-breaking blanks"),
        pytest.param("deploy llama3\u20118b us\u2011east4", BASE, id="non-breaking hyphens"),
        pytest.param(
            "deploy llama3-8b us-east4 as chat",
            Deploy("llama3-8b", {"us-east4": None}, "chat"),
            id="a name of its own",
        ),
        pytest.param(
            "deploy llama-3.1-8b us-east4",
            Deploy("llama-3.1-8b", {"us-east4": None}, "llama-3-1-8b"),
            id="a default name is made valid",
        ),
        pytest.param(
            "deploy llama3-8b us-east4 \u2014replicas 2 --spot",
            Deploy("llama3-8b", {"us-east4": None}, "llama3-8b", consumption="spot", replicas=2),
            id="a phone's long dash",
        ),
        pytest.param(
            "deploy --machine=g2-standard-12 llama3-8b us-east4 --on-demand --zone us-east4-a",
            Deploy(
                "llama3-8b",
                {"us-east4": None},
                "llama3-8b",
                "g2-standard-12",
                "on_demand",
                zones={"us-east4": "us-east4-a"},
            ),
            id="options anywhere",
        ),
        pytest.param(
            "deploy llama3-8b us-east4 --weights gcs://models/llama3/ --image us-docker.pkg.dev/p/r/vllm:v1",
            Deploy(
                "llama3-8b",
                {"us-east4": None},
                "llama3-8b",
                weights="gs://models/llama3",
                image="us-docker.pkg.dev/p/r/vllm:v1",
            ),
            id="weights and image",
        ),
        pytest.param("scale us-east4 +2", Scale("us-east4", delta=2), id="scale by"),
        pytest.param("scale chat us-east4 \u22121", Scale("us-east4", "chat", delta=-1), id="a typographic minus"),
        pytest.param("scale chat us-east4 4", Scale("us-east4", "chat", replicas=4), id="scale to"),
        pytest.param("balance 60%", Balance(60), id="percent sign"),
        pytest.param("balance chat 60", Balance(60, "chat"), id="balance by name"),
        pytest.param("balance us-east4 60", Balance(60, region="us-east4"), id="balance of a region"),
        pytest.param("balance chat US-EAST4 60", Balance(60, "chat", "us-east4"), id="balance of one in a region"),
        pytest.param("tune --max-num-seqs 64", Tune(64), id="tune the batch"),
        pytest.param("tune chat --max-model-len=8192", Tune(None, 8192, "chat"), id="tune the context by name"),
        pytest.param("tune --max-num-seqs 64 chat --max-model-len 8192", Tune(64, 8192, "chat"), id="tune both"),
        pytest.param("rollback", Rollback(), id="rollback"),
        pytest.param("rollback chat", Rollback("chat"), id="rollback by name"),
        pytest.param(f"rollback {IMAGE}", Rollback("", IMAGE), id="rollback to an image"),
        pytest.param(f"rollback chat {IMAGE}", Rollback("chat", IMAGE), id="rollback by name to an image"),
        pytest.param("plan tune --max-num-seqs 64", reads.DryRun(Tune(64)), id="dry run of a limit"),
        pytest.param("plan rollback chat", reads.DryRun(Rollback("chat")), id="dry run of a rollback"),
        pytest.param("incidents", reads.Incidents(), id="open incidents"),
        pytest.param("incident CHAT.us-east4.3", reads.IncidentOf("chat.us-east4.3"), id="an incident"),
        pytest.param("incident unreadable.1", reads.IncidentOf("unreadable.1"), id="what could not be read"),
        pytest.param("incident chat us-east4", reads.IncidentOf("", "chat", "us-east4"), id="the incident of a place"),
        pytest.param("remedy chat.us-east4.3 2", reads.Choosing("chat.us-east4.3", 2), id="an option"),
        pytest.param(
            "snooze chat.us-east4.3 2h load test, by ana",
            reads.Snoozing("chat.us-east4.3", timedelta(hours=2), "load test, by ana"),
            id="snooze",
        ),
        pytest.param("undo", Undo(), id="undo"),
        pytest.param("delete chat", Delete("chat"), id="delete"),
        pytest.param("plan deploy llama3-8b us-east4", reads.DryRun(BASE), id="dry run"),
        pytest.param("status", reads.Status(), id="status of all"),
        pytest.param("list", reads.List(), id="list"),
        pytest.param("why us-east4", reads.Why("", "us-east4"), id="why in a region"),
        pytest.param("why chat us-east4", reads.Why("chat", "us-east4"), id="why of one in a region"),
        pytest.param("why chat", reads.Why("chat"), id="why of one"),
        pytest.param("history chat", reads.History("chat"), id="history"),
        pytest.param("approve p-0123456789ab", reads.Ballot("p-0123456789ab", approve=True), id="approve"),
        pytest.param("reject P-0123456789AB", reads.Ballot("p-0123456789ab", approve=False), id="reject"),
        pytest.param("", reads.Help(), id="nothing said"),
        pytest.param("help deploy", reads.Help("deploy"), id="help"),
    ],
)
def test_what_is_understood(text: str, meant: reads.Said) -> None:
    assert said(text) == meant


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        pytest.param("dploy x", "UnknownVerb", "did you mean deploy", id="verb misspelt"),
        pytest.param("rm chat", "UnknownVerb", "did you mean delete", id="another tool's verb"),
        pytest.param("plan status", "UnknownVerb", "deploy, scale", id="plan of a read"),
        pytest.param("plan plan deploy llama3-8b us-east4", "UnknownVerb", "/infer plan", id="plan of a plan"),
        pytest.param("plan", "UnknownVerb", "Right form", id="plan of nothing"),
        pytest.param("help deplo", "UnknownVerb", "deploy", id="help misspelt"),
        pytest.param("plan deploy", "TooFewWords", "a model and at least one region", id="a plan of nothing"),
        pytest.param("deploy lama3-8b us-east4", "UnknownModel", "llama3-8b", id="model misspelt"),
        pytest.param("deploy us-east4 llama3-8b", "UnknownModel", "Right form", id="wrong order"),
        pytest.param("deploy llama3-8b us-esat4", "UnknownRegion", "us-east4", id="region misspelt"),
        pytest.param("deploy llama3-8b us-east4,", "UnknownRegion", "comma", id="region missing"),
        pytest.param("deploy llama3-8b us-east4-a", "ZoneForRegion", "us-east4 --zone us-east4-a", id="a zone"),
        pytest.param("deploy llama3-8b us-east4 europe-west3", "TooManyWords", "comma", id="regions without comma"),
        pytest.param("deploy llama3-8b us-east4,us-east4", "Duplicate", "us-east4", id="region twice"),
        pytest.param("deploy llama3-8b us-east4=0", "BadReplicas", "delete", id="no replicas"),
        pytest.param("deploy llama3-8b us-east4=-3", "BadReplicas", "between 1 and 64", id="negative replicas"),
        pytest.param("deploy llama3-8b us-east4=65", "BadReplicas", "64", id="huge replicas"),
        pytest.param("deploy llama3-8b us-east4=many", "BadNumber", "whole number", id="replicas in words"),
        pytest.param("deploy llama3-8b us-east4=1.5", "BadNumber", "1.5", id="half a replica"),
        pytest.param("deploy llama3-8b us-east4=\u0663", "BadNumber", "whole number", id="digits of another script"),
        pytest.param("deploy llama3-8b us-east4=99999999999", "BadNumber", "99999999999", id="no number at all"),
        pytest.param("deploy llama3-8b us-east4 --replicas 0", "BadReplicas", "--replicas", id="option of none"),
        pytest.param("deploy llama3-8b us-east4 --replicas", "BadOption", "needs a value", id="value missing"),
        pytest.param(
            "deploy llama3-8b us-east4 --replicas --spot", "BadOption", "needs a value", id="option for value"
        ),
        pytest.param("deploy llama3-8b us-east4 --spot=yes", "BadOption", "takes no value", id="value for a flag"),
        pytest.param("deploy llama3-8b us-east4 --spott", "UnknownOption", "--spot", id="option misspelt"),
        pytest.param("deploy llama3-8b us-east4 -spot", "UnknownOption", "--spot", id="one hyphen"),
        pytest.param("deploy llama3-8b us-east4 --spot --spot", "Duplicate", "twice", id="option twice"),
        pytest.param("deploy llama3-8b us-east4 --spot --on-demand", "Duplicate", "exclude", id="two ways to buy"),
        pytest.param("deploy llama3-8b us-east4 --machine g9", "UnknownMachine", "known", id="machine unknown"),
        pytest.param(
            "deploy llama3-70b us-east4 --machine g2-standard-4", "MachineDoesNotFit", "it fits", id="machine too small"
        ),
        pytest.param("deploy llama3-8b me-central2 --machine a4-highgpu-8g", "MachineNotInRegion", "", id="not there"),
        pytest.param(
            "deploy llama3-8b us-east4 --zone europe-west3-a", "ZoneElsewhere", "europe-west3", id="zone elsewhere"
        ),
        pytest.param("deploy llama3-8b us-east4 --zone us-east4-z", "UnknownZone", "us-east4", id="zone unknown"),
        pytest.param(
            "deploy llama3-8b us-east4 --zone us-east4-a --zone us-east4-c",
            "Duplicate",
            "only one can be",
            id="two zones",
        ),
        pytest.param(
            "deploy llama3-8b us-east4 --weights s3://x/y", "BadWeights", "gs://", id="another cloud's bucket"
        ),
        pytest.param("deploy llama3-8b us-east4 --weights gs://b/../x", "BadWeights", "gs://", id="a way out"),
        pytest.param("deploy llama3-8b us-east4 --image docker.io/vllm", "BadImage", "docker.pkg.dev", id="any image"),
        pytest.param("deploy llama3-8b us-east4 as Chat!", "BadName", "letters", id="bad name"),
        pytest.param("deploy llama3-8b us-east4 as platform", "BadName", "platform", id="a name of ours"),
        pytest.param("deploy llama3-8b us-east4 as", "TooFewWords", "", id="name missing"),
        pytest.param("deploy llama3-8b us-east4 named chat", "TooManyWords", "as NAME", id="name said otherwise"),
        pytest.param("scale us-east4", "TooFewWords", "+N|-N|N", id="scale by nothing"),
        pytest.param("scale us-east4 +0", "BadReplicas", "", id="scale by none"),
        pytest.param("scale us-east4 0", "BadReplicas", "delete", id="scale to none"),
        pytest.param("scale us-east4 +500", "BadReplicas", "64", id="scale by too much"),
        pytest.param("scale chat mars 3", "UnknownRegion", "known", id="scale nowhere"),
        pytest.param("balance 0", "BadPercent", "between 1 and 100", id="no percent"),
        pytest.param("balance 101", "BadPercent", "between 1 and 100", id="too many percent"),
        pytest.param("balance chat mars 60", "UnknownRegion", "known", id="balance nowhere"),
        pytest.param("tune", "NothingToTune", "--max-num-seqs", id="tune nothing"),
        pytest.param("tune --max-num-seqs 0", "BadLimit", "between 1 and 4096", id="no batch"),
        pytest.param("tune --max-model-len 12", "BadLimit", "between 256", id="a tiny context"),
        pytest.param("tune --max-num-seqs many", "BadNumber", "whole number", id="limit in words"),
        pytest.param("tune --max-seqs 3", "UnknownOption", "did you mean --max-num-seqs", id="limit misspelt"),
        pytest.param("tune --max-num-seqs 3 --max-num-seqs 4", "Duplicate", "twice", id="limit twice"),
        pytest.param("tune chat now --max-num-seqs 3", "TooManyWords", "now", id="one word too many to tune"),
        pytest.param("rollback chat docker.io/vllm", "BadImage", "docker.pkg.dev", id="rollback to any image"),
        pytest.param("rollback chat yesterday", "BadImage", "yesterday", id="rollback to a day"),
        pytest.param("revert", "UnknownVerb", "did you mean undo", id="another word for undo"),
        pytest.param("rebalance chat 60", "UnknownVerb", "did you mean balance", id="another word for balance"),
        pytest.param("mute", "UnknownVerb", "did you mean snooze", id="another word for snooze"),
        pytest.param("plan snooze", "UnknownVerb", "tune, rollback", id="plan of a snooze"),
        pytest.param("incidents now", "TooManyWords", "now", id="one word too many for incidents"),
        pytest.param("incident chat", "BadIncident", "NAME.REGION.NUMBER", id="no incident's id"),
        pytest.param("incident", "TooFewWords", "incident ID", id="which incident"),
        pytest.param("incident chat mars", "UnknownRegion", "known", id="incident nowhere"),
        pytest.param("remedy chat.us-east4.3", "TooFewWords", "remedy INCIDENT N", id="which option"),
        pytest.param("remedy chat.us-east4.3 0", "BadOptionNumber", "from 1", id="no option"),
        pytest.param("remedy chat.us-east4.3 first", "BadNumber", "whole number", id="option in words"),
        pytest.param("snooze chat.us-east4.3 2h", "TooFewWords", "REASON", id="snooze without a reason"),
        pytest.param("snooze chat.us-east4.3 2h ...", "NoReason", "needs a reason", id="a reason without words"),
        pytest.param("snooze chat.us-east4.3 2d why", "BadTime", "24 hours", id="snooze in days"),
        pytest.param("snooze chat.us-east4.3 25h why", "BadTime", "24 hours", id="snooze for too long"),
        pytest.param("snooze chat.us-east4.3 0m why", "BadTime", "minute", id="snooze for nothing"),
        pytest.param(f"snooze chat.us-east4.3 2h {'x' * 301}", "TooLong", "300", id="an endless reason"),
        pytest.param("delete", "TooFewWords", "delete NAME", id="delete what"),
        pytest.param("delete chat now", "TooManyWords", "now", id="one word too many"),
        pytest.param("approve 12", "BadProposal", "p-", id="no proposal's id"),
        pytest.param("list @here", "Mention", "@here", id="a group mention"),
        pytest.param("status <!channel>", "Mention", "mark-up", id="a channel mention"),
        pytest.param("delete <@U0123456|ana>", "Mention", "mention", id="a person's mention"),
        pytest.param("status &lt;!here&gt;", "Mention", "mention", id="an escaped mention"),
        pytest.param("list\u200b", "ControlCharacter", "U+200B", id="a zero-width blank"),
        pytest.param("status chat\u202e", "ControlCharacter", "right-to-left", id="text turned round"),
        pytest.param("status\x00chat", "ControlCharacter", "U+0000", id="a null character"),
        pytest.param("list\ndelete chat", "ControlCharacter", "one line", id="two lines"),
        pytest.param("status " + "x" * 500, "TooLong", "500", id="too long"),
        pytest.param("status ; rm -rf /", "TooManyWords", "Right form", id="a shell's command"),
        pytest.param("status $(id)", "BadName", "letters", id="a substitution"),
    ],
)
def test_a_refusal_helps(text: str, reason: str, hint: str) -> None:
    with pytest.raises(TerminalError) as refused:
        said(text)
    message = str(refused.value)
    assert (refused.value.reason, hint in message) == (reason, True), message
    assert "Right form: /infer" in message or "/infer help" in message
    assert refused.value.field


@given(st.text(max_size=120))
def test_any_text_is_understood_or_refused(text: str) -> None:
    assert not set(str(refusal(text))) & set("<>\n\u202e")


words = st.sampled_from(
    [
        "deploy",
        "plan",
        "scale",
        "llama3-8b",
        "us-east4",
        "us-east4=2",
        "+1",
        "as",
        "x",
        "--zone",
        "--spot",
        "--image=",
        "60",
        "tune",
        "--max-num-seqs",
        "rollback",
        "incident",
        "snooze",
        "chat.us-east4.3",
        "2h",
    ]
)


@given(st.lists(words, max_size=8))
def test_any_order_of_known_words_is_understood_or_refused(typed: list[str]) -> None:
    refused = refusal(" ".join(typed))
    assert refused is None or refused.field


@pytest.mark.parametrize("verb", FORMS)
def test_every_example_of_the_help_is_understood(verb: str) -> None:
    assert said(FORMS[verb].example)
    assert FORMS[verb].example in help_text(verb)
    assert FORMS[verb].example in help_text("")
