"""Compiles schemas, regular expressions and grammars that an output must follow, with llguidance.

llguidance is imported with the first grammar, which most runs of the worker never have.
"""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import EngineError
from ..json_schema.refusal import place
from ..json_schema.simplify import simplified
from ..json_schema.spacing import spaced
from ..mlx_lm_adapter.models import Tokenizer
from ..mlx_lm_adapter.plain_tokenizer import plain_tokenizer
from ..protocol import (
    GrammarFormat,
    JsonObjectFormat,
    JsonSchemaFormat,
    RegexFormat,
    ResponseFormat,
)
from .grammar_processor import GrammarProcessor

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLParserLimits, LLTokenizer

# A longer schema is refused, since the time to compile it grows with its text.
MAX_SCHEMA_CHARACTERS = 1_000_000


def _limits() -> "LLParserLimits":
    """Returns bounds on time and memory.

    Measured with hostile input (cross products of anyOf, nested repetitions, ambiguous rules) and
    512 tokens on a server's core: at worst 1.2 s and 65 MB to compile, then 0.3 s for one token and
    150 MB for a sequence.
    """
    from llguidance import LLParserLimits

    return LLParserLimits(
        max_grammar_size=100_000,  # symbols; llguidance has 500,000
        max_lexer_states=100_000,  # 1 to 2 kB each, says llguidance; it has 250,000
        max_items_in_row=1_000,  # rules open at one position; llguidance has 2,000
        step_max_items=20_000,  # for one token; llguidance has 50,000
        step_lexer_fuel=200_000,  # for one token, as llguidance has it
        initial_lexer_fuel=1_000_000,  # as llguidance has it
        verbose_errors=False,  # or a message repeats the whole grammar
    )


class Grammar:
    """A compiled grammar. Each sequence that follows it needs its own processor."""

    def __init__(self, matcher: "LLMatcher", end_of_text: Sequence[int]) -> None:
        self._matcher = matcher
        self._end_of_text = tuple(end_of_text)

    def processor(
        self,
        prompt_tokens: int,
        begin_after: Sequence[int] | None = None,
        may_think: tuple[int, Sequence[int]] | None = None,
        trigger: Sequence[int] = (),
        not_thought: Sequence[int] = (),
    ) -> GrammarProcessor:
        """Returns a new logits processor for one sequence, whose state it keeps.

        `prompt_tokens`: how many of the tokens that it gets are the prompt. `begin_after`:
        generated tokens after which the grammar begins (the end of reasoning); None or empty for at
        once. `may_think`: a token with which the model may start to think first, and those that end
        its reasoning. `trigger`: tokens of the answer after which the grammar begins; without them,
        the answer is free. `not_thought`: tokens that the reasoning must not have, such as the
        marker of a call, which would not follow the grammar.
        The processor raises EngineError INVALID_REQUEST where the grammar exceeds a limit.
        """
        return GrammarProcessor(
            self._matcher,
            self._end_of_text,
            prompt_tokens,
            begin_after or (),
            may_think,
            trigger,
            not_thought,
        )


class Constraints:
    """Compiles grammars for one model. Can be used on several threads."""

    def __init__(self, tokenizer: Tokenizer, vocabulary: int) -> None:
        """`vocabulary`: the number of tokens that the model has logits for."""
        self._wrapper = tokenizer
        self._vocabulary = vocabulary
        self._lock = threading.Lock()
        self._built: LLTokenizer | None = None

    def compile(self, response_format: ResponseFormat) -> Grammar:
        """Compiles a request's format. JSON has a space after each comma and colon.

        Raises EngineError INVALID_REQUEST with llguidance's reason for a format that is wrong,
        impossible, not supported or too large, and UNSUPPORTED if the model's tokenizer can't be
        used.
        """
        kind, grammar = _format_grammar(response_format)
        return self._compile(_joined(grammar), kind, grammar.get("json_schema"))

    def compile_either(self, calls: str, response_format: ResponseFormat) -> Grammar:
        """Compiles calls or a format; raises what `compile` raises.

        `calls` is a grammar of Lark that refers to the format as `@answer`.
        """
        _, grammar = _format_grammar(response_format)
        text = _joined({"lark_grammar": calls}, {**grammar, "name": "answer"})
        return self._compile(text, "format with tools")

    def compile_lark(self, text: str, kind: str = "grammar") -> Grammar:
        """Compiles a grammar in llguidance's variant of Lark; raises what `compile` raises.

        `kind` is its name in errors. They show none of the text, unless it is the user's own.
        """
        return self._compile(_joined({"lark_grammar": text}), kind)

    def check_schema(self, schema: Mapping[str, Any], kind: str) -> None:
        """Raises what `compile` raises if a schema can't be enforced; `kind` is its name."""
        grammar = _schema_grammar(schema, kind)
        reason = _reason(_joined(grammar))
        if reason is not None:
            raise _refused(kind, reason, grammar["json_schema"])

    def token_of(self, text: str) -> int | None:
        """Returns the token for all of `text`, such as the marker of a tool call, if any."""
        token = plain_tokenizer(self._wrapper).backend_tokenizer.token_to_id(text)
        return token if isinstance(token, int) else None

    def _compile(self, grammar: str, kind: str, schema: object = None) -> Grammar:
        from llguidance import LLMatcher

        matcher = LLMatcher(self._tokenizer(), grammar, log_level=0, limits=_limits())
        # The first token shows whether anything matches.
        if not matcher.is_error():
            matcher.compute_bitmask()
        if matcher.is_error():
            raise _refused(kind, matcher.get_error(), schema)
        return Grammar(matcher, sorted(self._wrapper.eos_token_ids))

    def _tokenizer(self) -> "LLTokenizer":
        """Returns llguidance's form of the tokenizer; takes about a second for 150,000 tokens."""
        from llguidance.hf import from_tokenizer

        with self._lock:
            if self._built is None:
                try:
                    self._built = from_tokenizer(
                        plain_tokenizer(self._wrapper),
                        n_vocab=max(self._vocabulary, len(self._wrapper)),
                        eos_token=sorted(self._wrapper.eos_token_ids),
                    )
                except ValueError as error:
                    raise EngineError(
                        "UNSUPPORTED",
                        f"This model's tokenizer can't be used for enforced output: {error}.",
                    ) from error
            return self._built


def _format_grammar(response_format: ResponseFormat) -> tuple[str, dict[str, Any]]:
    """Returns the name of a format in errors, and its grammar in llguidance's form."""
    from llguidance import LLMatcher

    match response_format:
        case RegexFormat():
            text = LLMatcher.grammar_from_regex(response_format.pattern)
            (grammar,) = json.loads(text)["grammars"]
            return "regular expression", grammar
        case GrammarFormat():
            return "grammar", {"lark_grammar": _lark(response_format.grammar)}
        case JsonSchemaFormat():
            return "schema", _schema_grammar(response_format.schema, "schema")
        case JsonObjectFormat():
            return "schema", _schema_grammar({"type": "object"}, "schema")


def _lark(grammar: str) -> str:
    """Returns a grammar in Lark, also for one in GBNF, the format of llama.cpp."""
    from llguidance import gbnf_to_lark

    if "::=" not in grammar:
        return grammar
    try:
        return gbnf_to_lark.any_to_lark(grammar)
    except Exception as error:  # it raises all sorts of things for text that is no grammar
        raise _refused("grammar", str(error)) from error


def _schema_grammar(schema: Mapping[str, Any], kind: str) -> dict[str, Any]:
    length = len(json.dumps(schema))
    if length > MAX_SCHEMA_CHARACTERS:
        raise _refused(kind, f"it has {length} characters of at most {MAX_SCHEMA_CHARACTERS}")
    return {"json_schema": spaced(simplified(schema))}


def _joined(*grammars: Mapping[str, Any]) -> str:
    """Returns grammars as one text, which begins with the first of them."""
    return json.dumps({"grammars": grammars})


def _reason(grammar: str) -> str | None:
    """Returns why a grammar can't be enforced by any model, if it can't."""
    from llguidance import LLMatcher

    wrong, messages = LLMatcher.validate_grammar_with_warnings(grammar, limits=_limits())
    return messages[0] if wrong else None


def _refused(kind: str, reason: str, schema: object = None) -> EngineError:
    where = ""
    if isinstance(schema, dict):
        path = place(schema, reason, lambda part: _reason(_joined({"json_schema": spaced(part)})))
        where = "" if path == "$" else f" at {path}"
    # Only the first line of a panic (an assertion in the library) is useful.
    reason = _in_own_words(reason.replace("<non-verbose/>", "").strip())
    if reason.startswith("panic:") or "NoExtension" in reason:
        impossible = "NoExtension" in reason
        reason = "no text can match it" if impossible else "it is too large"
    elif len(reason) > 1_000:
        reason = reason[:1_000] + "…"
    hint = "anyOf is supported." if "coerce_one_of" in reason else None
    return EngineError("INVALID_REQUEST", f"The {kind} can't be enforced{where}: {reason}.", hint)


# The regular expression with a mark below the wrong part, and then the reason.
_EXPRESSION_ERROR = re.compile(
    r"regex parse error:\n {4}(.*)\n {4}( *)(\^+) *\n(?:.*\n)*?error: (.*)"
)

_KEYWORDS = re.compile(r"Unimplemented keys: (\[.*\])")


def _in_own_words(reason: str) -> str:
    """Returns the reason of llguidance without the grammar that it was compiled to."""
    expression = _EXPRESSION_ERROR.search(reason)
    if expression is not None:
        pattern, before, mark, why = expression.groups()
        begin = len(before)
        part = pattern[begin : begin + len(mark)]
        return f"{why}, at character {begin + 1}: {part}" if part else why
    keywords = _KEYWORDS.fullmatch(reason)
    if keywords is not None:
        names: list[str] = json.loads(keywords[1])
        several = len(names) > 1
        listed = ", ".join(names)
        return f"the keyword{'s' * several} {listed} {'are' if several else 'is'} not supported"
    without_excerpt = re.split(r"\n +[0-9]+ \| ", reason)[0]
    return re.sub(r"^(?:at )?(\d+)\((\d+)\): ", r"line \1, column \2: ", without_excerpt)
