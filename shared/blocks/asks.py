"""An ask in the words that would ask for it again, and in a title's words. The inverse of the bot's grammar."""

from __future__ import annotations

from typing import assert_never

from shared.domain.intents import Ask, Balance, Delete, Deploy, Intent, Rollback, Scale, Tune, Undo


def command_of(intent: Intent) -> str:
    """Return the command that asks for the same. Foreign text: escape it before it is shown."""
    words = _words(intent.ask)
    return " ".join(["/infer", *(["plan"] if intent.dry_run else []), *(word for word in words if word)])


def _words(ask: Ask) -> list[str]:
    match ask:
        case Deploy():
            return _deploy(ask)
        case Scale(region=region, name=name, replicas=None, delta=delta):
            return ["scale", name, region, f"{delta or 0:+d}"]
        case Scale(region=region, name=name, replicas=replicas):
            return ["scale", name, region, str(replicas)]
        case Balance(percent=percent, name=name, region=region):
            return ["balance", name, region, str(percent)]
        case Tune(max_num_seqs=most, max_model_len=length, name=name):
            limits = {"--max-num-seqs": most, "--max-model-len": length}
            return ["tune", name, *(word for flag, value in limits.items() if value for word in (flag, str(value)))]
        case Rollback(name=name, image=image):
            return ["rollback", name, image]
        case Undo(name=name):
            return ["undo", name]
        case Delete(name=name):
            return ["delete", name]
        case other:
            assert_never(other)


def _deploy(ask: Deploy) -> list[str]:
    regions = ",".join(region if count is None else f"{region}={count}" for region, count in ask.regions.items())
    options = {"--machine": ask.machine, "--weights": ask.weights, "--image": ask.image}
    words = ["deploy", ask.model, regions, *(["as", ask.name] if ask.name and ask.name != ask.model else [])]
    words += [] if ask.replicas is None else ["--replicas", str(ask.replicas)]
    words += [word for name, value in options.items() if value for word in (name, value)]
    words += [f"--{ask.consumption.replace('_', '-')}"] if ask.consumption else []
    return [*words, *(word for zone in ask.zones.values() for word in ("--zone", zone))]


def noun_of(intent: Intent, deployment: str) -> str:
    """Return what it is about, for a plan's title: ``deploy llama3-8b``."""
    return {
        "undo": f"undo the last change of {deployment}",
        "balance": f"rebalance {deployment}",
        "rollback": f"roll back {deployment}",
    }.get(intent.verb, f"{intent.verb} {deployment}")


def doing(intent: Intent, deployment: str) -> str:
    """Return what is being done: ``Deploying llama3-8b``."""
    verbs = {
        "deploy": "Deploying",
        "scale": "Scaling",
        "tune": "Tuning",
        "rollback": "Rolling back",
        "balance": "Rebalancing",
        "undo": "Undoing the last change of",
        "delete": "Deleting",
    }
    return f"{verbs[intent.verb]} {deployment}"
