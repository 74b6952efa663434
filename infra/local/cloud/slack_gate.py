"""Who may call what: the app's two tokens, and the scopes that its manifest asked for."""

from __future__ import annotations

from infra.local.cloud.slack_store import SlackError

_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
NEEDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral"), ("chat:write",)),
    "conversations.history": _HISTORY,
    "conversations.replies": _HISTORY,
    **dict.fromkeys(("conversations.info", "conversations.list", "conversations.members"), _READ),
    "conversations.open": ("im:write", "mpim:write", "channels:manage", "groups:write"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.info": ("files:read",),
    "pins.add": ("pins:write",),
    "pins.remove": ("pins:write",),
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "usergroups.list": ("usergroups:read",),
    "usergroups.users.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
}
"""Method -> scopes of which one is enough; methods that are not here need none."""
SOCKETS = "apps.connections.open"


class Gate:
    """Checks every call. ``scopes`` may be narrowed; at first the app has all that the methods here need."""

    def __init__(self, bot_token: str, app_token: str) -> None:
        self.scopes = {scope for needed in NEEDS.values() for scope in needed} | {"commands"}
        self._bot, self._app = bot_token, app_token

    def check(self, method: str, token: str) -> None:
        """Let the call pass, or refuse it in Slack's words."""
        if method == "api.test":
            return
        if not token:
            raise SlackError("not_authed")
        if token not in {self._bot, self._app}:
            raise SlackError("invalid_auth")
        if (token == self._app) != (method == SOCKETS):
            raise SlackError("not_allowed_token_type")
        needed = NEEDS.get(method, ())
        if needed and not self.scopes & set(needed):
            raise SlackError("missing_scope", needed=needed[0], provided=",".join(sorted(self.scopes)))
