"""Enforced output on the hello model: it follows the grammar and leaves other texts alone."""

import json
import random
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from mlx_app.decoding.constraints import Constraints, Grammar
from mlx_app.decoding.sampling import make_sampler
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.batch import Batch, Token
from mlx_app.mlx_lm_adapter.models import read_tokenizer
from mlx_app.mlx_lm_adapter.plain_tokenizer import plain_tokenizer
from mlx_app.mlx_lm_adapter.sampling import Processor
from mlx_app.mlx_lm_adapter.sequential import Failed, Sequential
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import (
    Generate,
    GrammarFormat,
    JsonObjectFormat,
    JsonSchemaFormat,
    RegexFormat,
    ResponseFormat,
)
from schema_check import is_valid

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 99},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2},
    },
    "required": ["name", "age", "tags"],
    "additionalProperties": False,
}
LIST = 'start: "[" item ("," item)* "]"\nitem: /[a-z]{1,3}/\n'
QUESTION = "Say hello."


@pytest.fixture(scope="module")
def constraints(hello: TextModel) -> Constraints:
    return Constraints(hello.tokenizer, hello.vocabulary)


def prompt_of(hello: TextModel, question: str) -> list[int]:
    messages = [{"role": "user", "content": question}]
    return hello.tokenizer.apply_chat_template(messages, add_generation_prompt=True)


# Question, temperature, and what makes the processors if it is given the prompt's length.
Sequence_ = tuple[str, float, Callable[[int], Processor] | None]


def generate(hello: TextModel, sequences: Sequence[Sequence_]) -> list[tuple[str, str]]:
    """Text and finish reason of each, all in one batch."""
    batch = Batch(hello.network, hello.tokenizer)
    texts: dict[int, list[int]] = {}
    reasons: dict[int, str] = {}
    for index, (question, temperature, processor) in enumerate(sequences):
        prompt = prompt_of(hello, question)
        request = Generate(id=1, model="hello", temperature=temperature, seed=index)
        sampler = make_sampler(request, hello.vocabulary)
        processors = [] if processor is None else [processor(len(prompt))]
        texts[batch.insert(prompt, 300, sampler, processors)] = []
    while len(reasons) < len(texts):
        for token in batch.step().tokens:
            if token.finish_reason != "stop":
                texts[token.uid].append(token.token)
            if token.finish_reason:
                reasons[token.uid] = token.finish_reason
    batch.close()
    return [(hello.tokenizer.decode(texts[uid]), reasons[uid]) for uid in texts]


def is_person(text: str) -> bool:
    return is_valid(json.loads(text), PERSON, PERSON)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(
    ("response_format", "is_right"),
    [
        (JsonSchemaFormat(schema=PERSON), is_person),
        (RegexFormat(pattern="(yes|no), [0-9]{3}"), re.compile("(yes|no), [0-9]{3}").fullmatch),
        (GrammarFormat(grammar=LIST), re.compile(r"\[[a-z]{1,3}(,[a-z]{1,3})*\]").fullmatch),
    ],
    ids=["schema", "regex", "grammar"],
)
def test_an_answer_follows_its_format_and_stops_where_it_is_complete(
    response_format: ResponseFormat,
    is_right: Callable[[str], object],
    temperature: float,
    hello: TextModel,
    constraints: Constraints,
) -> None:
    grammar = constraints.compile(response_format)
    ((text, reason),) = generate(hello, [(QUESTION, temperature, grammar.processor)])
    assert is_right(text), text
    assert reason == "stop"


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_any_json_object_is_one(
    temperature: float, hello: TextModel, constraints: Constraints
) -> None:
    grammar = constraints.compile(JsonObjectFormat())
    answers = generate(hello, [("Write JSON.", temperature, grammar.processor)] * 4)
    assert all(reason == "stop" for _, reason in answers)
    assert all(isinstance(json.loads(text), dict) for text, _ in answers)


def test_in_a_batch_each_follows_its_own_and_free_ones_are_as_alone(
    hello: TextModel, answers: dict[str, str], constraints: Constraints
) -> None:
    person = constraints.compile(JsonSchemaFormat(schema=PERSON))
    digits = constraints.compile(RegexFormat(pattern="[0-9]{5}"))
    free = list(answers)[:3]
    sequences: list[Sequence_] = [(question, 0, None) for question in free]
    sequences[1:1] = [(QUESTION, 1, person.processor), (QUESTION, 0, digits.processor)]
    sequences += [(QUESTION, 1, person.processor)]
    results = generate(hello, sequences)
    assert all(reason == "stop" for _, reason in results)
    texts = [text for text, _ in results]
    assert [texts[0], texts[3], texts[4]] == [answers[question] for question in free]
    assert re.fullmatch("[0-9]{5}", texts[2])
    assert is_person(texts[1])
    assert is_person(texts[5])
    alone = generate(hello, [(QUESTION, 0, digits.processor)])
    assert texts[2] == alone[0][0]


def test_the_grammar_begins_after_the_tokens_that_are_named(
    hello: TextModel, answers: dict[str, str], constraints: Constraints
) -> None:
    answer = answers[QUESTION]
    whole = hello.tokenizer.encode(answer, add_special_tokens=False)
    grammar = constraints.compile(RegexFormat(pattern="#[0-9]{3}#"))
    begin_after = whole[3:5]
    free = hello.tokenizer.decode(whole[:5])
    ((text, reason),) = generate(
        hello, [(QUESTION, 0, lambda length: grammar.processor(length, begin_after))]
    )
    assert text.startswith(free)
    assert re.fullmatch("#[0-9]{3}#", text.removeprefix(free))
    assert reason == "stop"
    # Before the grammar, a text can't end.
    ((text, reason),) = generate(
        hello, [(QUESTION, 0, lambda length: grammar.processor(length, [510, 511]))]
    )
    assert text.startswith(answer)
    assert reason == "length"


def allowed(processor: Processor, tokens: Sequence[int], width: int = 512) -> set[int]:
    """Which tokens a processor leaves as they are."""
    before = mx.random.normal((1, width))
    after = processor(mx.array(list(tokens), mx.uint32), before)
    assert after.shape == before.shape
    assert after.dtype == before.dtype
    same = np.array(after == before)[0]
    assert np.isneginf(np.array(after)[0][~same]).all()
    return {int(token) for token in np.flatnonzero(same)}


def test_taken_back_tokens_are_forgotten(hello: TextModel, constraints: Constraints) -> None:
    """As with a draft model: the tokens of a call need not continue those of the last one."""
    grammar = constraints.compile(JsonSchemaFormat(schema=PERSON))
    (end,) = hello.tokenizer.eos_token_ids
    dice = random.Random(5)
    for begin_after in (None, [7, 8]):
        rewound = grammar.processor(2, begin_after)
        tokens = [1, 5, *(begin_after or ())]
        start = len(tokens)
        ended = 0
        for _ in range(400):
            choice = allowed(rewound, tokens)
            assert choice == allowed(grammar.processor(2, begin_after), tokens)
            ended += choice == {end}
            if choice == {end} or dice.random() < 0.3:
                # Back by any number of tokens, sometimes to before the grammar began.
                back = max(dice.randrange(len(tokens) + 1), 2 if begin_after else start)
                tokens = tokens[: max(back, len(tokens) - dice.randrange(40))]
                if len(tokens) < start:
                    tokens = [1, 5, *(begin_after or ())]
            else:
                tokens.append(dice.choice(sorted(choice)))
                if dice.random() < 0.1 and choice != {end}:
                    tokens.append(end)  # a draft that ends too soon
        assert ended > 3


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_with_a_draft_model_the_text_is_the_one_without(
    temperature: float, hello: TextModel, constraints: Constraints
) -> None:
    """The draft proposes its free text, most of which the grammar rejects."""
    grammar = constraints.compile(JsonSchemaFormat(schema=PERSON))
    prompt = prompt_of(hello, QUESTION)
    texts: list[str] = []
    for draft in (None, hello.network):
        sequential = Sequential(hello.network, hello.tokenizer)
        request = Generate(id=1, model="hello", temperature=temperature, seed=3)
        sampler = make_sampler(request, hello.vocabulary)
        sequential.insert(prompt, 300, sampler, [grammar.processor(len(prompt))], draft=draft)
        tokens: list[int] = []
        while len(sequential):
            for new in sequential.step():
                assert not isinstance(new, Failed)
                if isinstance(new, Token) and new.finish_reason != "stop":
                    tokens.append(new.token)
        sequential.close()
        texts.append(hello.tokenizer.decode(tokens))
    assert all(map(is_person, texts))
    assert temperature > 0 or texts[0] == texts[1]


def test_after_tokens_that_are_not_of_the_grammar_only_the_end_is_allowed(
    hello: TextModel, constraints: Constraints
) -> None:
    processor = constraints.compile(RegexFormat(pattern="aa")).processor(0)
    a, b = hello.tokenizer.encode("a", add_special_tokens=False)[0], 68
    assert a in allowed(processor, [])
    assert allowed(processor, [b]) == hello.tokenizer.eos_token_ids
    assert allowed(processor, [b, a]) == hello.tokenizer.eos_token_ids
    assert allowed(processor, [a]) == {a}


def test_sequences_of_one_grammar_do_not_disturb_each_other(constraints: Constraints) -> None:
    grammar = constraints.compile(RegexFormat(pattern="(ab|ba)#"))
    a, b, hash_sign = 67, 68, 5
    first, second = grammar.processor(0), grammar.processor(0)
    assert (allowed(first, [a]), allowed(second, [b])) == ({b}, {a})
    assert (allowed(first, [a, b]), allowed(second, [b, a])) == ({hash_sign}, {hash_sign})


@pytest.mark.parametrize("width", [512, 640])
def test_logits_may_be_wider_than_the_tokenizer(width: int, hello: TextModel) -> None:
    constraints = Constraints(hello.tokenizer, width)
    processor = constraints.compile(RegexFormat(pattern="(?s:.+)")).processor(0)
    choice = allowed(processor, [], width)
    assert len(choice) > 300
    assert max(choice) < 512


def test_every_token_that_ends_a_text_is_allowed_at_the_end(hello: TextModel) -> None:
    tokenizer = read_tokenizer(hello.path, {"eos_token_id": [1, 2]})
    processor = Constraints(tokenizer, 512).compile(RegexFormat(pattern="a{1,2}")).processor(0)
    assert allowed(processor, []).isdisjoint({1, 2})
    assert allowed(processor, [67]) == {67, 1, 2}
    assert allowed(processor, [67, 67]) == {1, 2}
    assert allowed(processor, [67, 67, 2]) == {1, 2}


def test_json_has_a_space_after_commas_and_colons_and_no_other(
    hello: TextModel, constraints: Constraints
) -> None:
    tokenizer = hello.tokenizer
    processor = constraints.compile(JsonSchemaFormat(schema=PERSON)).processor(0)
    tokens: list[int] = []
    parts = {"": False, "{": False, '"name":': True, ' "Bo"': False, ",": True, ' "age":': True}
    for text, spaced in parts.items():
        tokens += tokenizer.encode(text, add_special_tokens=False)
        nexts = [tokenizer.decode([token]) for token in allowed(processor, tokens)]
        assert nexts
        assert {one[0] == " " for one in nexts} == {spaced}, text
        assert not any(one[0] in "\n\t\r" for one in nexts), text


def test_a_model_may_think_before_the_grammar_begins(constraints: Constraints) -> None:
    grammar = constraints.compile(RegexFormat(pattern="ab"))
    a, b, start, end = 67, 68, 300, 301
    processor = grammar.processor(0, may_think=(start, (end,)))
    assert allowed(processor, []) == {a, start}
    assert allowed(processor, [a]) == {b}
    assert len(allowed(processor, [start])) > 300
    assert len(allowed(processor, [start, b, b])) > 300
    assert allowed(processor, [start, b, end]) == {a}
    assert allowed(processor, [start, b, end, a]) == {b}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "integer", "minimum": 5, "maximum": 1}, "minimum (5) is greater than maximum"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "incompatible types"),
        ({"enum": []}, "Unsatisfiable schema"),
        ({"type": "array", "uniqueItems": True}, "the keyword uniqueItems is not supported"),
        ({"type": "text"}, "Invalid type: text"),
        ({"$ref": "#/nowhere"}, "'/nowhere' does not exist"),
        ({"$ref": "https://example.org/a"}, "does not fetch resources"),
        ({"type": "string", "pattern": "(?=a)b"}, "look-ahead"),
        ({"type": "integer", "multipleOf": 1_000_000_007}, "fuel exhausted"),
        ({"const": "x" * 1_000_000}, "1000013 characters of at most 1000000"),
        ({"type": "array", "prefixItems": [{"type": "integer"}] * 30_000}, "too large"),
    ],
)
def test_a_schema_that_can_not_be_enforced_is_refused_with_the_reason(
    schema: dict[str, Any], reason: str, constraints: Constraints
) -> None:
    with pytest.raises(EngineError, match=re.escape(reason)) as caught:
        constraints.compile(JsonSchemaFormat(schema=schema))
    assert caught.value.code == "INVALID_REQUEST"
    assert caught.value.message.startswith("The schema can't be enforced: ")
    assert len(caught.value.message) < 1_100


def test_a_schema_with_one_of_is_refused_with_what_works(constraints: Constraints) -> None:
    schema = {"oneOf": [{"type": "object"}, {"type": "object", "properties": {"a": {}}}]}
    with pytest.raises(EngineError, match="oneOf") as caught:
        constraints.compile(JsonSchemaFormat(schema=schema))
    assert caught.value.hint == "anyOf is supported."


@pytest.mark.parametrize(
    ("response_format", "reason"),
    [
        (
            RegexFormat(pattern="x(ab"),
            r"expression can't .*: unclosed group, at character 2: \(\.$",
        ),
        (
            RegexFormat(pattern="(?<=a)b"),
            r"look-behind, is not supported, at character 1: \(\?<=\.$",
        ),
        (RegexFormat(pattern=r"\p{Foo}"), "Unicode property not found, at character 1: .p{Foo}.$"),
        (RegexFormat(pattern=r"[^\s\S]"), "expression can't be enforced: no text can match it.$"),
        (
            GrammarFormat(grammar="start: nowhere"),
            'grammar can\'t be enforced: line 1, column 8: unknown name: "nowhere".$',
        ),
        (GrammarFormat(grammar="start {"), "enforced: line 1, column 8: Expected token [^|^]*$"),
        (GrammarFormat(grammar='start: start "a"'), "grammar can't .* no text can match"),
        (GrammarFormat(grammar="start: " + "(" * 5_000), "nested"),
    ],
)
def test_a_bad_expression_or_grammar_is_refused_with_the_reason(
    response_format: ResponseFormat, reason: str, constraints: Constraints
) -> None:
    with pytest.raises(EngineError, match=reason) as caught:
        constraints.compile(response_format)
    assert caught.value.code == "INVALID_REQUEST"
    assert "start: /" not in caught.value.message
    assert len(caught.value.message) < 1_100


def test_a_grammar_that_grows_without_bounds_ends_its_own_sequence(
    constraints: Constraints,
) -> None:
    grammar = constraints.compile(GrammarFormat(grammar='start: a\na: a a | a a a | "a"\n'))
    processor = grammar.processor(0)
    tokens: list[int] = []

    def go_on() -> None:
        while len(tokens) < 1_000:
            allowed(processor, tokens)
            tokens.append(67)

    with pytest.raises(EngineError, match=r"can't be followed past token \d+: .*max is") as caught:
        go_on()
    assert caught.value.code == "INVALID_REQUEST"
    assert 67 in allowed(grammar.processor(0), [67])


def test_a_tokenizer_that_llguidance_does_not_know_is_refused(hello: TextModel) -> None:
    class Slow:
        """A tokenizer of Python code, as old models have."""

        eos_token_id = 2

        def __len__(self) -> int:
            return 512

    tokenizer = read_tokenizer(hello.path, hello.config)
    vars(tokenizer)["_tokenizer"] = Slow()
    assert isinstance(plain_tokenizer(tokenizer), Slow)
    with pytest.raises(EngineError, match="tokenizer can't be used for enforced output") as caught:
        Constraints(tokenizer, 512).compile(JsonObjectFormat())
    assert caught.value.code == "UNSUPPORTED"


def test_one_model_compiles_on_several_threads(hello: TextModel) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    grammars: list[Grammar] = []

    def compile_one() -> None:
        grammars.append(constraints.compile(RegexFormat(pattern="a[bc]")))

    threads = [threading.Thread(target=compile_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [allowed(grammar.processor(0), [67]) for grammar in grammars] == [{68, 69}] * 4
