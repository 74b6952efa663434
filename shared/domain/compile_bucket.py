"""Where a deployment's weights come from, and the check that its servers may read them."""

from __future__ import annotations

from shared.domain.compile_frame import Frame
from shared.domain.graph import Resource
from shared.domain.manifests.weights import Source, from_bucket, from_hub
from shared.domain.names import Kind, ResourceKey

READER = "roles/storage.objectViewer"


def weights_source(frame: Frame) -> Source:
    """Return what the weights add to the model server's pod."""
    if frame.spec.weights:
        return from_bucket(bucket_url(frame), frame.name)
    token = frame.engine.token
    return from_hub(frame.fit.model.hf_id, token.env, token.secret if frame.spec.token else "", token.key)


def bucket_url(frame: Frame) -> str:
    """Return the bucket and prefix for this region: ``{region}`` in it stands for the region's name."""
    return frame.spec.weights.replace("{region}", frame.region)


def bucket_check(frame: Frame) -> Resource:
    """Return the check: the bucket is near the nodes, and the servers' own account may read it.

    The account is named directly, by workload identity: no Google service account stands between.
    """
    pool = f"{frame.site.project}.svc.id.goog"
    member = (
        f"principal://iam.googleapis.com/projects/{frame.site.number}/locations/global/workloadIdentityPools/{pool}"
        f"/subject/ns/{frame.namespace}/sa/{frame.name}"
    )
    url = bucket_url(frame)
    bucket = url.removeprefix("gs://").partition("/")[0]
    remedy = f"gcloud storage buckets add-iam-policy-binding gs://{bucket} --member={member} --role={READER}"
    spec = {"location": frame.region, "member": member, "role": READER}
    return Resource(ResourceKey(frame.region, Kind.BUCKET, url), spec, remedy=remedy)
