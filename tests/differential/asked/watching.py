"""Watches: what they tell, from where, and how they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.differential.asking import Talk, refusal
from tests.differential.bodies import MAPS, WIDGETS, config_map, widget
from tests.differential.checks import check

AREA = "Watches"


def told(talk: Talk, event: Any) -> None:
    """Note an event: its type, and name and labels of its object or the refusal in it."""
    if event is None:
        talk.note(None)
    elif event["type"] == "ERROR":
        talk.note([event["type"], refusal(event["object"])])
    else:
        head = event["object"]["metadata"]
        talk.note([event["type"], event["object"]["kind"], head.get("name"), head.get("labels")])


def listen(talk: Talk, following: Callable[[], Any], count: int) -> None:
    """Note the next events."""
    for _ in range(count):
        told(talk, following())


@check(AREA, "a watch tells what is added, modified and deleted")
def _life(talk: Talk) -> None:
    start = talk.get(MAPS, quiet=True).version
    with talk.watch(MAPS, resourceVersion=start) as following:
        talk.post(MAPS, config_map(), quiet=True)
        talk.patch(f"{MAPS}/a", {"data": {"a": "2"}}, quiet=True)
        talk.delete(f"{MAPS}/a", quiet=True)
        listen(talk, following, 3)


@check(AREA, "a watch of custom resources tells whole objects")
def _custom(talk: Talk) -> None:
    start = talk.get(WIDGETS, quiet=True).version
    talk.post(WIDGETS, widget(), quiet=True)
    with talk.watch(WIDGETS, resourceVersion=start) as following:
        event = following()
        talk.note([event["type"], event["object"]["spec"], event["object"]["apiVersion"]])


@check(AREA, "objects move into and out of a watch's selector")
def _moves(talk: Talk) -> None:
    start = talk.get(MAPS, quiet=True).version
    talk.post(MAPS, config_map(labels={"seen": "no"}), quiet=True)
    for value in ("yes", "still", "no"):
        talk.patch(f"{MAPS}/a", {"metadata": {"labels": {"seen": value}}}, quiet=True)
    with talk.watch(MAPS, resourceVersion=start, labelSelector="seen in (yes,still)") as following:
        listen(talk, following, 3)


@check(AREA, "what leaves a selector is told as it was, with the version of now")
def _left(talk: Talk) -> None:
    first = talk.post(MAPS, config_map(labels={"seen": "yes"}), quiet=True)
    last = talk.patch(f"{MAPS}/a", {"metadata": {"labels": {"seen": "no"}}}, quiet=True)
    with talk.watch(MAPS, resourceVersion=first.version, labelSelector="seen=yes") as following:
        event = following()
        head = event["object"]["metadata"]
        talk.note([event["type"], head["labels"], head["resourceVersion"] == last.version])


@check(AREA, "a deletion is told with the last state and a version of its own")
def _deleted(talk: Talk) -> None:
    made = talk.post(MAPS, config_map(), quiet=True)
    talk.delete(f"{MAPS}/a", quiet=True)
    with talk.watch(MAPS, resourceVersion=made.version) as following:
        event = following()
        newer = int(event["object"]["metadata"]["resourceVersion"]) > int(made.version)
        talk.note([event["type"], event["object"]["data"], newer])


@check(AREA, "a watch without a start first tells what there is")
def _present(talk: Talk) -> None:
    for name in ("b", "a"):
        talk.post(MAPS, config_map(name), quiet=True)
    with talk.watch(MAPS) as following:
        talk.note(sorted(following()["object"]["metadata"]["name"] for _ in range(2)))
    with talk.watch(MAPS, resourceVersion="0", fieldSelector="metadata.name=b") as following:
        listen(talk, following, 1)


@check(AREA, "a watch ends at its timeout")
def _timeout(talk: Talk) -> None:
    talk.post(MAPS, config_map(), quiet=True)
    with talk.watch(MAPS, timeoutSeconds=1) as following:
        listen(talk, following, 2)


@check(AREA, "a watch of one object by its name tells of that one alone")
def _single(talk: Talk) -> None:
    start = talk.get(MAPS, quiet=True).version
    for name in ("b", "a"):
        talk.post(MAPS, config_map(name), quiet=True)
    with talk.watch(MAPS, resourceVersion=start, timeoutSeconds=1, fieldSelector="metadata.name=a") as following:
        listen(talk, following, 2)


@check(AREA, "a watch from before the history is told that it is too late")
def _too_old(talk: Talk) -> None:
    with talk.watch(WIDGETS, resourceVersion="1", timeoutSeconds=1) as following:
        listen(talk, following, 1)


@check(AREA, "a watch from a version that is no number is refused")
def _no_number(talk: Talk) -> None:
    with talk.watch(MAPS, resourceVersion="soon", timeoutSeconds=1):
        pass


@check(AREA, "a watch with a bad selector is refused")
def _bad_selector(talk: Talk) -> None:
    with talk.watch(MAPS, labelSelector="a in b", timeoutSeconds=1):
        pass
    with talk.watch(MAPS, fieldSelector="data.a=1", timeoutSeconds=1):
        pass


@check(AREA, "a bookmark carries a version and nothing else", too_new="v1.24: bookmarks at the end of a watch")
def _bookmark(talk: Talk) -> None:
    made = talk.post(MAPS, config_map(), quiet=True)
    with talk.watch(MAPS, resourceVersion=made.version, allowWatchBookmarks="true", timeoutSeconds=2) as following:
        event = following()
        talk.note([event["type"], sorted(event["object"]), event["object"]["kind"]] if event else None)


@check(AREA, "initial events end with a bookmark", too_new="v1.27: sendInitialEvents")
def _initial(talk: Talk) -> None:
    talk.post(MAPS, config_map(), quiet=True)
    how = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    with talk.watch(MAPS, timeoutSeconds=2, **how) as following:
        talk.note([(following() or {}).get("type") for _ in range(2)])


@check(AREA, "a dry run is not told")
def _dry(talk: Talk) -> None:
    start = talk.get(MAPS, quiet=True).version
    talk.post(MAPS, config_map("dry"), dryRun="All", quiet=True)
    talk.post(MAPS, config_map("wet"), quiet=True)
    with talk.watch(MAPS, resourceVersion=start) as following:
        listen(talk, following, 1)
