"""A notification of Cloud Monitoring → one recorded alert. Nothing else: incidents looks at what it means.

Killed at any line, or delivered twice, the same alert is recorded once. A storm costs one small document each.
"""

from __future__ import annotations

from shared.domain.messages import AlertReceived
from shared.domain.records import alert_path
from shared.domain.topics import Topic
from shared.notifications import read_notification
from shared.ports import ConflictError
from shared.services import Services
from shared.store import Commit


def receive(data: bytes, services: Services) -> None:
    """Record what was published; what cannot be read is recorded with the reason, and nothing is done about it."""
    now = services.clock()
    alert = read_notification(data, services.site.project, services.site.owner, now)
    commit = Commit("alerts", alert.place, now)
    # Negative, because the store finds what is at most a value: newest first, and "received since" is "at most minus".
    commit.put(alert_path(alert.id), alert, fields={"place": alert.place, "newest": -now.timestamp()})
    commit.audit("alert", state=alert.state, alert=alert.id, condition=alert.condition_name, problem=alert.problem)
    commit.send(Topic.RECEIVED, AlertReceived(alert.id, alert.place))
    try:
        commit.run(services.documents, services.bus)
    except ConflictError:
        return  # it was recorded when it came first
