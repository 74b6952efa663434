"""Bad input, one row each: what is sent, by whom, and what its one private answer must say.

Each row's phrases name what is wrong and what would be right. Sent by test_bad_input; the proposals that the votes
are about are made by bad_stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DEPLOY = "/infer deploy MODEL REGION"
ALL_VERBS = "All verbs: /infer help"
THERE = "there is: chat"
CHAT = "deploy qwen2.5-0.5b us-east4"


@dataclass(frozen=True)
class Typed:
    """A slash command."""

    id: str
    text: str
    says: tuple[str, ...]
    user: str = "ana"


@dataclass(frozen=True)
class Ballot:
    """A click on a proposal's button; ``about`` is the proposal's name on the stage, or its id."""

    id: str
    about: str
    user: str
    says: tuple[str, ...]
    digest: str = ""
    """Empty: the proposal's own."""
    approve: bool = True


@dataclass(frozen=True)
class Sent:
    """A request that is no person's doing: how it differs from a genuine one, and what HTTP answers."""

    id: str
    status: int
    says: str
    form: dict[str, str] = field(default_factory=dict)
    """Replaces fields of a genuine command."""
    click: dict[str, Any] = field(default_factory=dict)
    """Replaces parts of a genuine click; empty: a command is sent."""
    body: bytes = b""
    age: int = 0
    """Seconds since it was signed."""
    stamp: str = ""
    signature: str = ""


NAMES = (
    Typed(
        "unknown verb", "deploi qwen2.5-0.5b us-east4", ("there is no verb 'deploi'", "did you mean deploy", ALL_VERBS)
    ),
    Typed("another tool's verb", "teardown chat", ("there is no verb 'teardown'", "did you mean delete")),
    Typed("unknown model", "deploy gpt-5 us-east4", ("there is no model 'gpt-5'", "known: deepseek-r1", DEPLOY)),
    Typed("misspelt model", "deploy qwen2.5-0.5 us-east4", ("no model 'qwen2.5-0.5'", "did you mean qwen2.5-0.5b")),
    Typed("unknown region", "deploy qwen2.5-0.5b us-east44", ("there is no region 'us-east44'", "us-east4")),
    Typed("zone for a region", f"{CHAT}-a", ("us-east4-a is a zone", "us-east4 --zone us-east4-a")),
    Typed("unknown machine", f"{CHAT} --machine g2-standard-13", ("no machine 'g2-standard-13'", "g2-standard-12")),
    Typed("unknown option", f"{CHAT} --replica 2", ("there is no option '--replica'", "did you mean --replicas")),
    Typed("name that cannot be", f"{CHAT} as Chat_8b", ("cannot be a deployment's name", "for example: as chat-8b")),
    Typed("name that is taken", f"{CHAT} as platform", ("cannot be a deployment's name", "not global or platform")),
    Typed(
        "unknown image", f"{CHAT} --image us-docker.pkg.dev/demo/inferops/no:1", ("there is no image", "copy it into")
    ),
    Typed("image of elsewhere", f"{CHAT} --image nginx:latest", ("is no Artifact Registry image", "-docker.pkg.dev/")),
    Typed("bad weights", f"{CHAT} --weights s3://b/w", ("'s3://b/w' is no place for weights", "gs://BUCKET/PREFIX")),
    Typed("weights above", f"{CHAT} --weights gs://b/../w", ("is no place for weights", "gs://BUCKET/PREFIX")),
)
FITTING = (
    Typed(
        "region without the GPU",
        "deploy qwen2.5-0.5b me-west1",
        ("g2-standard-12 is not offered in me-west1", "it is in asia-east1"),
    ),
    Typed(
        "zone without the GPU",
        f"{CHAT} --zone us-east4-b",
        ("not offered in zone us-east4-b", "us-east4-a, us-east4-c"),
    ),
    Typed("zone of elsewhere", f"{CHAT} --zone europe-west4-a", ("is in europe-west4, which is not", "us-east4")),
    Typed(
        "not sold so",
        "deploy llama3-8b us-east4 --machine a3-highgpu-2g --on-demand",
        ("not sold as on-demand", "it is sold as spot"),
    ),
    Typed(
        "does not fit",
        "deploy llama3-70b us-east4 --machine g2-standard-12",
        ("does not fit g2-standard-12", "a3-highgpu-4g"),
    ),
    Typed("region twice", "deploy qwen2.5-0.5b us-east4,us-east4", ("us-east4 is named twice", DEPLOY)),
    Typed("two ways of buying", f"{CHAT} --spot --on-demand", ("--spot and --on-demand exclude each other", DEPLOY)),
)
FIGURES = (
    Typed("no replicas", f"{CHAT} --replicas 0", ("must be between 1 and 64, not 0", "use delete")),
    Typed("no replicas in a region", f"{CHAT}=0", ("replicas for us-east4 must be between 1 and 64", "use delete")),
    Typed("negative replicas", f"{CHAT} --replicas -3", ("must be between 1 and 64, not -3",)),
    Typed("too many replicas", f"{CHAT} --replicas 1000", ("must be between 1 and 64, not 1000",)),
    Typed("more digits than a number has", f"{CHAT} --replicas {'9' * 30}", ("must be a whole number", DEPLOY)),
    Typed("more than the cap", f"{CHAT} --replicas 64", ("refused by rule 'caps'", "65 GPUs in all; the cap is 64")),
    Typed("replicas in words", f"{CHAT} --replicas many", ("must be a whole number, not 'many'", DEPLOY)),
    Typed("half a replica", f"{CHAT} --replicas 1.5", ("must be a whole number, not '1.5'", DEPLOY)),
    Typed("other digits", f"{CHAT} --replicas \N{ARABIC-INDIC DIGIT THREE}", ("must be a whole number", DEPLOY)),
    Typed("0 percent", "balance chat 0", ("between 1 and 100 percent, not 0", "for example: balance 60")),
    Typed("101 percent", "balance chat 101%", ("between 1 and 100 percent, not 101", "for example: balance 60")),
    Typed(
        "percent in words",
        "balance chat sixty",
        ("percent must be a whole number, not 'sixty'", "/infer balance [NAME]"),
    ),
    Typed("scale to zero", "scale chat us-east4 0", ("must be between 1 and 64, not 0", "to stop serving use delete")),
    Typed(
        "scale below zero", "scale chat us-east4 -5", ("must be between 1 and 64, not -4", "to stop serving use delete")
    ),
    Typed(
        "scale by nothing", "scale chat us-east4 +0", ("must be between 1 and 64, not 0", "/infer scale [NAME] REGION")
    ),
    Typed("scale to what it is", "scale chat us-east4 1", ("chat is already as asked", "nothing would change")),
)
TEXTS = (
    Typed("nothing", "", ("*What can be said*", "/infer help VERB")),
    Typed("blanks", " \N{NO-BREAK SPACE} ", ("*What can be said*", "/infer help VERB")),
    Typed("10 kB", "status " + "x" * 10_240, ("the command is 10247 characters long; 500 are allowed", ALL_VERBS)),
    Typed("smart quotes", "status \u201cchat\u201d", ("*chat*: ready",)),
    Typed("single smart quotes", "why \u2018chat\u2019", ("*chat* is as wanted",)),
    Typed("long dash", f"{CHAT} \N{EM DASH}replicas 0", ("must be between 1 and 64, not 0",)),
    Typed("long dash, misspelt", f"{CHAT} \N{EN DASH}replica 2", ("no option '--replica'", "did you mean --replicas")),
    Typed("typographic minus", "scale chat us-east4 \N{MINUS SIGN}5", ("must be between 1 and 64, not -4",)),
    Typed("typographic hyphen", "scale chat us\N{NON-BREAKING HYPHEN}east4 0", ("replicas for us-east4 must be",)),
    Typed("bell", f"{CHAT}\a", ("character 29 is a control character (U+0007)", "one line of plain text")),
    Typed("two lines", "list\ndelete chat", ("(U+000A)", "type the command in one line of plain text")),
    Typed("zero-width blank", "status ch\N{ZERO WIDTH SPACE}at", ("(U+200B)", "one line of plain text")),
    Typed("text turned round", "delete \N{RIGHT-TO-LEFT OVERRIDE}tahc", ("(U+202E)", "one line of plain text")),
    Typed("everybody mentioned", "<!channel>", ("'!channel' is a mention", "plain names only")),
    Typed("somebody mentioned", "deploy <@U123> us-east4", ("'@U123' is a mention", "plain names only")),
    Typed("escaped mention", "status &lt;!here&gt;", ("is a mention", "plain names only")),
    Typed("typed mention", "status @channel", ("'@channel' is a mention", "plain names only")),
    Typed("link", "status <https://example.com|chat>", ("is a mention, a link or mark-up", "plain names only")),
)
WORDS = (
    Typed(
        "a plan to deploy what", "plan deploy", ("deploy needs a model and at least one region", "/infer plan deploy")
    ),
    Typed("a plan to deploy where", "plan deploy qwen2.5-0.5b", ("deploy needs a model and at least one region",)),
    Typed("scale to what", "scale us-east4", ("scale needs 2 words after it, not 1", "/infer scale [NAME] REGION")),
    Typed("balance how", "balance", ("balance needs 1 word after it", "/infer balance [NAME] [REGION] PERCENT")),
    Typed("delete what", "delete", ("delete needs 1 word after it", "/infer delete NAME")),
    Typed("approve what", "approve", ("approve needs 1 word after it", "/infer approve ID")),
    Typed("plan of what", "plan", ("plan needs a verb after it: deploy, scale", "/infer plan deploy")),
    Typed("plan of a read", "plan list", ("there is no verb 'list'; known: deploy, scale", "/infer plan deploy")),
    Typed("how many", f"{CHAT} --replicas", ("the option --replicas needs a value after it", DEPLOY)),
    Typed("twice so many", f"{CHAT} --replicas 1 --replicas 2", ("--replicas is given twice", DEPLOY)),
    Typed(
        "regions without a comma", f"{CHAT} europe-west4", ("europe-west4 must follow the other regions after a comma",)
    ),
    Typed("a word too many", f"{CHAT} please", ("'please' has no meaning there", "as NAME")),
    Typed("delete too much", "delete chat now", ("'now' is one word too many after delete", "/infer delete NAME")),
    Typed("balance what region", "balance chat 60 55", ("there is no region '60'", "/infer balance [NAME] [REGION]")),
    Typed("list too much", "list all", ("'all' is one word too many after list", "/infer list")),
    Typed("no proposal's id", "approve 42", ("'42' is no proposal's id", "as on the card")),
    Typed(
        "unknown proposal", "approve p-000000000000", ("there is no proposal p-000000000000", "at the foot of its card")
    ),
)
DEPLOYMENTS = (
    Typed("scale nobody", "scale nochat us-east4 2", ("there is no deployment nochat", THERE)),
    Typed("balance nobody", "balance nochat 55", ("there is no deployment nochat", THERE)),
    Typed("undo nobody", "undo nochat", ("there is no deployment nochat", THERE)),
    Typed("delete nobody", "delete nochat", ("there is no deployment nochat", THERE)),
    Typed("status of nobody", "status nochat", ("there is no deployment nochat", "did you mean chat")),
    Typed("why of nobody", "why nochat", ("there is no deployment nochat", "did you mean chat")),
    Typed("history of nobody", "history nochat", ("Nobody has asked for a change of nochat", "/infer list")),
    Typed("scale elsewhere", "scale chat europe-west4 2", ("does not serve in europe-west4", "it serves in us-east4")),
    Typed("why elsewhere", "why chat europe-west4", ("does not serve in europe-west4", "it serves in us-east4")),
    Typed(
        "scale what was deleted",
        "scale gone us-east4 2",
        ("gone has been deleted", "/infer undo gone would bring it back"),
    ),
    Typed(
        "balance what was deleted", "balance gone 55", ("gone has been deleted", "/infer undo gone would bring it back")
    ),
    Typed("delete what was deleted", "delete gone", ("there is no deployment gone", THERE)),
    Typed(
        "deploy without a role",
        f"{CHAT} as mine",
        ("no rule lets you deploy", "Who could: operator (ml-platform)"),
        "dev",
    ),
    Typed(
        "delete as a guest", "delete chat", ("no rule lets you delete", "Who could: operator (ml-platform)"), "guest"
    ),
)
TYPED = (*NAMES, *FITTING, *FIGURES, *TEXTS, *WORDS, *DEPLOYMENTS)

BALLOTS = (
    Ballot(
        "own vote",
        "open",
        "ana",
        ("'requester excluded'", "your own approval cannot count", "Who could: approver (approvers)"),
    ),
    Ballot("vote without a role", "open", "dev", ("wants approval by approver", "Who could: approver (approvers)")),
    Ballot(
        "rejection without a role", "open", "dev", ("wants approval by approver", "Who could: approver"), approve=False
    ),
    Ballot("guest's vote", "open", "guest", ("wants approval by approver", "Who could: approver (approvers)")),
    Ballot("vote on a plan", "plan", "ben", ("is only a plan", "type the command without the word plan")),
    Ballot("wrong digest", "open", "ben", ("for another version", "look at its card and vote there"), digest="0" * 64),
    Ballot(
        "unknown proposal",
        "p-000000000000",
        "ben",
        ("there is no proposal p-000000000000", "/infer history"),
        digest="0" * 64,
    ),
    Ballot(
        "stale generation",
        "stale",
        "ben",
        ("is superseded, because what it would change has changed", "type the command again"),
    ),
    Ballot(
        "moved world",
        "moved",
        "ben",
        ("is superseded, because what it would change has changed", "type the command again"),
    ),
    Ballot("expired plan", "expired", "ben", ("is expired", "type the command again for a fresh plan")),
    Ballot("rejected plan", "rejected", "ben", ("is rejected", "Nothing was changed")),
    Ballot("applied plan", "applied", "chloe", ("is applied", "Nothing was changed")),
    Ballot("too late to reject", "applied", "chloe", ("is applied", "Nothing was changed"), approve=False),
)

STRANGER = "T0STRANGER"
REFUSED = "invalid request"
SENT = (
    Sent("forged signature", 401, REFUSED, signature="v0=" + "0" * 64),
    Sent("not even a signature", 401, REFUSED, signature="none"),
    Sent("old signature", 401, REFUSED, age=301),
    Sent("signature of the future", 401, REFUSED, age=-900),
    Sent("time in words", 401, REFUSED, stamp="yesterday"),
    Sent("time in other digits", 401, REFUSED, stamp="-1"),
    Sent("not UTF-8", 401, REFUSED, body=b"command=%2Finfer&text=delete+chat\xff\xfe"),
    Sent(
        "wrong team",
        200,
        "only people of the Slack workspace that inferops was installed in",
        form={"team_id": STRANGER},
    ),
    Sent("click from a wrong team", 403, "only people of the Slack workspace", click={"team": {"id": STRANGER}}),
    Sent(
        "stranger in a shared channel", 403, "only people of", click={"user": {"id": "U0BEN00001", "team_id": STRANGER}}
    ),
    Sent(
        "button without a proposal",
        400,
        "names no proposal",
        click={"actions": [{"action_id": "approve", "value": "all"}]},
    ),
    Sent("unknown button", 404, "unhandled", click={"actions": [{"action_id": "launch", "value": "all"}]}),
    Sent("unknown command", 404, "unhandled", form={"command": "/deploy"}),
)
