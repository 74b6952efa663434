"""Settings, read once at the edge. Nobody else reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from shared.domain.site import Site


@dataclass(frozen=True)
class Settings:
    """Every setting with its meaning. The variable of a field is ``INFEROPS_`` and its name in capitals.

    An endpoint that is empty means Google's own, with the credentials of the runtime's service account.
    """

    project: str = ""
    """Google Cloud project that everything is built in."""
    project_number: str = ""
    """Its number."""
    network: str = "default"
    """VPC network of the clusters."""
    subnetwork: str = "default"
    """Subnetwork of the clusters, by the same name in each region."""
    repository: str = ""
    """Artifact Registry path of the images, such as us-docker.pkg.dev/P/inferops."""
    hf_token_secret: str = ""
    """Secret Manager secret with the Hugging Face token, projects/P/secrets/S."""
    owner: str = "inferops"
    """Mark of what is ours; two installations in one project need two."""
    team: str = ""
    """The Slack team (T...) that may use the bot; any other is refused."""
    channel: str = ""
    """Slack channel (C...) for cards."""
    signing_secret: str = ""
    """Slack's signing secret. The bot alone needs it, and not in Socket Mode."""
    bot_token: str = ""
    """Slack's bot token. notify and sweep need it, and the bot for its form and Home tab."""
    app_token: str = ""
    """Slack's app-level token (xapp-...). The bot alone needs it, and in Socket Mode only."""
    policy_file: str = ""
    """Path of the policy. Without it every change is refused."""
    database: str = "(default)"
    """Firestore database."""
    queue: str = ""
    """Cloud Tasks queue, projects/P/locations/L/queues/Q."""
    tasks_account: str = ""
    """Service account whose token Cloud Tasks sends when it publishes a message that came due."""
    time_url: str = ""
    """Where to ask for the time; empty: the system clock."""
    log_level: str = "INFO"
    """Least severity that is logged."""
    kube_scheme: str = "https"
    """Scheme of a cluster's DNS endpoint."""
    firestore_endpoint: str = ""
    """gRPC host:port of Firestore."""
    pubsub_endpoint: str = ""
    """gRPC host:port of Pub/Sub."""
    pubsub_rest_endpoint: str = ""
    """HTTP address of Pub/Sub, where Cloud Tasks publishes."""
    tasks_endpoint: str = ""
    """gRPC host:port of Cloud Tasks."""
    container_endpoint: str = ""
    """gRPC host:port of the GKE API."""
    hub_endpoint: str = ""
    """gRPC host:port of the fleet (GKE Hub) API."""
    monitoring_endpoint: str = ""
    """gRPC host:port of Cloud Monitoring."""
    prometheus_endpoint: str = ""
    """HTTP address of Cloud Monitoring, where it answers Prometheus queries."""
    secrets_endpoint: str = ""
    """gRPC host:port of Secret Manager."""
    compute_endpoint: str = ""
    """HTTP address of the Compute API."""
    storage_endpoint: str = ""
    """HTTP address of Cloud Storage."""
    serviceusage_endpoint: str = ""
    """HTTP address of Service Usage."""
    resourcemanager_endpoint: str = ""
    """HTTP address of Resource Manager."""
    quotas_endpoint: str = ""
    """HTTP address of Cloud Quotas."""
    registry_endpoint: str = ""
    """gRPC host:port of Artifact Registry."""
    gateway_endpoint: str = ""
    """HTTP address of Connect Gateway."""
    slack_endpoint: str = ""
    """HTTP address of Slack's Web API, ending in /api/."""

    @property
    def site(self) -> Site:
        """What the domain needs to know of the project."""
        return Site(
            project=self.project,
            number=self.project_number,
            network=self.network,
            subnetwork=self.subnetwork,
            repository=self.repository,
            owner=self.owner,
        )


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment, or from ``environment``."""
    found = os.environ if environment is None else environment
    names = (field.name for field in fields(Settings))
    return Settings(
        **{name: found[f"INFEROPS_{name.upper()}"] for name in names if f"INFEROPS_{name.upper()}" in found}
    )


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the environment that reads back as these settings."""
    return {f"INFEROPS_{field.name.upper()}": str(getattr(settings, field.name)) for field in fields(Settings)}
