"""The metrics of the server.

Names follow https://prometheus.io/docs/practices/naming/: base units, and `_total` for counters.
"""

import platform

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from ...engine.results import EngineStatus
from ..generation_record import GenerationRecord

# Buckets that cover tiny models (milliseconds) and large models under load (minutes).
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_RATES = (1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000)

# The metrics of the engine: the attribute of its status, the name and the meaning.
_OF_ENGINE = (
    ("active", "mlx_batch_sequences", "Sequences that are in prefill or decode."),
    ("queued", "mlx_queue_length", "Requests that wait for a place in the batch."),
    ("memory_bytes", "mlx_memory_active_bytes", "Memory of models and caches, as MLX reports it."),
    ("cache_bytes", "mlx_memory_cache_bytes", "Memory that MLX keeps for reuse."),
    ("peak_memory_bytes", "mlx_memory_peak_bytes", "Peak memory use since the start."),
    ("memory_limit_bytes", "mlx_memory_limit_bytes", "Limit on the memory of models and requests."),
    ("prompt_cache_bytes", "mlx_prompt_cache_bytes", "The memory that the prompt cache holds."),
)


class Metrics:
    """The metrics of one server, in a registry of its own."""

    def __init__(self, default_model: str) -> None:
        self._default_model = default_model
        #: `GET /metrics` includes what you register here.
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "mlx_http_requests_total",
            "Completed requests. Status 499 means that the client disconnected.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "mlx_http_request_duration_seconds",
            "Time from the request headers to the end of the response.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        #: The number of open event streams.
        self.open_streams = self._gauge("mlx_http_open_streams", "Open streams of events.")
        self._generations = Counter(
            "mlx_generations_total",
            "Completed generations. The outcome is ok or an error code.",
            ["model", "outcome"],
            registry=self.registry,
        )
        self._prompt_tokens = self._tokens("mlx_prompt_tokens_total", "Prompt tokens")
        self._cached_tokens = self._tokens(
            "mlx_prompt_cached_tokens_total", "Prompt tokens from the prompt cache"
        )
        self._completion_tokens = self._tokens("mlx_completion_tokens_total", "Generated tokens")
        self._queue_seconds = self._histogram(
            "mlx_queue_wait_seconds", "Time a generation waited for a place in the batch.", _SECONDS
        )
        self._first_token_seconds = self._histogram(
            "mlx_time_to_first_token_seconds",
            "Time to first token (TTFT), with queueing.",
            _SECONDS,
        )
        self._rate = self._histogram(
            "mlx_decode_tokens_per_second", "Decode speed of an answer.", _RATES
        )
        self._ready = self._gauge("mlx_ready", "1 while the model is ready, otherwise 0.")
        self._active = self._gauge("mlx_generations_active", "Generations, with queued ones.")
        self._last_step = self._gauge(
            "mlx_last_step_timestamp_seconds", "Unix time of the last step; 0 before it."
        )
        self._models = self._gauge("mlx_models_loaded", "Models in memory.")
        self._of_engine = [(key, self._gauge(name, text)) for key, name, text in _OF_ENGINE]
        self._build = Gauge(
            "mlx_build_info",
            "Always 1. The labels show the versions and the device.",
            ["python", "mlx", "mlx_lm", "device"],
            registry=self.registry,
        )

    def on_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a completed request. The route is the path as it is declared."""
        self._requests.labels(method, route, status).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def on_generation(self, record: GenerationRecord) -> None:
        """Counts a generation that has ended."""
        model = record.model or self._default_model
        outcome = "ok" if record.error is None else record.error.code
        self._generations.labels(model, outcome).inc()
        if record.ttft_ms is not None:
            self._first_token_seconds.labels(model).observe(record.ttft_ms / 1000)
        last = record.last
        if last is None or last.usage is None or last.timings is None:
            return
        self._prompt_tokens.labels(model).inc(last.usage.prompt_tokens)
        self._cached_tokens.labels(model).inc(last.usage.cached_tokens)
        self._completion_tokens.labels(model).inc(last.usage.completion_tokens)
        self._queue_seconds.labels(model).observe(last.timings.queue_ms / 1000)
        # An answer of one token has no decode speed.
        if last.timings.tokens_per_second > 0:
            self._rate.labels(model).observe(last.timings.tokens_per_second)

    def read(
        self,
        *,
        ready: bool,
        active: int,
        last_step_at: float | None,
        status: EngineStatus | None,
    ) -> bytes:
        """Returns all metrics in the Prometheus text format, with the state of the engine."""
        self._ready.set(int(ready))
        self._active.set(active)
        self._last_step.set((last_step_at or 0) / 1000)
        if status is not None:
            self._models.set(len(status.models))
            for key, gauge in self._of_engine:
                gauge.set(getattr(status, key))
            versions = status.versions
            self._build.labels(
                platform.python_version(), versions.mlx, versions.mlx_lm, status.device
            ).set(1)
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)

    def _tokens(self, name: str, text: str) -> Counter:
        return Counter(name, f"{text}, in complete answers.", ["model"], registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, ["model"], buckets=buckets, registry=self.registry)
