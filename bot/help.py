"""The right form of every verb: what help shows, and what every refusal ends with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COMMAND = "/infer"
RIGHT_FORM = "Right form:"
PLANNED = ("deploy", "scale", "balance", "tune", "rollback", "undo", "delete")
"""Verbs whose plan can be asked for."""


@dataclass(frozen=True)
class Form:
    """How a verb is said, what it does, and an example that works."""

    form: str
    meaning: str
    example: str


FORMS: Mapping[str, Form] = {
    "deploy": Form(
        "deploy MODEL REGION[=N][,REGION[=N]...] [as NAME] [--replicas N] [--machine TYPE] "
        "[--spot|--on-demand|--flex-start] [--zone ZONE]... [--weights gs://BUCKET/PREFIX] [--image PATH]",
        "serve a model in these regions; a deployment of the same name is changed to this; "
        "without a model or a region a form asks for it",
        "deploy llama3-8b us-east4=3,europe-west3=2 --spot",
    ),
    "plan": Form(
        f"plan {'|'.join(PLANNED)} ...",
        "show what it would do and cost, and change nothing",
        "plan deploy llama3-8b us-east4",
    ),
    "status": Form("status [NAME]", "how a deployment stands, region by region", "status llama3-8b"),
    "list": Form("list", "which deployments there are", "list"),
    "scale": Form(
        "scale [NAME] REGION +N|-N|N", "add, take away or set a region's replicas", "scale llama3-8b us-east4 +2"
    ),
    "balance": Form(
        "balance [NAME] [REGION] PERCENT",
        "set the KV-cache utilisation at which traffic spills to another region, everywhere or of one region; "
        "lower is earlier",
        "balance llama3-8b us-east4 60",
    ),
    "tune": Form(
        "tune [NAME] [--max-num-seqs N] [--max-model-len N]",
        "limit the requests that one server takes at a time, or the tokens of one request",
        "tune llama3-8b --max-num-seqs 128",
    ),
    "rollback": Form(
        "rollback [NAME] [IMAGE]",
        "serve with the image from before the last change again, or with this one; nothing else changes",
        "rollback llama3-8b",
    ),
    "undo": Form("undo [NAME]", "go back to what it was before its last change", "undo llama3-8b"),
    "delete": Form(
        "delete NAME", "take a deployment down, and what no other deployment needs with it", "delete llama3-8b"
    ),
    "approve": Form("approve ID", "agree to a proposal", "approve p-0123456789ab"),
    "reject": Form("reject ID", "refuse a proposal, or withdraw your own", "reject p-0123456789ab"),
    "why": Form("why [NAME] [REGION]", "what it waits for, or what is wrong and what to do", "why llama3-8b us-east4"),
    "history": Form("history [NAME]", "who changed it, when and how", "history llama3-8b"),
    "incidents": Form("incidents", "which incidents are open", "incidents"),
    "incident": Form(
        "incident ID|NAME REGION", "an incident's card: figures, options, what was done", "incident llama3-8b us-east4"
    ),
    "remedy": Form(
        "remedy INCIDENT N", "choose option N of an incident's card, as its button does", "remedy chat.us-east4.3 1"
    ),
    "snooze": Form(
        "snooze INCIDENT TIME REASON",
        "no suggestions for an incident for that time, 24 hours at most; alerts are still recorded",
        "snooze chat.us-east4.3 2h load test by ana",
    ),
    "help": Form("help [VERB]", "this list, or one verb in full", "help deploy"),
}


def right_form(verb: str) -> str:
    """Return how a verb is said, with an example: the end of a refusal. Of an unknown verb: where all are shown."""
    if verb not in FORMS:
        return f"All verbs: {COMMAND} help"
    form = FORMS[verb]
    return f"{RIGHT_FORM} {COMMAND} {form.form} - for example: {COMMAND} {form.example}"


def help_text(verb: str) -> str:
    """Return the help for one verb, or for all, as Slack mrkdwn."""
    if verb:
        form = FORMS[verb]
        return f"*{verb}*: {form.meaning}\n`{COMMAND} {form.form}`\nFor example: `{COMMAND} {form.example}`"
    lines = [f"`{COMMAND} {form.example}` - {form.meaning}" for form in FORMS.values()]
    ending = (
        f"`{COMMAND} help VERB` shows a verb in full. Every change waits for the approval that the policy asks for."
    )
    return "\n".join(["*What can be said*", *lines, ending])
