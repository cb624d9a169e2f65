"""Token counts and timings in the format of the API."""

from typing import Any

from ...engine.results import Timings
from ...protocol import Usage


def to_usage(usage: Usage) -> dict[str, Any]:
    """Returns token counts as OpenAI's API has them."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "accepted_prediction_tokens": usage.draft_tokens,
        },
    }


def to_timings(timings: Timings) -> dict[str, float]:
    """Returns durations as the server measured them. They are not part of OpenAI's API."""
    return {
        "ttft_ms": timings.ttft_ms,
        "total_ms": timings.total_ms,
        "queue_ms": timings.queue_ms,
        "tokens_per_second": timings.tokens_per_second,
        "prompt_tokens_per_second": timings.prompt_tokens_per_second,
    }
