"""Where Firestore's documents lie: by collection, so that a query touches no other.

Records are replaced, never changed: an answer may still be on its way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.local.cloud.errors import ApiError
from infra.local.cloud.firestore_values import Key, Path, Pb, find, key_of, name_key

NAME: Path = ("__name__",)
_ROOT = re.compile(r"projects/[^/]+/databases/[^/]+/documents")
_RESERVED = re.compile(r"\.\.?|__.*__")


class Record:
    """One stored document and, once asked for, its fields' places in the order."""

    __slots__ = ("_keys", "document", "name")

    def __init__(self, document: Pb) -> None:
        self.name: str = document.name
        self.document = document
        self._keys: dict[Path, Key | None] = {}

    def key(self, path: Path) -> Key | None:
        """Return the field's place in the order; None where the field is not there."""
        if path not in self._keys:
            value = None if path == NAME else find(self.document.fields, path)
            self._keys[path] = name_key(self.name) if path == NAME else value if value is None else key_of(value)
        return self._keys[path]


def split(name: str) -> tuple[str, str]:
    """Split a document's full name into the path of its collection and its id; INVALID_ARGUMENT if it has none."""
    root = _ROOT.match(name)
    segments = name[root.end() + 1 :].split("/") if root else []
    if not segments or len(segments) % 2 or not all(segments):
        raise ApiError("INVALID_ARGUMENT", f'Document name "{name}" does not name a document.')
    for segment in segments:
        if _RESERVED.fullmatch(segment):
            raise ApiError("INVALID_ARGUMENT", f'Resource id "{segment}" is invalid because it is reserved.')
    collection, _, ident = name.rpartition("/")
    return collection, ident


class Store:
    """All documents of all databases."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, Record]] = {}

    def get(self, name: str) -> Record | None:
        """Return the document of that full name."""
        collection, ident = split(name)
        return self._collections.get(collection, {}).get(ident)

    def must(self, name: str) -> Record:
        """Return the document of that full name; NOT_FOUND if there is none."""
        record = self.get(name)
        if record is None:
            raise ApiError("NOT_FOUND", f"Document ({name}) not found.")
        return record

    def put(self, name: str, record: Record | None) -> None:
        """Replace the document; None deletes it."""
        collection, ident = split(name)
        if record is not None:
            self._collections.setdefault(collection, {})[ident] = record
        elif ident in (held := self._collections.get(collection, {})):
            del held[ident]
            if not held:
                del self._collections[collection]

    def scan(self, parent: str, collection: str, *, descendants: bool) -> Iterator[Record]:
        """Return the documents of the collection below the parent, or of every one so named at any depth.

        An empty collection name means every collection.
        """
        if collection and not descendants:
            yield from self._collections.get(f"{parent}/{collection}", {}).values()
            return
        for path, held in self._collections.items():
            if path.startswith(f"{parent}/"):
                between = path[len(parent) + 1 :].split("/")
                if (descendants or len(between) == 1) and collection in {"", between[-1]}:
                    yield from held.values()

    def collection_ids(self, parent: str) -> list[str]:
        """Return the names of the collections directly below a document or the root, sorted."""
        start = f"{parent}/"
        return sorted({path[len(start) :].split("/")[0] for path in self._collections if path.startswith(start)})

    def missing_ids(self, collection: str) -> set[str]:
        """Return the ids that have something below them but are no documents themselves."""
        start = f"{collection}/"
        ids = {path[len(start) :].split("/")[0] for path in self._collections if path.startswith(start)}
        return ids - self._collections.get(collection, {}).keys()

    def all(self) -> Iterator[Record]:
        """Return every document."""
        for held in self._collections.values():
            yield from held.values()
