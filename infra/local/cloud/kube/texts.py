"""The forms of names, label keys and label values: what is wrong with a text, in the words of the real server."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
SERVICE = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"
NAME_LIMIT, LABEL_LIMIT = 253, 63
_ENDS = "and must start and end with an alphanumeric character"
SUBDOMAIN_WHY = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ENDS}"
)
LABEL_WHY = f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ENDS}"
SERVICE_WHY = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character"
)


def dns(name: str, pattern: str, limit: int, why: str) -> Iterator[str]:
    """Yield what keeps a text from being a DNS name."""
    if len(name) > limit:
        yield f"must be no more than {limit} bytes"
    if not re.fullmatch(pattern, name):
        yield f"{why} (regex used for validation is '{pattern}')"


def subdomain(name: str) -> Iterator[str]:
    """Yield what keeps a text from being a DNS subdomain."""
    return dns(name, SUBDOMAIN, NAME_LIMIT, SUBDOMAIN_WHY)


def dns_label(name: str) -> Iterator[str]:
    """Yield what keeps a text from being a DNS label."""
    return dns(name, _LABEL, LABEL_LIMIT, LABEL_WHY)


def service_label(name: str) -> Iterator[str]:
    """Yield what keeps a text from being a DNS label that starts with a letter."""
    return dns(name, SERVICE, LABEL_LIMIT, SERVICE_WHY)


def qualified(key: str) -> Iterator[str]:
    """Yield what keeps a text from being a qualified name, such as the key of a label."""
    prefix, slash, name = key.rpartition("/")
    if slash and not re.fullmatch(SUBDOMAIN, prefix):
        yield f"prefix part {SUBDOMAIN_WHY}"
    if len(name) > LABEL_LIMIT:
        yield f"name part must be no more than {LABEL_LIMIT} bytes"
    if not re.fullmatch(_QUALIFIED, name):
        yield (
            f"name part must consist of alphanumeric characters, '-', '_' or '.', {_ENDS} "
            f"(regex used for validation is '{_QUALIFIED}')"
        )


def label(value: str) -> Iterator[str]:
    """Yield what keeps a text from being the value of a label."""
    if len(value) > LABEL_LIMIT:
        yield f"must be no more than {LABEL_LIMIT} bytes"
    if not re.fullmatch(_VALUE, value):
        yield (
            f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {_ENDS} "
            f"(regex used for validation is '{_VALUE}')"
        )


def config_key(key: str) -> Iterator[str]:
    """Yield what keeps a text from being a key of a ConfigMap or Secret: they become names of files."""
    if len(key) > NAME_LIMIT:
        yield f"must be no more than {NAME_LIMIT} characters"
    if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
        yield "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    if key in {".", ".."} or key.startswith(".."):
        yield "must not be '.' and must not start with '..'"
