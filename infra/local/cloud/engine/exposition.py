"""What a model server shows at /metrics, under the names of its version: the one source for scrapes and for people.

Names and the versions that have them are those of vLLM's released sources; the KV-usage gauge is what breaks
dashboards most often. Prefix cache, LoRA and speculative decoding are not modelled, so their series are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from infra.local.cloud.engine.histograms import Histogram
from infra.local.cloud.engine.physics import BLOCK
from infra.local.cloud.engine.server import Server
from infra.local.cloud.monitoring_store import Scraped

Version = tuple[int, ...]
RUNNING, WAITING = "vllm:num_requests_running", "vllm:num_requests_waiting"
_KV_FROM, _GPU_UNTIL = (0, 9, 2), (0, 11, 0)
_GAP_FROM, _OLD_GAP_UNTIL = (0, 10, 2), (0, 12, 0)
_ERROR_FROM, _REPETITION_FROM = (0, 13, 0), (0, 17, 0)


def kv_names(version: Version) -> list[str]:
    """Return the names under which this version shows its KV usage."""
    kv = ["vllm:kv_cache_usage_perc"] if version >= _KV_FROM else []
    return kv + (["vllm:gpu_cache_usage_perc"] if version < _GPU_UNTIL else [])


def gauge(server: Server, version: Version, name: str) -> float | None:
    """Return what a gauge shows now; None when this version has none of that name."""
    if name in kv_names(version):
        return server.kv_usage
    return {RUNNING: float(server.running), WAITING: float(server.waiting)}.get(name)


class Exposition:
    """The series of one server; ``more`` are labels that its collector adds to each."""

    def __init__(
        self, server: Server, version: Version, model_name: str, more: Mapping[str, str] | None = None
    ) -> None:
        self._server = server
        own = {"engine": "0", "model_name": model_name, **(more or {})}
        self._counters = [
            "vllm:num_preemptions_total", "vllm:prompt_tokens_total", "vllm:generation_tokens_total",
        ]  # fmt: skip
        self._kv = kv_names(version)
        self._reasons = ["stop", "length", "abort"]
        self._reasons += ["error"] if version >= _ERROR_FROM else []
        self._reasons += ["repetition"] if version >= _REPETITION_FROM else []
        self._histograms = _histograms(server, version)
        self._lines = list(self._series(own, {"engine": "0", **(more or {})}))
        self._mark: object = None
        self._read: Sequence[Scraped] = ()

    def read(self) -> Sequence[Scraped]:
        """Return all lines with their values now."""
        if self._mark != self._server.mark:
            values = self._values()
            self._read = [Scraped(*line, value) for line, value in zip(self._lines, values, strict=True)]
            self._mark = self._server.mark
        return self._read

    def _series(self, own: Mapping[str, str], alone: Mapping[str, str]) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        yield from ((name, "gauge", own) for name in (RUNNING, WAITING, *self._kv))
        yield "vllm:cache_config_info", "gauge", {**_cache_config(self._server), **alone}
        yield from ((name, "counter", own) for name in self._counters)
        for reason in self._reasons:
            yield "vllm:request_success_total", "counter", {**own, "finished_reason": reason}
        for name, histogram in self._histograms:
            for bound in (*map(repr, histogram.bounds), "+Inf"):
                yield f"{name}_bucket", "histogram", {**own, "le": bound}
            yield f"{name}_count", "histogram", own
            yield f"{name}_sum", "histogram", own

    def _values(self) -> Iterator[float]:
        """Yield the values in the order of the lines."""
        server = self._server
        yield from (float(server.running), float(server.waiting), *(server.kv_usage for _ in self._kv), 1.0)
        yield from map(float, (server.preemptions, server.prompt_tokens, server.generation_tokens))
        yield from (float(server.successes.get(reason, 0)) for reason in self._reasons)
        for _, histogram in self._histograms:
            seen = 0.0
            for count in histogram.cumulative():
                seen = float(count)
                yield seen
            yield seen
            yield histogram.total


def _histograms(server: Server, version: Version) -> list[tuple[str, Histogram]]:
    gaps = ["vllm:inter_token_latency_seconds"] if version >= _GAP_FROM else []
    gaps += ["vllm:time_per_output_token_seconds"] if version < _OLD_GAP_UNTIL else []
    return [
        ("vllm:time_to_first_token_seconds", server.first_token),
        *((name, server.token_gap) for name in gaps),
        ("vllm:e2e_request_latency_seconds", server.whole),
        ("vllm:request_queue_time_seconds", server.queued),
        ("vllm:request_prompt_tokens", server.prompts),
        ("vllm:request_generation_tokens", server.outputs),
    ]


def _cache_config(server: Server) -> dict[str, str]:
    physics = server.physics
    return {
        "block_size": str(BLOCK),
        "cache_dtype": physics.cache_dtype,
        "enable_prefix_caching": "False",
        "gpu_memory_utilization": str(physics.gpu_memory_utilization),
        "num_gpu_blocks": str(physics.blocks),
    }


def text(lines: Iterable[Scraped]) -> str:
    """Return lines in Prometheus' text format."""
    return "".join(_family(name, list(group)) for name, group in groupby(lines, _family_name))


def _family_name(line: Scraped) -> str:
    name = line.name
    if line.kind == "histogram":
        for part in ("_bucket", "_count", "_sum"):
            name = name.removesuffix(part)
    return name


def _family(name: str, lines: Sequence[Scraped]) -> str:
    shown = [f"# TYPE {name} {lines[0].kind}\n"]
    for line in lines:
        labels = ",".join(f'{key}="{value}"' for key, value in line.labels.items())
        shown.append(f"{line.name}{{{labels}}} {line.value}\n" if labels else f"{line.name} {line.value}\n")
    return "".join(shown)
