"""What a model server shows at /metrics: the names differ by version, and that is what breaks dashboards."""

from __future__ import annotations

import re

from infra.local.cloud.kube.controllers import command
from infra.local.cloud.kube.controllers.hooks import Hooks
from infra.local.cloud.kube.controllers.loop import Site
from infra.local.cloud.kube.controllers.values import ready

_NEWEST = (999,)
_KV_FROM, _GPU_UNTIL = (0, 9, 2), (0, 11, 0)


def version_of(image: str, hooks: Hooks) -> tuple[int, ...]:
    """Return the engine's version by its image's tag, or by what stands behind the digest; unknown counts as newest."""
    tag = re.search(r":v?(\d+(?:\.\d+)+)", image)
    text = tag[1] if tag else (hooks.image_version(image) or "").removeprefix("v")
    numbers = re.findall(r"\d+", text)
    return tuple(int(number) for number in numbers) or _NEWEST


def pod_metrics(site: Site, hooks: Hooks, namespace: str, name: str) -> str | None:
    """Return the metrics of an idle model server; None when the pod is none or does not answer."""
    pod = site.objects.find("Pod", namespace, name)
    container = command.engine_of(pod) if pod else None
    if pod is None or container is None or not ready(pod):
        return None
    version = version_of(container.get("image", ""), hooks)
    names = ["vllm:num_requests_running", "vllm:num_requests_waiting"]
    if version >= _KV_FROM:
        names.append("vllm:kv_cache_usage_perc")
    if version < _GPU_UNTIL:
        names.append("vllm:gpu_cache_usage_perc")
    label = f'{{model_name="{command.served_names(container)[0]}",engine="0"}}'
    return "".join(f"# TYPE {metric} gauge\n{metric}{label} 0.0\n" for metric in names)
