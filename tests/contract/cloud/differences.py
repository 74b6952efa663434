"""Where the embedded cloud differs from recorded conversations on purpose, each with its reason.

``test_conversations`` fails for a difference that is not listed here, and for a listed one that is gone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


@dataclass(frozen=True)
class NotServed:
    """Requests that are not made: ``VERB host/path STATUS`` with stars."""

    line: str
    reason: str

    def covers(self, line: str) -> bool:
        return _matches(self.line, line)


@dataclass(frozen=True)
class Difference:
    """Paths, with stars, in what is shown of a kind of resource."""

    about: str
    path: str
    reason: str

    def covers(self, about: str, path: str) -> bool:
        return _matches(self.about, about) and _matches(self.path, path)


_SET_UP = "Terraform sets it up before the product starts; the product only reads it"
_PROJECT = "the project is there from the start"

NOT_SERVED = (
    NotServed("* firestore/v1/projects/demo/databases* *", f"databases, indexes and time to live: {_SET_UP}"),
    NotServed("POST storage/storage/v1/b *", _SET_UP),
    NotServed("DELETE storage/storage/v1/b/* *", _SET_UP),
    NotServed("POST artifactregistry/* *", _SET_UP),
    NotServed("PATCH artifactregistry/* *", _SET_UP),
    NotServed("DELETE artifactregistry/* *", _SET_UP),
    NotServed("GET artifactregistry/*/operations/* *", "what it is about is not begun here"),
    NotServed("* compute/*/regions/us-west1/routers* *", "routers and NAT are not simulated"),
    NotServed("* compute/*/regions/us-west1/operations/* *", "an operation on a router"),
    NotServed("GET compute/*/instanceGroupManagers/* *", "machines are seen through GKE alone"),
    NotServed("GET compute/*/global/routes *", "routes are not simulated"),
    NotServed("* cloudbilling/* *", "who pays is not simulated"),
    NotServed("GET cloudresourcemanager/v1/projects/demo 403", _PROJECT),
    NotServed("POST cloudresourcemanager/v1/projects *", _PROJECT),
    NotServed("GET cloudresourcemanager/v1/operations/* *", _PROJECT),
    NotServed("DELETE cloudresourcemanager/v1/projects/demo *", _PROJECT),
)

_HERE = "the Kubernetes API is on this machine, not below gke.goog"
_BETA = "only v1beta1 has this field"
_DOCUMENTED = "documented as set by the server; the recording leaves it out"
_SERVICE = "part of the API's Service, and what gcloud's list shows; the recording has only some of it"
_MASK = "the mask of the query parameter fields is not simulated"
_ACL = "buckets here have uniform access: there are no access lists"
_POOL_LATER = "the recording lists only the pool that was created with the cluster"
_STATES = "the product goes by the feature's states; the recording was made by a client that is shown none"

DIFFERENCES = (
    # GKE
    Difference("container clusters", "clusterTelemetry.type", _BETA),
    Difference("container clusters", "protectConfig.*", _BETA),
    Difference("container clusters", "endpoint", _HERE),
    Difference("container clusters", "controlPlaneEndpointsConfig.dnsEndpointConfig.endpoint", _HERE),
    Difference(
        "container clusters",
        "masterAuth.clusterCaCertificate",
        "the Kubernetes API speaks plain HTTP here: there is no certificate to trust",
    ),
    Difference(
        "container clusters",
        "networkConfig.network",
        "documented as a relative name; recorded as the bare default where the request named no network",
    ),
    Difference("container clusters", "nodePools[].name", _POOL_LATER),
    Difference("container clusters", "nodePools[].autoscaling.*", _POOL_LATER),
    Difference("container clusters", "nodePools[].config.taints[].*", _POOL_LATER),
    Difference("container clusters", "nodePools[].config.loggingConfig.*", _POOL_LATER),
    Difference("container clusters", "nodePools[].etag", _DOCUMENTED),
    Difference("container clusters", "nodePools[].selfLink", _DOCUMENTED),
    Difference("container clusters", "nodePools[].locations[]", _DOCUMENTED),
    Difference(
        "container clusters",
        "nodePools[].upgradeSettings.strategy",
        "other recordings show SURGE where none was asked for",
    ),
    Difference("container nodePools", "etag", _DOCUMENTED),
    Difference("container nodePools", "locations[]", _DOCUMENTED),
    Difference("container nodePools", "selfLink", "links to what is zonal say zones, as the cluster's own link does"),
    # Compute
    Difference("compute firewalls", "network", "documented as a URL; the recording repeats the request"),
    Difference(
        "compute firewalls", "sourceRanges[]", "our choice: what an ingress rule without sources means is written out"
    ),
    Difference(
        "compute networks",
        "routingConfig.routingMode",
        "the other recorded networks show theirs; here the default one does too",
    ),
    Difference(
        "compute subnetworks",
        "items.regions/PLACE.warning.*",
        "every region here has a subnetwork of the default network; some of the recorded ones had none",
    ),
    # Fleet
    Difference("gkehub memberships", "infrastructureType", _BETA),
    Difference("gkehub operations", "response.infrastructureType", _BETA),
    Difference(
        "gkehub operations",
        "name",
        "the v1 client asks for operations of a location, not of a membership or feature",
    ),
    Difference("gkehub operations", "metadata.verb", _DOCUMENTED),
    Difference("gkehub operations", "metadata.apiVersion", _DOCUMENTED),
    Difference("gkehub operations", "metadata.endTime", "what is still under way has no end"),
    Difference("gkehub operations", "done", "deleting takes its time here"),
    Difference("gkehub operations", "response.@type", "deleting takes its time here"),
    Difference("gkehub operations", "response.createTime", "recorded after creation, left out after an update"),
    Difference("gkehub operations", "response.state.state.*", _STATES),
    Difference("gkehub operations", "response.membershipStates.*", _STATES),
    Difference("gkehub features", "state.state.*", _STATES),
    Difference("gkehub features", "membershipStates.*", _STATES),
    Difference("gkehub features", "resourceState.state", _STATES),
    Difference("gkehub features", "createTime", _DOCUMENTED),
    Difference("gkehub features", "updateTime", _DOCUMENTED),
    # Service Usage and Resource Manager
    Difference("serviceusage services", "state", "recorded before the API was enabled; here all are from the start"),
    Difference("serviceusage services", "parent", _SERVICE),
    Difference("serviceusage services", "config.*", _SERVICE),
    Difference("serviceusage services", "services[].config.*", _MASK),
    Difference("serviceusage services", "services[].parent", _MASK),
    Difference("serviceusage services", "services[].state", _MASK),
    Difference(
        "serviceusage operations", "metadata.*", "ours names the services; recorded as an empty message, or none"
    ),
    Difference("serviceusage operations", "response.service.config.*", _SERVICE),
    Difference("cloudresourcemanager projects", "labels.*", "the recorded project was created with labels"),
    Difference("cloudtasks queues", "state", "recorded from the first look on; here creation tells it too"),
    # Storage and Artifact Registry
    Difference("storage b", "*acl[].*", _ACL),
    Difference("storage b", "*defaultObjectAcl[].*", _ACL),
    Difference("storage b", "*owner.entity", _ACL),
    Difference("storage b", "*iamConfiguration.*.enabled", _ACL),
    Difference("artifactregistry repositories", "description", "written by a request that is not served"),
    Difference(
        "artifactregistry repositories",
        "vulnerabilityScanningConfig.lastEnableTime",
        "scanning was never enabled here",
    ),
)
