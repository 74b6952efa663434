"""A bot that Slack reaches by Socket Mode alone, for the tests of that."""

from __future__ import annotations

from dataclasses import replace

from shared.settings import Settings
from tests.contract.bot_place import APP_TOKEN, TOKEN, Place

NOWHERE = "127.0.0.1:9"


def only_by_socket(place: Place) -> Settings:
    """Make Slack unable to reach the bot over HTTP, and return the settings of a bot that needs no such thing."""
    place.url = f"http://{NOWHERE}/"
    place.works.settings = replace(
        place.works.settings,
        signing_secret="",
        app_token=APP_TOKEN,
        bot_token=TOKEN,
        slack_endpoint=f"{place.slack.url}/api/",
        firestore_endpoint=NOWHERE,
        pubsub_endpoint=NOWHERE,
    )
    return place.works.settings
