"""The door to Slack's Web API. Never sleeps: a rate limit is handed to the caller.

One call of ours is one call of Slack's, so that whoever dies in between can find out how far it came. An upload is
three, and shows nothing by itself. SlackChat is for notify and sweep; the bot has ``slack_views`` instead, which can
say nothing in a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from shared.domain.conditions import Reason
from shared.domain.errors import InferError, NeedsHumanError, RetryableError, TerminalError
from shared.ports import BlocksRefusedError, Card, RateLimitedError

EVENT = "infer_card"
"""Metadata event type of our messages; the payload is ``{"key": ...}``."""
TIMEOUT = 10
"""Seconds for one call."""
SLACK = "https://slack.com/api/"
PAGE = 200
_DEFAULT_WAIT = 30.0
"""Seconds to wait when Slack does not say how long."""
_NOT_HERE = frozenset(
    {"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived", "restricted_action", "no_channel"}
)
"""Refusals of an ephemeral message after which a direct one may still arrive."""
_REMEDIES: Mapping[str, str] = {
    "not_in_channel": "invite the app: /invite @inferops in that channel",
    "channel_not_found": "check INFEROPS_CHANNEL (the channel's id, C...), and invite the app if it is private",
    "is_archived": "unarchive the channel, or set INFEROPS_CHANNEL to another one",
    "invalid_auth": "set INFEROPS_BOT_TOKEN to the token of the installed app",
    "not_authed": "set INFEROPS_BOT_TOKEN to the token of the installed app",
    "token_revoked": "install the app again and set INFEROPS_BOT_TOKEN",
    "account_inactive": "install the app again and set INFEROPS_BOT_TOKEN",
    "missing_scope": "add the missing scope to the app's manifest and install it again",
}


def web_client(token: str, base_url: str, seconds: int = TIMEOUT) -> Any:
    """Return Slack's own client for the Web API at this address; empty: Slack's. It tries nothing twice."""
    from slack_sdk import WebClient  # noqa: PLC0415 - only who speaks to Slack pays for it

    # Its own retry would repeat a post whose answer was lost.
    return WebClient(token or None, base_url=base_url or SLACK, timeout=seconds, retry_handlers=[])


class SlackCalls:
    """Calls of the Web API, their failures sorted: RateLimitedError, BlocksRefusedError, or an InferError."""

    seconds: int = TIMEOUT
    """For one call."""

    def __init__(self, token: str, base_url: str = "") -> None:
        self._token = token
        self._base_url = base_url

    @cached_property
    def _client(self) -> Any:
        return web_client(self._token, self._base_url, self.seconds)

    def _read(self, method: str, args: dict[str, Any] | None = None) -> Any:
        return self._call(method, params=args or {})  # a form: Slack's reading methods take no JSON

    def _say(self, method: str, args: dict[str, Any]) -> Any:
        return self._call(method, json=args)

    def _call(self, method: str, **how: Any) -> Any:
        return self._tried(method, lambda: self._client.api_call(method, **how).data)

    def _tried(self, method: str, call: Callable[[], Any]) -> Any:
        from slack_sdk.errors import SlackApiError, SlackRequestError  # noqa: PLC0415 - only who speaks pays for it

        try:
            return call()
        except SlackApiError as error:
            raise _ours_for(method, error) from error
        except (OSError, SlackRequestError) as error:  # timeouts, resets, a failed upload: it may have happened
            message = f"no answer from Slack to {method}"
            raise RetryableError(message, reason=Reason.DEADLINE_EXCEEDED) from error


class SlackChat(SlackCalls):
    """Keeps ``ports.Chat``. Failures beside the port's own two come as InferError."""

    @cached_property
    def _me(self) -> str:
        return str(self._read("auth.test")["user_id"])

    def post(self, channel: str, card: Card, *, key: str = "", thread: str = "") -> str:
        """Post and return the message's ts. ``key`` goes into the metadata, to find the message again."""
        said = _content(card) | {"channel": channel, "unfurl_links": False, "unfurl_media": False}
        if key:
            said["metadata"] = {"event_type": EVENT, "event_payload": {"key": key}}
        if thread:
            said["thread_ts"] = thread
        return str(self._say("chat.postMessage", said)["ts"])

    def edit(self, channel: str, ts: str, card: Card) -> bool:
        """Replace a message; False where it is gone."""
        return self._there("chat.update", _content(card) | {"channel": channel, "ts": ts})

    def remove(self, channel: str, ts: str) -> None:
        """Delete a message; one that is gone already is fine."""
        self._there("chat.delete", {"channel": channel, "ts": ts})

    def _there(self, method: str, args: dict[str, Any]) -> bool:
        try:
            self._say(method, args)
        except _RefusedError as refused:
            if refused.code == "message_not_found":
                return False
            raise
        return True

    def tell(self, user: str, channel: str, text: str) -> None:
        """Tell one person privately: ephemeral in the channel, else as a direct message. No channel: directly."""
        try:
            if channel:
                self._say("chat.postEphemeral", {"channel": channel, "user": user, "text": text})
                return
        except _RefusedError as refused:
            if refused.code not in _NOT_HERE:
                raise
        opened = self._say("conversations.open", {"users": user})
        self._say("chat.postMessage", {"channel": opened["channel"]["id"], "text": text})

    def picture(self, name: str, data: bytes, alt: str) -> str:
        """Upload a picture that no channel shows yet, and return its id for an image block."""
        made = self._tried(
            "files.upload",
            lambda: self._client.files_upload_v2(filename=name, content=data, title=name, alt_txt=alt).data,
        )
        return str(made["files"][0]["id"])

    def look_up(self, channel: str, key: str, since: datetime) -> list[str]:
        """Return the ts of our messages that carry this key, oldest first.

        A key ``PARENT/REST`` is looked for in the threads of the messages that carry the key PARENT.
        """
        oldest = f"{since.timestamp():.6f}"
        parent, _, rest = key.partition("/")
        args = {"channel": channel, "oldest": oldest, "inclusive": True, "include_all_metadata": True}
        found = sorted(self._ours("conversations.history", args, parent))
        if not rest:
            return found
        return sorted(
            ts for parent_ts in found for ts in self._ours("conversations.replies", args | {"ts": parent_ts}, key)
        )

    def _ours(self, method: str, args: dict[str, Any], key: str) -> Iterator[str]:
        for page in self._pages(method, args):
            for message in page["messages"]:
                metadata = message.get("metadata") or {}
                carries = metadata.get("event_payload", {}).get("key") == key and metadata.get("event_type") == EVENT
                # Any app can write such metadata: what is not ours can be neither edited nor deleted.
                if carries and message.get("user") == self._me:
                    yield str(message["ts"])

    def directory(self) -> tuple[Mapping[str, frozenset[str]], frozenset[str]]:
        """Return user group handle -> member ids, and the ids of guests and deactivated users."""
        groups = self._read("usergroups.list", {"include_users": True})["usergroups"]
        members = {str(group["handle"]): frozenset(self._members(group)) for group in groups}
        people = (person for page in self._pages("users.list", {}) for person in page["members"])
        return members, frozenset(str(person["id"]) for person in people if _is_guest(person))

    def _members(self, group: Mapping[str, Any]) -> list[str]:
        if "users" in group:
            return list(group["users"])
        return list(self._read("usergroups.users.list", {"usergroup": group["id"]})["users"])

    def _pages(self, method: str, args: dict[str, Any]) -> Iterator[Any]:
        cursor = ""
        while True:
            page = self._read(method, args | {"limit": PAGE} | ({"cursor": cursor} if cursor else {}))
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


class _RefusedError(TerminalError):
    """A refusal in Slack's own word, before anybody judged it."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refused {method}: {code}", reason=Reason.INVALID, field=method)
        self.code = code


def _ours_for(method: str, error: Any) -> Exception:
    response = error.response
    code, status = str(response.get("error", "")), int(response.status_code)
    if code == "ratelimited" or status == 429:  # noqa: PLR2004 - HTTP: too many requests
        return RateLimitedError(_wait(response.headers))
    if code.startswith("invalid_blocks"):
        return BlocksRefusedError(code)
    return _sorted_by_who(method, code, status)


def _sorted_by_who(method: str, code: str, status: int) -> InferError:
    if method != "chat.postEphemeral" and code in _REMEDIES:
        message = f"Slack refused {method}: {code}"
        return NeedsHumanError(message, reason=Reason.PERMISSION_DENIED, remedy=_REMEDIES[code])
    if status >= 500 or code in {"fatal_error", "internal_error", "service_unavailable", "request_timeout"}:  # noqa: PLR2004 - HTTP: the server's fault
        return RetryableError(f"Slack could not answer {method}", reason=Reason.UNAVAILABLE)
    return _RefusedError(method, code)


def _wait(headers: Mapping[str, Any]) -> float:
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    text = str(asked[0] if isinstance(asked, list) and asked else asked)
    return float(text) if text.isdigit() else _DEFAULT_WAIT


def _content(card: Card) -> dict[str, Any]:
    # An edit with a text and no blocks takes the old blocks away, as it should.
    return {"text": card.text, **({"blocks": [dict(block) for block in card.blocks]} if card.blocks else {})}


def _is_guest(person: Mapping[str, Any]) -> bool:
    marks = ("is_restricted", "is_ultra_restricted", "deleted", "is_bot", "is_stranger")
    return any(person.get(mark) for mark in marks)
