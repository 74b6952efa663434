"""Lists: their shape, their pages, and what labels and fields select of them."""

from __future__ import annotations

from tests.differential.asking import METADATA, METADATA_LIST, Talk
from tests.differential.bodies import CORE, MAPS, PODS, SECRETS, WIDGETS, config_map, pod, secret, widget
from tests.differential.checks import check

AREA = "Lists"
EVENTS = f"{CORE}/events"
NAMES = ("items.metadata.name",)


def furnished(talk: Talk) -> None:
    """Four ConfigMaps with labels."""
    for name, labels in (
        ("a", {"tier": "gold", "app": "x"}),
        ("b", {"tier": "silver", "app": "x"}),
        ("c", {"tier": "gold"}),
        ("d", {}),
    ):
        talk.post(MAPS, config_map(name, labels=labels), quiet=True)


@check(AREA, "a list has a kind, a version and whole items without kinds of their own")
def _list(talk: Talk) -> None:
    talk.post(MAPS, config_map())
    seen = talk.get(MAPS, see=("kind", "apiVersion", "metadata", "items.kind", "items.data"))
    talk.note(int(seen.version) > 0)


@check(AREA, "a list of custom resources says the kind of every item")
def _list_custom(talk: Talk) -> None:
    talk.post(WIDGETS, widget())
    talk.get(WIDGETS, see=("kind", "apiVersion", "metadata", "items.kind", "items.apiVersion"))


@check(AREA, "an empty list is a list")
def _empty(talk: Talk) -> None:
    talk.get(MAPS, see=("items", "kind"))
    talk.get(WIDGETS, see=("items", "kind"))


@check(AREA, "a list is sorted by name")
def _sorted(talk: Talk) -> None:
    for name in ("b", "a.c", "a", "a-b", "c1"):
        talk.post(MAPS, config_map(name), quiet=True)
    talk.get(MAPS, see=NAMES)


@check(AREA, "labels select by equality, by set and by presence")
def _labels(talk: Talk) -> None:
    furnished(talk)
    for selector in (
        "tier=gold",
        "tier==gold",
        "tier!=gold",
        "tier in (gold, silver)",
        "tier notin (gold)",
        "app",
        "!app",
        "tier=gold,!app",
        "tier in (gold),app=x",
        "tier=",
        "",
    ):
        talk.get(MAPS, labelSelector=selector, see=NAMES)


@check(AREA, "a label selector that cannot be read is refused")
def _bad_labels(talk: Talk) -> None:
    for selector in ("tier in gold", "=", "a b", "tier in (", "-a=b", "a=b c"):
        talk.get(MAPS, labelSelector=selector)


@check(AREA, "label selectors compare numbers")
def _numbers(talk: Talk) -> None:
    for name, size in (("a", "1"), ("b", "5")):
        talk.post(MAPS, config_map(name, labels={"size": size}), quiet=True)
    talk.get(MAPS, labelSelector="size>2", see=NAMES)
    talk.get(MAPS, labelSelector="size<2", see=NAMES)


@check(AREA, "fields select by name and namespace")
def _fields(talk: Talk) -> None:
    furnished(talk)
    for selector in ("metadata.name=b", "metadata.name!=b", "metadata.namespace={}", "metadata.name=b,metadata.name=c"):
        talk.get(MAPS, fieldSelector=selector.format(talk.names.namespace), see=NAMES)


@check(AREA, "fields of pods, events and Secrets select")
def _own_fields(talk: Talk) -> None:
    talk.post(PODS, pod(), quiet=True)
    talk.post(PODS, pod("b", nodeName="n", restartPolicy="Never"), quiet=True)
    for selector in ("spec.nodeName=n", "spec.nodeName=", "status.phase=Pending", "spec.restartPolicy!=Never"):
        talk.get(PODS, fieldSelector=selector, see=NAMES)
    about = {"kind": "Pod", "name": "a", "namespace": "{ns}", "apiVersion": "v1"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": about, "type": "Normal"}
    talk.post(EVENTS, event)
    for selector in ("involvedObject.apiVersion=v1,involvedObject.name=a", "type=Warning", "involvedObject.labels=x"):
        talk.get(EVENTS, fieldSelector=selector, see=NAMES)
    talk.post(SECRETS, {**secret(), "type": "mine/own"}, quiet=True)
    talk.get(SECRETS, fieldSelector="type=mine/own", see=NAMES)


@check(AREA, "a field that is not indexed cannot select")
def _unindexed(talk: Talk) -> None:
    talk.get(MAPS, fieldSelector="data.a=1")
    talk.get(WIDGETS, fieldSelector="spec.size=1")
    talk.get(MAPS, fieldSelector="metadata.name")


@check(AREA, "a long list comes in pages")
def _pages(talk: Talk) -> None:
    furnished(talk)
    first = talk.get(MAPS, limit=3, see=(*NAMES, "metadata.remainingItemCount"))
    token = first.at("metadata.continue")
    last = talk.get(MAPS, **{"limit": 3, "continue": token}, see=(*NAMES, "metadata.remainingItemCount"))
    talk.note([bool(token), last.at("metadata.continue")])


@check(AREA, "a page of a selected list does not count the rest")
def _selected_pages(talk: Talk) -> None:
    furnished(talk)
    seen = talk.get(MAPS, limit=1, labelSelector="tier", see=(*NAMES, "metadata.remainingItemCount"))
    token = seen.at("metadata.continue")
    talk.get(MAPS, **{"limit": 5, "continue": token}, labelSelector="tier", see=NAMES)


@check(AREA, "the pages of a list show one moment")
def _moment(talk: Talk) -> None:
    furnished(talk)
    first = talk.get(MAPS, limit=2, see=NAMES)
    talk.post(MAPS, config_map("bb"), quiet=True)
    talk.delete(f"{MAPS}/d", quiet=True)
    last = talk.get(MAPS, **{"limit": 5, "continue": first.at("metadata.continue")}, see=NAMES)
    talk.note(first.version == last.version)


@check(AREA, "a page that nobody gave out is refused")
def _bad_page(talk: Talk) -> None:
    talk.get(MAPS, **{"limit": 3, "continue": "nonsense"})
    talk.get(MAPS, limit=-1, see=("kind",))
    talk.get(MAPS, limit="many")


@check(AREA, "a list takes a resource version that is known and no other")
def _at_version(talk: Talk) -> None:
    made = talk.post(MAPS, config_map())
    talk.get(MAPS, resourceVersion="0", see=("kind",))
    talk.get(MAPS, resourceVersion=made.version, see=NAMES)
    talk.get(MAPS, resourceVersion="soon")


@check(AREA, "metadata alone can be asked for")
def _partial(talk: Talk) -> None:
    talk.post(MAPS, config_map(labels={"a": "b"}))
    seen = talk.get(f"{MAPS}/a", accept=METADATA, see=("kind", "apiVersion", "data", "metadata.labels"))
    listed = talk.get(MAPS, accept=METADATA_LIST, see=("kind", "apiVersion", "items.metadata.labels", "items.data"))
    talk.note([sorted(seen.body), sorted(listed.body)])


@check(AREA, "a list crosses all namespaces without one on the path")
def _everywhere(talk: Talk) -> None:
    talk.post(MAPS, config_map("everywhere"))
    field = f"metadata.name=everywhere,metadata.namespace={talk.names.namespace}"
    talk.get("/api/v1/configmaps", fieldSelector=field, see=NAMES)
    talk.post("/api/v1/configmaps", config_map())
