"""What the tap never shows: secrets by their value, by their looks, and by the name of the field they stand in."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from infra.local.cloud.tap_reading import Form

MASK = "•••"
_LOOKS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|hf_\w{5,}|ya29\.[\w.-]+|v0=[0-9a-f]{64}|(?i:bearer )[\w.~+/=-]{8,}"
    r"|(?<=/response/)\w+"
    r"|-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)",
    re.DOTALL,
)
"""Slack's, Hugging Face's and Google's tokens, signatures, response URLs, and keys, even cut ones, by their looks."""
_NAMES = (
    "response_url",
    "trigger_id",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "ticket",
    "authorization",
    "password",
    "private_key",
    "client_secret",
)
_NAMED = re.compile(
    rf"(?i)((?<![a-z0-9])(?:{'|'.join(name.replace('_', '[_-]?') for name in _NAMES)})[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s&\"',;}]+"
)
"""The same names in text, such as the query of a URL."""
_CODED = re.compile(r"[\w+/-]{16,}={0,2}", re.ASCII)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


_FIELDS = {_plain(name) for name in _NAMES}
_OF_SECRETS = {"data", "stringdata", "value"}
"""Fields that hold the values of a Kubernetes Secret; ``value`` in a JSON patch of one."""


@dataclass(frozen=True)
class Masker:
    """Masks these secrets, wherever they stand, and all that looks or is named like one."""

    secrets: AbstractSet[str]

    def text(self, text: str) -> str:
        """Return a text without secrets, whether they are plain or inside base64."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            for form in (secret, base64.b64encode(secret.encode()).decode()):
                text = text.replace(form, MASK)
        text = _CODED.sub(self._decoded, _LOOKS.sub(MASK, text))
        return _NAMED.sub(rf"\g<1>{MASK}", text)

    def body(self, value: Any, *, hushed: bool) -> Any:
        """Return a body without secrets; ``hushed`` where it is known to be about a Secret of Kubernetes."""
        # Such as YAML: what cannot be told apart is not shown at all.
        return _blank(value) if hushed and isinstance(value, str) else self.value(value, hushed=hushed)

    def value(self, value: Any, *, hushed: bool = False) -> Any:
        """Return a value, or a part of one, without secrets."""
        if isinstance(value, dict):
            inside = hushed or any(value.get("kind") == kind for kind in ("Secret", "SecretList"))
            return {self.text(name): self._field(name, item, hushed=inside) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, hushed=hushed) for item in value]
        if isinstance(value, Form):
            return Form([(name, self._field(name, item, hushed=hushed)) for name, item in value.fields])
        return self.text(value) if isinstance(value, str) else value

    def _field(self, name: str, item: Any, *, hushed: bool) -> Any:
        plain = _plain(name)
        holds_a_version = plain == "payload" and isinstance(item, dict) and "data" in item  # as Secret Manager has it
        if plain in _FIELDS or holds_a_version or (hushed and plain in _OF_SECRETS):
            return _blank(item)
        return self.value(item, hushed=hushed)

    def _decoded(self, found: re.Match[str]) -> str:
        run = found[0].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            inside = base64.b64decode(run + "=" * (-len(run) % 4)).decode("latin-1")
        except binascii.Error:
            return found[0]
        return found[0] if self.text(inside) == inside else MASK


def _blank(item: Any) -> Any:
    """Return what may be seen of a secret: the names in it, and that there is none."""
    if isinstance(item, dict):
        return dict.fromkeys(item, MASK)
    return item if item in ("", None) else MASK
