"""The prompts and the engine's options of a completion."""

from collections.abc import Sequence

from ...engine.async_engine import AsyncMLXEngine
from ...engine.options import GenerateOptions
from ..errors import invalid
from ..requests.limits import resolve_max_tokens
from ..settings import ServerSettings
from . import limits
from .format_fields import to_format_option
from .sampling import to_sampling
from .text_request import TextRequest


def to_text_options(body: TextRequest, prompts: int, settings: ServerSettings) -> GenerateOptions:
    """Returns the options that all prompts share, except for the model.

    Raises ApiError 400 if a limit is exceeded or fields contradict each other.
    """
    n = body.n or 1
    if body.best_of is not None and body.best_of != n:
        raise invalid("best_of: must equal n, because answers are not ranked.", "best_of")
    if body.echo is True and body.logprobs is not None:
        raise invalid(
            "echo: cannot be combined with logprobs, because prompts have no log probabilities.",
            "echo",
        )
    if prompts * n > limits.SEQUENCES:
        raise invalid(
            f"prompt: at most {limits.SEQUENCES} answers are allowed, but {prompts * n} were "
            "requested.",
            "prompt",
        )
    options: GenerateOptions = {**to_sampling(body), **to_format_option(body)}
    if body.logprobs is not None:
        options["logprobs"] = body.logprobs
    options["max_tokens"] = resolve_max_tokens(body.max_tokens, settings, "max_tokens")
    return options


async def to_prompts(body: TextRequest, engine: AsyncMLXEngine, model: str | None) -> Sequence[str]:
    """Returns the prompts as texts. Raises ApiError 400 for token ids that are not those of one."""
    prompt = body.prompt
    if isinstance(prompt, str):
        return [prompt]
    texts: list[str] = []
    tokens: list[int] = []
    for place, item in enumerate(prompt):
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, int):
            tokens.append(item)
        elif isinstance(item, list):
            texts.append(await _detokenise(item, f"prompt.{place}", engine, model))
    return [await _detokenise(tokens, "prompt", engine, model)] if tokens else texts


async def _detokenise(
    tokens: Sequence[int], param: str, engine: AsyncMLXEngine, model: str | None
) -> str:
    """Converts token ids to text, which is what the engine takes."""
    text = await engine.detokenise(tokens, model=model)
    again = [] if text == "" else await engine.tokenise(text, model=model)
    if again != list(tokens):
        raise invalid(
            f"{param}: these token ids are not the model's tokenisation of a text. Send the text "
            "instead.",
            param,
        )
    return text
