"""Artifact Registry and the Docker registry in front of it: which image a tag means.

There are no layers here. The digest of a fixture is the SHA-256 of its own reference text, and every manifest
says so in an annotation and a header.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from google.cloud import artifactregistry_v1 as ar
from starlette.responses import Response

from infra.local.cloud.errors import not_found
from infra.local.cloud.routes import Ask, Routes, paged
from infra.local.cloud.wire import Handler, json_response
from infra.local.cloud.world import World

HOST = "us-docker.pkg.dev"
REPOSITORY = f"{HOST}/demo/inferops"
DEFAULTS = ("vllm-openai:v0.18.1", "epp:v1.5.0", "curl:8.11.1")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
NOTE = "fixture: the digest is the SHA-256 of the reference text"

_NOT_SCANNED = {
    "enablement_state": "SCANNING_DISABLED",
    "enablement_state_reason": "API containerscanning.googleapis.com is not enabled.",
}


@dataclass
class Image:
    """One image: where it is, its digest, the tags that mean it."""

    path: str
    """Repository and image as the registry's URL has them, such as ``demo/inferops/vllm-openai``."""
    digest: str
    tags: list[str] = field(default_factory=list)
    slowdown: float = 1.0
    """How many times longer the steps of the engine inside take: a bad release has more than 1."""


class Artifacts:
    """Every image that can be pulled. ``push`` adds one."""

    def __init__(self, world: World, references: tuple[str, ...] = ()) -> None:
        self.world = world
        self._begun = world.now
        self._repositories: dict[str, str] = {}
        self._images: list[Image] = []
        for reference in references or tuple(f"{REPOSITORY}/{one}" for one in DEFAULTS):
            self.push(reference)
        self.registry = self._registry_routes()

    def push(self, reference: str, digest: str = "", slowdown: float = 1.0) -> str:
        """Add ``host/path/image:tag`` and return its digest; the tag leaves any image that had it before.

        ``slowdown`` above 1 makes it a bad release of a model server: its steps take so many times longer.
        """
        host, _, rest = reference.partition("/")
        path, _, tag = rest.rpartition(":")
        if not path:
            raise ValueError(f"a reference has the form host/path/image:tag, not {reference}")
        meant = digest or f"sha256:{hashlib.sha256(reference.encode()).hexdigest()}"
        for one in self._images:
            if one.path == path and tag in one.tags:
                one.tags.remove(tag)
        found = self.find(path, meant)
        if found is None:
            found = Image(path, meant, slowdown=slowdown)
            self._images.append(found)
        found.tags.append(tag)
        if host.endswith("-docker.pkg.dev"):
            project, repository, *_ = path.split("/")
            location = host.removesuffix("-docker.pkg.dev")
            self._repositories[f"projects/{project}/locations/{location}/repositories/{repository}"] = host
        return meant

    def find(self, path: str, reference: str) -> Image | None:
        """Return the image that a tag or digest means, if there is one."""
        own = (one for one in self._images if one.path == path)
        return next((one for one in own if reference == one.digest or reference in one.tags), None)

    def snapshot(self) -> dict[str, object]:
        """Return every image with its tags."""
        return {f"{one.path}@{one.digest}": sorted(one.tags) for one in self._images}

    # Docker registry, v2 ---------------------------------------------------------------------------------

    def _registry_routes(self) -> Routes:
        routes = Routes(self.world, "registry")
        routes.add("GET", "/v2/", lambda _ask: json_response({}))
        for verb in ("GET", "HEAD"):
            routes.add(verb, "/v2/{path*}/manifests/{reference*}", self._manifest)
        routes.add("GET", "/v2/{path*}/tags/list", self._tag_list)
        return routes

    def _manifest(self, ask: Ask) -> Response:
        found = self.find(ask.parts["path"], ask.parts["reference"])
        headers = {"Docker-Distribution-Api-Version": "registry/2.0"}
        if found is None:
            what = f"Failed to fetch {ask.parts['reference']!r}"
            body = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": what}]}
            return json_response(body, 404, headers)
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 0, "digest": found.digest}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
        manifest["annotations"] = {"note": NOTE}
        headers |= {"Docker-Content-Digest": found.digest, "X-Fixture": NOTE, "Content-Type": MANIFEST}
        return json_response(manifest, headers=headers)

    def _tag_list(self, ask: Ask) -> Response:
        path = ask.parts["path"]
        tags = sorted(tag for one in self._images if one.path == path for tag in one.tags)
        if not any(one.path == path for one in self._images):
            return json_response({"errors": [{"code": "NAME_UNKNOWN", "message": path}]}, 404)
        return json_response({"name": path, "tags": tags})

    # Artifact Registry -----------------------------------------------------------------------------------

    def handlers(self) -> dict[str, Handler]:
        """Return the RPCs that are answered."""
        return {
            "GetRepository": lambda ask: self._repository(ask.name),
            "ListRepositories": self._list_repositories,
            "ListDockerImages": self._list_images,
            "GetDockerImage": self._get_image,
            "GetTag": self._get_tag,
        }

    def _repository(self, name: str) -> Any:
        if name not in self._repositories:
            raise not_found(f"repository {name}")
        _, project, _, _, _, own = name.split("/")
        return ar.Repository(
            name=name,
            format_=ar.Repository.Format.DOCKER,
            mode=ar.Repository.Mode.STANDARD_REPOSITORY,
            registry_uri=f"{self._repositories[name]}/{project}/{own}",
            create_time=self._begun,
            update_time=self._begun,
            satisfies_pzi=True,
            vulnerability_scanning_config=_NOT_SCANNED,
        )

    def _list_repositories(self, ask: Any) -> Any:
        names = [one for one in self._repositories if one.startswith(f"{ask.parent}/")]
        some, token = paged([self._repository(one) for one in names], ask.page_size, ask.page_token)
        return ar.ListRepositoriesResponse(repositories=some, next_page_token=token)

    def _inside(self, repository: str) -> list[tuple[str, Image]]:
        """Return the images of a repository with their names inside it."""
        self._repository(repository)
        _, project, _, _, _, name = repository.split("/")
        start = f"{project}/{name}/"
        return [(one.path.removeprefix(start), one) for one in self._images if one.path.startswith(start)]

    def _shown(self, repository: str, name: str, image: Image) -> Any:
        encoded = name.replace("/", "%2F")
        return ar.DockerImage(
            name=f"{repository}/dockerImages/{encoded}@{image.digest}",
            uri=f"{self._repositories[repository]}/{image.path}@{image.digest}",
            tags=sorted(image.tags),
            media_type=MANIFEST,
        )

    def _list_images(self, ask: Any) -> Any:
        found = [self._shown(ask.parent, name, image) for name, image in self._inside(ask.parent)]
        some, token = paged(found, ask.page_size, ask.page_token)
        return ar.ListDockerImagesResponse(docker_images=some, next_page_token=token)

    def _get_image(self, ask: Any) -> Any:
        repository, _, wanted = ask.name.partition("/dockerImages/")
        for name, image in self._inside(repository):
            shown = self._shown(repository, name, image)
            if shown.name == ask.name:
                return shown
        raise not_found(f"docker image {wanted}")

    def _get_tag(self, ask: Any) -> Any:
        package, _, tag = ask.name.partition("/tags/")
        repository, _, wanted = package.partition("/packages/")
        for name, image in self._inside(repository):
            if name.replace("/", "%2F") == wanted and tag in image.tags:
                return ar.Tag(name=ask.name, version=f"{package}/versions/{image.digest}")
        raise not_found(f"tag {ask.name}")
