"""What may stand inside blocks: text objects, buttons, menus, inputs, with Slack's published limits."""

from __future__ import annotations

from infra.local.cloud.slack_shapes import (
    Rule,
    anything,
    both,
    by_type,
    fields,
    flag,
    items,
    number,
    one_of,
    some,
    string,
)

IDENTIFIER = string(255)


def plain(most: int) -> Rule:
    """Plain text of so many characters."""
    return by_type({"plain_text": fields({"type": anything, "text": string(most)}, {"emoji": flag})})


def text(most: int) -> Rule:
    """Plain text or mrkdwn of so many characters."""
    return by_type(
        {
            "plain_text": fields({"type": anything, "text": string(most)}, {"emoji": flag}),
            "mrkdwn": fields({"type": anything, "text": string(most)}, {"verbatim": flag}),
        }
    )


CONFIRM = fields(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
OPTION = fields(
    {"text": text(75), "value": string(150)},
    {"description": text(75), "url": string(3000)},
)
GROUP = fields({"label": plain(75), "options": items(OPTION, 100)})
SLACK_FILE = both(fields({}, {"id": string(), "url": string()}), some("id", "url"))
PICTURE: dict[str, Rule] = {"image_url": string(3000), "slack_file": SLACK_FILE}
IMAGE = both(fields({"type": anything, "alt_text": string(2000)}, PICTURE), some(*PICTURE))
_ACT: dict[str, Rule] = {"action_id": IDENTIFIER}
_ASK: dict[str, Rule] = {**_ACT, "placeholder": plain(150), "focus_on_load": flag}
_PICK: dict[str, Rule] = {**_ASK, "confirm": CONFIRM}
_MANY: dict[str, Rule] = {**_PICK, "max_selected_items": number(1)}
_LISTED: dict[str, Rule] = {"options": items(OPTION, 100), "option_groups": items(GROUP, 100)}


def _kind(optional: dict[str, Rule], **needed: Rule) -> Rule:
    return fields({"type": anything, **needed}, optional)


BUTTON = _kind(
    {
        **_ACT,
        "value": string(2000),
        "url": string(3000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
    text=plain(75),
)
INTERACTIVE: dict[str, Rule] = {
    "button": BUTTON,
    "overflow": _kind({**_ACT, "confirm": CONFIRM}, options=items(OPTION, 5)),
    "static_select": _kind({**_PICK, **_LISTED, "initial_option": OPTION}),
    "multi_static_select": _kind({**_MANY, **_LISTED, "initial_options": items(OPTION, 100)}),
    "external_select": _kind({**_PICK, "initial_option": OPTION, "min_query_length": number(0)}),
    "users_select": _kind({**_PICK, "initial_user": string()}),
    "multi_users_select": _kind({**_MANY, "initial_users": items(string(), 100)}),
    "conversations_select": _kind(
        {
            **_PICK,
            "initial_conversation": string(),
            "filter": anything,
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
        }
    ),
    "channels_select": _kind({**_PICK, "initial_channel": string(), "response_url_enabled": flag}),
    "datepicker": _kind({**_PICK, "initial_date": string(10)}),
    "timepicker": _kind({**_PICK, "initial_time": string(5), "timezone": string()}),
    "datetimepicker": _kind({**_ACT, "confirm": CONFIRM, "initial_date_time": number(0), "focus_on_load": flag}),
    "checkboxes": _kind(
        {**_ACT, "confirm": CONFIRM, "initial_options": items(OPTION, 10), "focus_on_load": flag},
        options=items(OPTION, 10),
    ),
    "radio_buttons": _kind(
        {**_ACT, "confirm": CONFIRM, "initial_option": OPTION, "focus_on_load": flag},
        options=items(OPTION, 10),
    ),
}
_TYPED: dict[str, Rule] = {**_ASK, "initial_value": string(3000, least=0), "dispatch_action_config": anything}
INPUTS: dict[str, Rule] = {
    **{name: rule for name, rule in INTERACTIVE.items() if name not in {"button", "overflow"}},
    "plain_text_input": _kind(
        {**_TYPED, "multiline": flag, "min_length": number(0, 3000), "max_length": number(1, 3000)}
    ),
    "number_input": _kind({**_TYPED, "min_value": string(), "max_value": string()}, is_decimal_allowed=flag),
    "email_text_input": _kind(_TYPED),
    "url_text_input": _kind(_TYPED),
    "rich_text_input": _kind({**_ASK, "initial_value": anything, "dispatch_action_config": anything}),
}
FEEDBACK: dict[str, Rule] = {
    "feedback_buttons": _kind(_ACT, positive_button=anything, negative_button=anything),
    "icon_button": _kind({**_ACT, "value": string(2000), "confirm": CONFIRM}, icon=string(), text=plain(75)),
}
ACTING = INTERACTIVE.keys() | INPUTS.keys() | FEEDBACK.keys()
"""Types of elements that people act on, and which Slack therefore gives an action_id."""
