"""Where everything is built: the project and the few choices that hold for all of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """One Google Cloud project as inferops uses it."""

    project: str
    number: str
    """The project's number: service agents and fleet states are named by it."""
    network: str = "default"
    subnetwork: str = "default"
    repository: str = ""
    """Artifact Registry path that holds the images, such as ``us-docker.pkg.dev/P/inferops``."""
    owner: str = "inferops"
    """Marks what is ours: label ``app.kubernetes.io/managed-by`` or description ``inferops:OWNER``."""
