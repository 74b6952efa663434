"""What a project must have before anything is built: APIs and grants, each with the command that gives it.

We never grant ourselves rights and never enable an API: a check looks, and shows the exact remedy.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Api:
    """A Google API that must be enabled."""

    name: str
    why: str

    def remedy(self, project: str) -> str:
        """The command that enables it."""
        return f"gcloud services enable {self.name} --project={project}"


@dataclass(frozen=True)
class Grant:
    """A role that a service account needs on the project."""

    id: str
    account: str
    """Template of the account's e-mail address, with {project}, {number} or {node_account} to fill in."""
    role: str
    why: str

    def member(self, project: str, number: str, node_account: str = "") -> str:
        """The IAM member; without a node account of our own, Compute Engine's default one is meant."""
        node = node_account or f"{number}-compute@developer.gserviceaccount.com"
        return "serviceAccount:" + self.account.format(project=project, number=number, node_account=node)

    def remedy(self, project: str, number: str, node_account: str = "") -> str:
        """The command that grants it."""
        return (
            f"gcloud projects add-iam-policy-binding {project}"
            f" --member={self.member(project, number, node_account)} --role={self.role} --condition=None"
        )


@dataclass(frozen=True)
class Prior:
    """How long one kind of work takes before we have measured it ourselves."""

    typical: timedelta
    longest: timedelta
    """Beyond this something is wrong, or capacity is missing."""
    source: str
    estimated: bool
    """True where no source gives a figure and it is our own guess."""
