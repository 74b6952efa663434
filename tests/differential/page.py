"""The page of the documentation that shows the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from infra.local.cloud.kube.discovery import VERSION
from tests.differential.compare import Line, summary, table
from tests.differential.normal import LATER, LATER_REASONS

_TEXT = """# The embedded Kubernetes API server beside a real one

The clusters of the embedded cloud have an API server of our own. It is held against a real `kube-apiserver`: the same
requests go to both, and what both answer is compared: HTTP codes, reasons, the fields that are named, and the objects
themselves. Uids, times, resource versions and names drawn at random are taken out first. The wording of messages is
compared where a client may rely on it, else only reason and field.

- Real: kube-apiserver {release} with etcd, and of its controllers the garbage collector and the namespace controller.
- Ours: the embedded cloud's server, which says that it is {version}.
- Measured on {date}.

{summary}

Not compared, because releases after {release} set them by themselves or leave them out:

{later}
- `creationTimestamp` where it is null (left out since v1.34)

Causes of the newer reasons {reasons}
count as `FieldValueInvalid`. Where the two releases differ in behaviour, a check is marked as not comparable, and other
tests of ours hold that behaviour to the documentation of Kubernetes. A code such as `201x3` stands for three answers in
a row.

Measure again, with a folder that holds `etcd`, `kube-apiserver` and `kube-controller-manager`, or with a server that
runs:

```bash
uv run python -m tests.differential --real FOLDER --record --write docs/kubernetes-api.md
uv run python -m tests.differential --real https://127.0.0.1:16443 --token TOKEN
INFEROPS_REAL_KUBE_APISERVER=FOLDER uv run pytest tests/differential
```

Without a real server, `tests/differential` still holds ours to what the real one said, as kept in `recorded.jsonl`.

{table}
"""


def page(found: Sequence[Line], release: str) -> str:
    """Return the page."""
    return _TEXT.format(
        release=release,
        version=VERSION,
        date=datetime.now(UTC).date().isoformat(),
        summary=summary(found),
        later="\n".join(f"- `{name}` ({since})" for name, since in LATER.items()),
        reasons=", ".join(f"`{name}`" for name in LATER_REASONS),
        table=table(found),
    )
