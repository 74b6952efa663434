"""Documents over Firestore: one unindexed JSON body beside the few indexed fields; versions are update times."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.ports import ConflictError, Document, Put, Write

if TYPE_CHECKING:
    from google.cloud.firestore import Client

BODY = "body"


def connect(project: str, database: str, endpoint: str) -> Client:
    """Return a client: Google's own Firestore, or the one at this host:port."""
    from google.cloud.firestore import Client as Firestore  # noqa: PLC0415 - an SDK is imported where it is used

    if not endpoint:
        return Firestore(project=project, database=database)
    import grpc  # noqa: PLC0415
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
    from google.cloud.firestore_v1.services.firestore.client import FirestoreClient  # noqa: PLC0415
    from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport  # noqa: PLC0415

    client = Firestore(project=project, database=database, credentials=AnonymousCredentials())
    # The library offers no argument for a plain channel; its own emulator support fills the same attribute.
    client._firestore_api_internal = FirestoreClient(  # noqa: SLF001
        transport=FirestoreGrpcTransport(channel=grpc.insecure_channel(endpoint))
    )
    return client


class FirestoreDocuments:
    """Keeps ``ports.Documents``."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, paths: Sequence[str]) -> list[Document | None]:
        """Return the documents in the order asked for, in one call."""
        found = {
            "/".join(snapshot.reference.path.split("/")[-2:]): _document(snapshot)
            for snapshot in self._client.get_all([self._client.document(path) for path in dict.fromkeys(paths)])
            if snapshot.exists
        }
        return [found.get(path) for path in paths]

    def find(
        self,
        collection: str,
        where: Mapping[str, Any] | None = None,
        *,
        contains: Mapping[str, Any] | None = None,
        at_most: Mapping[str, Any] | None = None,
        limit: int = 0,
    ) -> list[Document]:
        """Return documents whose indexed fields match."""
        from google.cloud.firestore_v1.base_query import FieldFilter  # noqa: PLC0415

        query: Any = self._client.collection(collection)
        for operator, fields in (("==", where), ("array_contains", contains), ("<=", at_most)):
            for name, value in (fields or {}).items():
                query = query.where(filter=FieldFilter(name, operator, value))
        for name in at_most or {}:
            query = query.order_by(name)
        if limit:
            query = query.limit(limit)
        return [_document(snapshot) for snapshot in query.stream()]

    def commit(self, writes: Sequence[Write]) -> list[str]:
        """Write all or nothing. Raises ConflictError where a version is not as expected."""
        from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound  # noqa: PLC0415

        batch = self._client.batch()
        for write in writes:
            self._add(batch, write)
        try:
            results = batch.commit(retry=None)
        except (Aborted, AlreadyExists, FailedPrecondition, NotFound) as error:
            raise ConflictError(str(error)) from error
        return [_version(r.update_time) if isinstance(w, Put) else "" for w, r in zip(writes, results, strict=True)]

    def _add(self, batch: Any, write: Write) -> None:
        reference = self._client.document(write.path)
        if not isinstance(write, Put):
            batch.delete(reference)
            return
        content = {BODY: json.dumps(write.body, separators=(",", ":")), **write.fields}
        if not write.if_version:
            batch.create(reference, content)
            return
        # ``update``, which takes a precondition, would keep a field that is no longer given; ``set`` takes none.
        batch.set(reference, content)
        expected = self._client.write_option(last_update_time=_timestamp(write.if_version))
        expected.modify_write(batch._write_pbs[-1])  # noqa: SLF001


def _document(snapshot: Any) -> Document:
    content = snapshot.to_dict()
    path = "/".join(snapshot.reference.path.split("/")[-2:])
    body = json.loads(content.pop(BODY))
    return Document(path, body, _version(snapshot.update_time), content)


def _version(moment: Any) -> str:
    """Return an update time to the nanosecond: less would let two versions look alike."""
    return str(moment.rfc3339() if hasattr(moment, "rfc3339") else moment.isoformat())


def _timestamp(version: str) -> datetime:
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds  # noqa: PLC0415

    return DatetimeWithNanoseconds.from_rfc3339(version)  # type: ignore[no-any-return]  # the library ships no types
