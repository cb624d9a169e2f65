"""From a request to what the model prefills, with a check that the model can do it."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ...decoding.answer_grammar import answer_grammar, call_syntax
from ...decoding.constraints import Constraints, Grammar
from ...decoding.sampling import check_tokens
from ...errors import EngineError
from ...mlx_lm_adapter.plain_tokenizer import allow_concurrent_use
from ...mlx_lm_adapter.sampling import Processor
from ...mlx_lm_adapter.text import has_reasoning, start_state, think_tokens, tool_parser
from ...models.embeddings import no_text_error
from ...models.unbatched_checks import check_draft, check_kv_bits
from ...optional_packages import missing_vision_error
from ...prompt.cache_file import check_path
from ...prompt.chat_prompt import ChatPrompt, chat_prompt, check_tools, images_of
from ...prompt.known_text import KnownText
from ...prompt.prompt_size import is_surely_longer, request_bytes
from ...prompt.template_rules import ANYTHING, TemplateRules
from ...protocol import Generate, Tokenise
from ...tools.custom.custom_input import calls_custom_tools, check_custom_tools
from ...tools.tool_grammar import begun_tool_grammar, chosen_tool_grammar
from ...vision.vision_model import VisionPrompt
from ..background import LONG_BYTES
from ..loaded_model import LoadedModel
from .batches import UNBATCHED, bucket_of
from .call import ProcessedInput
from .memory_need import RESERVED_TOKENS

_log = logging.getLogger("mlx_app.prompt")

TOO_LONG_HINT = "Shorten it, choose a model with a longer context, or set truncation to middle."

Capability = Literal["tools", "reasoning", "images", "embeddings"]


class InputProcessor:
    """Processes the inputs of one model, on any thread, since a long text takes long."""

    def __init__(
        self,
        name: str,
        loaded: LoadedModel,
        known_texts: Callable[[], Sequence[KnownText]] = tuple,
    ) -> None:
        self._name = name
        self._loaded = loaded
        self._model = loaded.model
        # Chats that are cached, whose tokens a chat that goes on has too.
        self._known_texts = known_texts
        self._batchable = loaded.batchable
        self._constraints = Constraints(loaded.model.tokenizer, loaded.model.vocabulary)
        # With a lock, a long text keeps every other call of the model waiting.
        concurrent = allow_concurrent_use(loaded.model.tokenizer)
        self._lock = nullcontext() if concurrent else threading.Lock()
        self._logged: set[TemplateRules] = {ANYTHING}

    @property
    def capabilities(self) -> list[Capability]:
        """What the model can do besides writing text."""
        if self._loaded.embedding is not None:
            return ["embeddings"]
        tokenizer = self._model.tokenizer
        found: list[Capability] = []
        if tool_parser(tokenizer) is not None:
            found.append("tools")
        if has_reasoning(tokenizer):
            found.append("reasoning")
        if self._loaded.vision is not None:
            found.append("images")
        return found

    def process(self, request: Generate) -> ProcessedInput:
        """Returns the input for a request.

        Raises EngineError INVALID_REQUEST, UNSUPPORTED or CONTEXT_LENGTH_EXCEEDED.
        """
        if self._loaded.embedding is not None:
            raise no_text_error(self._name)
        check_tokens(request, self._model.vocabulary)
        check_custom_tools(request.tools)
        vision = None
        if self._loaded.vision is None:
            prompt = self._fitted(self._prompt(request), request)
        else:
            vision = self._vision_prompt(request)
            starts_in = start_state(self._model.tokenizer, vision.tokens)
            prompt = ChatPrompt(vision.tokens, starts_in, [])
            self._check_length(prompt, request)
        grammar = answer_grammar(request, self._model.tokenizer, self._constraints)
        trigger: tuple[int, ...] = ()
        if grammar is None and calls_custom_tools(request):
            grammar, trigger = self._call_grammar(request)
        count, context = len(prompt.tokens), self._model.context_tokens
        max_tokens = request.max_tokens
        if context is not None:
            max_tokens = min(max_tokens, context - count)
        bucket = UNBATCHED
        if self._is_batched(request):
            bucket = bucket_of(count + min(max_tokens, RESERVED_TOKENS))
        return ProcessedInput(prompt, grammar, max_tokens, bucket, vision, trigger)

    def tokens(self, request: Tokenise) -> list[int]:
        """Returns the token ids of a prompt or a chat. Raises EngineError."""
        if request.messages is None and not request.special:
            with self._lock:
                tokenizer = self._model.tokenizer
                return tokenizer.encode(request.prompt or "", add_special_tokens=False)
        if self._loaded.vision is not None:
            return self._vision_prompt(request).tokens
        return self._prompt(request).tokens

    def text(self, tokens: Sequence[int]) -> str:
        """Returns the text of token ids. Raises EngineError INVALID_REQUEST for unknown ids."""
        unknown = next((token for token in tokens if token >= self._model.vocabulary), None)
        if unknown is not None:
            raise EngineError(
                "INVALID_REQUEST",
                f"There is no token {unknown}: {self._name} has {self._model.vocabulary} tokens, "
                "from 0.",
            )
        with self._lock:
            return self._model.tokenizer.decode(tokens)

    def texts(self, inputs: Sequence[str]) -> list[list[int]]:
        """Returns the token ids of texts to embed. Raises EngineError."""
        assert self._loaded.embedding is not None
        with self._lock:
            return self._loaded.embedding.tokenise(inputs)

    def check(self, request: Generate, draft: LoadedModel | None) -> None:
        """Checks that the model can run a request with its draft model and quantised caches.

        Runs on MLX's thread. Raises EngineError UNSUPPORTED or INVALID_REQUEST.
        """
        takes_images = self._loaded.vision is not None
        if draft is not None:
            _check_drafting(request.draft_model or "", draft)
            if takes_images:
                raise EngineError(
                    "UNSUPPORTED", f"{self._name} takes images, so it can't have a draft model."
                )
            check_draft(self._model, draft.model)
        if request.kv_bits is not None:
            if draft is not None or takes_images:
                raise EngineError(
                    "UNSUPPORTED", "kvBits can't be combined with a draft model or with images."
                )
            check_kv_bits(self._model, request.kv_bits, request.kv_group_size)
        if request.cache_file is not None:
            if not self._is_batched(request):
                raise EngineError(
                    "UNSUPPORTED",
                    "cacheFile needs a call that can be batched, without draftModel, kvBits or "
                    "images.",
                )
            check_path(Path(request.cache_file))

    def grammar_processor(self, processed: ProcessedInput) -> Processor | None:
        """Returns the processor that holds one sequence to its grammar; thinking is left free."""
        if processed.grammar is None:
            return None
        prompt = processed.prompt
        think = think_tokens(self._model.tokenizer)
        after, before = None, None
        if think is not None and prompt.starts_in == "reasoning":
            after = think.end
        elif think is not None and len(think.start) == 1:
            before = (think.start[0], think.end)
        parser = tool_parser(self._model.tokenizer)
        marker = None if parser is None else self._constraints.token_of(parser.start)
        forbidden = () if marker is None else (marker,)
        return processed.grammar.processor(
            len(prompt.tokens), after, before, processed.trigger, forbidden
        )

    def _is_batched(self, request: Generate) -> bool:
        return self._batchable and request.draft_model is None and request.kv_bits is None

    def _prompt(self, request: Generate | Tokenise) -> ChatPrompt:
        self._check_either(request)
        tokenizer = self._model.tokenizer
        check = self._early_check(request)
        with self._lock:
            if request.messages is None:
                if check is not None:
                    check(request.prompt or "")
                tokens = tokenizer.encode(request.prompt or "")
                prompt = ChatPrompt(tokens, start_state(tokenizer, tokens), [])
            else:
                if self._loaded.lacks_vision and images_of(request.messages):
                    raise self._no_images()
                prompt = chat_prompt(
                    tokenizer,
                    request.messages,
                    tools=request.tools,
                    tool_choice=_choice(request),
                    template_options=request.template_options,
                    for_cache=isinstance(request, Generate),
                    move_volatile=request.volatile_lines == "move",
                    known_texts=self._known_texts() if _uses_cache(request) else (),
                    check=check,
                )
        self._log_once(prompt.rules)
        if not prompt.tokens and isinstance(request, Generate):
            raise EngineError("INVALID_REQUEST", "The prompt has no tokens.")
        return prompt

    def _log_once(self, rules: TemplateRules) -> None:
        if rules not in self._logged:
            self._logged.add(rules)
            fitted = "; ".join(rules.in_words())
            _log.info("Messages are fitted to the chat template of %s: %s.", self._name, fitted)

    def _no_images(self) -> EngineError:
        if self._model.adapter is not None:
            return EngineError("UNSUPPORTED", f"{self._name} can't take images with an adapter.")
        return missing_vision_error(f"Reading images with {self._name}")

    def _vision_prompt(self, request: Generate | Tokenise) -> VisionPrompt:
        self._check_either(request)
        vision = self._loaded.vision
        assert vision is not None
        if request.messages is None:
            return vision.text_prompt(request.prompt or "")
        tools = [] if _choice(request) == "none" else request.tools
        if tools:
            check_tools(self._model.tokenizer)
        prompt = vision.prompt(request.messages, tools, request.template_options)
        self._log_once(prompt.rules)
        return prompt

    def _check_either(self, request: Generate | Tokenise) -> None:
        if request.prompt is None and request.messages is None:
            raise EngineError("INVALID_REQUEST", "Give prompt or messages.")
        if request.prompt is not None and request.messages is not None:
            raise EngineError("INVALID_REQUEST", "Give prompt or messages, not both.")

    def _early_check(self, request: Generate | Tokenise) -> Callable[[str], None] | None:
        if isinstance(request, Tokenise) or request.truncation != "none":
            return None
        return self._refuse_early if request_bytes(request) > LONG_BYTES else None

    def _refuse_early(self, text: str) -> None:
        """Refuses a prompt by its first part, since tokenising megabytes takes seconds.

        Raises EngineError CONTEXT_LENGTH_EXCEEDED.
        """
        context = self._model.context_tokens
        if context is not None and is_surely_longer(text, context, self._model.tokenizer.encode):
            raise EngineError(
                "CONTEXT_LENGTH_EXCEEDED",
                f"The prompt has more than {context} tokens; {self._name} takes {context} in all.",
                TOO_LONG_HINT,
            )

    def _check_length(self, prompt: ChatPrompt, request: Generate) -> None:
        context, count = self._model.context_tokens, len(prompt.tokens)
        if context is not None and count >= context:
            raise EngineError(
                "CONTEXT_LENGTH_EXCEEDED",
                f"The prompt has {count} tokens; {self._name} takes {context} in all.",
                TOO_LONG_HINT
                if request.truncation == "none"
                else "A prompt with images can't lose its middle: shorten it.",
            )

    def _fitted(self, prompt: ChatPrompt, request: Generate) -> ChatPrompt:
        """Returns the prompt, shortened in its middle if the request allows that and needs it."""
        context, count = self._model.context_tokens, len(prompt.tokens)
        if context is None or request.truncation == "none":
            self._check_length(prompt, request)
            return prompt
        # At least half of the context stays with the prompt, however long the answer may get.
        room = max(1, context // 2, context - request.max_tokens)
        if count <= room:
            return prompt
        end = room // 2
        begin = room - end
        return replace(
            prompt,
            tokens=prompt.tokens[:begin] + prompt.tokens[count - end :],
            boundaries=[boundary for boundary in prompt.boundaries if boundary <= begin],
            text="",
        )

    def _call_grammar(self, request: Generate) -> tuple[Grammar, tuple[int, ...]]:
        """Returns the grammar of the calls that the model chooses to make, and what begins them.

        A start marker of text can be written in many tokens, and the last one may go on with the
        call. The grammar has the whole answer then, and nothing begins it.
        """
        check_tools(self._model.tokenizer)
        parser = tool_parser(self._model.tokenizer)
        assert parser is not None
        syntax = call_syntax(parser, self._constraints)
        begins = syntax.starts_with_tokens
        grammar_for = begun_tool_grammar if begins else chosen_tool_grammar
        text = grammar_for(syntax, request.tools, request.parallel_tool_calls)
        trigger: list[int] = []
        if begins:
            with self._lock:
                trigger = self._model.tokenizer.encode(parser.start, add_special_tokens=False)
        return self._constraints.compile_lark(text, "grammar of the tools"), tuple(trigger)


def _check_drafting(name: str, draft: LoadedModel) -> None:
    """Raises EngineError UNSUPPORTED for a model that can't propose tokens to another one."""
    if draft.vision is None and draft.embedding is None:
        return
    reason = "it takes images" if draft.embedding is None else "it makes embeddings"
    raise EngineError(
        "UNSUPPORTED",
        f"{name} can't be a draft model: {reason}.",
        "Choose a smaller text model of the same family.",
    )


def _uses_cache(request: Generate | Tokenise) -> bool:
    return not isinstance(request, Generate) or (request.prompt_cache and request.kv_bits is None)


def _choice(request: Generate | Tokenise) -> Literal["auto", "none", "required"]:
    return request.tool_choice if isinstance(request, Generate) else "auto"
