"""Tools with a text by a grammar: parsers read the text, and the text follows the grammar."""

import dataclasses
import importlib
import json
import re
import time

import mlx.core as mx
import pytest
from test_tool_grammar import constraints, tokenizer

from call_grammars import FORMATS, PING, WEATHER, accepts, grammar_of, parsed, syntax_of, walk
from mlx_app.decoding.constraints import Constraints
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.models import Tokenizer
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Generate, Message, Tool, ToolGrammar
from mlx_app.tools.custom.custom_input import custom_input
from mlx_app.tools.custom.quoting import json_quoting, raw_quoting
from mlx_app.tools.tool_grammar import CallSyntax, begun_tool_grammar, chosen_tool_grammar
from mlx_app.worker.loaded_model import LoadedModel
from mlx_app.worker.runner.input_processor import InputProcessor
from tool_formats import family

__all__ = ["constraints", "tokenizer"]  # fixtures

INPUT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
# The rules of a coding agent's patches, in fewer words.
PATCH = r"""
start: "*** Begin Patch" LF file+ "*** End Patch" LF?
file: "*** Update File: " name LF line+ -> update
    | "*** Delete File: " name LF
name: /(.+)/
line: ("+" | "-" | " " | "@@") /(.*)/ LF
%import common.LF
"""
PATCHES = re.compile(
    r"\*\*\* Begin Patch\n"
    r"(\*\*\* Update File: .+\n((\+|-| |@@).*\n)+|\*\*\* Delete File: .+\n)+"
    r"\*\*\* End Patch\n?"
)
SUM = r"""
start: value (" "? SIGN " "? value)*
value: INT | "(" start ")"
SIGN: "+" | "-"
%import common.INT
"""
JSON = r"""
?start: value
value: ESCAPED_STRING | NUMBER | "[" [value ("," value)*] "]"
%import common (ESCAPED_STRING, NUMBER, WS)
%ignore WS
"""
SHOUT = r'[A-Z]+( "[^"\\]{1,4}")?[!<&]{1,3}'


def custom(definition: str, syntax: str = "lark", name: str = "apply_patch") -> Tool:
    grammar = ToolGrammar(syntax=syntax, definition=definition)  # type: ignore[arg-type]
    return Tool(name=name, parameters=INPUT, grammar=grammar)


def terminals(count: int, body: str, last_first: bool = False) -> str:
    """Terminals of which each has the next one in it."""
    lines = [f"A{index}: " + body.replace("{}", f"A{index + 1}") for index in range(count)]
    lines.append(f'A{count}: "x"')
    return "\n".join(["start: A0", *(reversed(lines) if last_first else lines)])


def begun(constraints: Constraints, name: str, tools: list[Tool]) -> str:
    return begun_tool_grammar(syntax_of(constraints, name), tools, True)


def is_sum(text: str) -> bool:
    return re.fullmatch(r"[\d()+\- ]+", text) is not None and isinstance(eval(text), int)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"function_gemma"}))
def test_the_parser_reads_texts_of_the_grammar(
    name: str, constraints: Constraints, tokenizer: Tokenizer
) -> None:
    # Short lines, so that a random text ends.
    patch = custom(PATCH.replace("(.+)", 'a["<]?').replace("(.*)", "[a<]?"))
    shout = custom(SHOUT, "regex", "shout")
    for seed in range(2):
        for tool in (patch, shout):
            text = walk(constraints, tokenizer, grammar_of(constraints, name, [tool]), seed)
            (call,) = parsed(name, text, [tool])
            written = call["arguments"]["input"]
            if name.startswith("minimax"):
                written += "\n"  # its parser strips texts
            pattern = PATCHES if tool is patch else re.compile(SHOUT + r"\n?")
            assert pattern.fullmatch(written), text


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"function_gemma"}))
def test_a_call_that_the_model_chooses_follows_the_grammar_of_its_tool_alone(
    name: str, constraints: Constraints, tokenizer: Tokenizer
) -> None:
    grammar = constraints.compile_lark(begun(constraints, name, [PING, WEATHER, custom(SUM)]))
    parser = importlib.import_module(f"mlx_lm.tool_parsers.{name}")

    def is_allowed(tool: Tool, **options: str) -> bool:
        text = walk(constraints, tokenizer, grammar_of(constraints, name, [tool]), 1)
        for old, new in options.items():
            text = text.replace(old.strip("_"), new)
        return accepts(grammar, tokenizer, text.removeprefix(parser.tool_call_start))

    # The schema of the other tools holds only if a call is required.
    assert is_allowed(WEATHER, celsius="kelvin", fahrenheit="kelvin")
    assert is_allowed(PING)
    assert is_allowed(custom(r"\(1 \+ 2\)", "regex"))
    assert not is_allowed(custom("1 plus 2", "regex"))
    assert not is_allowed(custom(r"\(1 \+ 2", "regex"))
    assert not is_allowed(Tool(name="apply_patches", parameters={}))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"function_gemma"}))
def test_a_call_follows_the_grammar_however_its_marker_is_written(
    name: str, constraints: Constraints, tokenizer: Tokenizer
) -> None:
    syntax = syntax_of(constraints, name)
    start = syntax.start
    tools = [PING, custom(r"\d \+ \d", "regex")]
    grammar = constraints.compile_lark(chosen_tool_grammar(syntax, tools, True))

    def call_of(tool: Tool) -> str:
        return walk(constraints, tokenizer, grammar_of(constraints, name, [tool]), 1)

    good, bad = call_of(custom(r"1 \+ 2", "regex")), call_of(custom("1 plus 2", "regex"))
    for text in ("", "Sure.", 'a <= b, <t> "[', start[:5], "é<" * 3):
        assert accepts(grammar, tokenizer, text)
        assert accepts(grammar, tokenizer, text + good)
        assert accepts(grammar, tokenizer, text + call_of(PING))
        assert not accepts(grammar, tokenizer, text + bad)
        assert not accepts(grammar, tokenizer, text + start)


@pytest.mark.parametrize("has_tokens", [False, True])
def test_a_call_of_a_model_follows_the_grammar(has_tokens: bool, hello: TextModel) -> None:
    tags = ["<function name=", "</function>"]
    tokenizer = family(hello, "minicpm5", *(tags if has_tokens else []))
    model = dataclasses.replace(hello, tokenizer=tokenizer)
    tools = [custom(r"1 \+ 2", "regex"), PING]
    asked = Generate(
        id=1, model="hello", messages=[Message(role="user", content="Add.")], tools=tools
    )
    loaded = InputProcessor("hello", LoadedModel(model))
    processed = loaded.process(asked)
    assert processed.grammar is not None

    def is_allowed(text: str) -> bool:
        processor = loaded.grammar_processor(processed)
        assert processor is not None
        (end,) = tokenizer.eos_token_ids
        # A model may write text in other tokens than the tokenizer, such as one for each character.
        marked = 0 if has_tokens else text.find("=") + 1
        parts = [*text[:marked], text[marked:]]
        tokens = [
            token for part in parts for token in tokenizer.encode(part, add_special_tokens=False)
        ]
        tokens.append(end)
        logits = mx.zeros((1, len(tokenizer)))
        before = processed.prompt.tokens
        return all(
            processor(mx.array([*before, *tokens[:length]], mx.uint32), logits)[0, token].item()
            == 0
            for length, token in enumerate(tokens)
        )

    call = 'Sure.<function name="apply_patch"><param name="input"><![CDATA[{}]]></param></function>'
    assert is_allowed("Sure.")
    assert is_allowed(call.format("1 + 2"))
    assert not is_allowed(call.format("1 plus 2"))


@pytest.mark.parametrize("quotes", ["json", "raw"])
@pytest.mark.parametrize(
    ("definition", "good", "bad"),
    [
        (PATCH, '*** Begin Patch\n*** Update File: a "b".c\n+\tx <\n-</d> \\n\n*** End Patch', "x"),
        (PATCH, "*** Begin Patch\n*** Delete File: ü/中😀\n*** End Patch\n", "*** Begin Patch\n"),
        (SUM, "(1 + 23)-4", "(1 + 23-4"),
        ('start: (A | "b"i)~2..3\nA: /a+c/', "aacBb", "b"),
        ('start: [X] Y\nX: "x"\nY: "y"', "y", "xx"),
        (
            JSON,
            '["a\\"b", [1.5e3 ,\n 2], "ü"]',
            '["a]',
        ),
        (
            'start: CODE\nCODE: "```" /[a-z]*/ "\\n" /(?:.|\\n)*/ "```"',
            "```c\na\n\nb```",
            "```\n``",
        ),
        ('start: "a"\n\n  # a comment\n// another\n | B\nB: "b"\n', "b", "c"),
        (terminals(10, "{} {}"), "x" * 1024, "x" * 1023),
        (terminals(95, "{}"), "x", "xx"),
        ('start: "a".."c" // a comment\n    | /[^\\d\\s]{2}/i', "b", "d"),
    ],
)
def test_a_grammar_of_lark_allows_its_texts(
    definition: str, good: str, bad: str, quotes: str, hello: TextModel
) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    if quotes == "json":
        quoting, form = json_quoting(["</tool_call>"]), ('"', '"')
    else:
        quoting, form = raw_quoting(["\n</p>", "</p>"]), ("<p>\n", "\n</p>\n")
    before, after = map(json.dumps, form)
    text = f"start: {before} text {after}\ntext: {custom_input(custom(definition), quoting)}"
    grammar = constraints.compile_lark(text)

    def takes(value: str) -> bool:
        written = json.dumps(value, ensure_ascii=False)[1:-1] if quotes == "json" else value
        return accepts(grammar, hello.tokenizer, form[0] + written + form[1])

    assert takes(good)
    assert not takes(bad)


@pytest.mark.parametrize("quotes", ["json", "raw"])
def test_a_text_never_contains_the_marker_that_would_end_it(quotes: str, hello: TextModel) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    markers = ["</tool_call>", "\n</p>", "</p>"]
    quoting = json_quoting(markers) if quotes == "json" else raw_quoting(markers)
    text = custom_input(custom(r"[\s\S]*", "regex"), quoting)
    grammar = constraints.compile_lark(f"start: text\ntext: {text}")
    for part in ("<", "</tool_call", "<<</tool_calls>", "</", "\n</q>\n<", "</</p", "\n\n"):
        written = json.dumps(part)[1:-1] if quotes == "json" else part
        assert accepts(grammar, hello.tokenizer, f"a{written}")
        assert accepts(grammar, hello.tokenizer, f"a{written}é" if part[-1] in "s>\n" else written)
    for marker in ("</tool_call>", "</p>"):
        for before in ("", "<", "</", "<</tool_call", "é"):
            assert not accepts(grammar, hello.tokenizer, before + marker)


@pytest.mark.parametrize(
    ("definition", "syntax", "message"),
    [
        ("begin: A", "lark", "no rule named start"),
        ("start: A", "lark", "there is no rule or terminal A"),
        ('start: A\nA: "x" A', "lark", "the terminal A refers to itself"),
        ('start: A\nA: b\nb: "x"', "lark", "the terminal A uses the rule b"),
        ('start: A\nA.2: "x"', "lark", "line 2: priorities are not supported"),
        ("start: %json {}", "lark", "line 1: .*not supported here"),
        ("start: X\n%declare X", "lark", "line 2: %declare is not supported"),
        ("start: X\n%import python.X", "lark", "line 2: only terminals of common"),
        ("start: X\n%import common.X", "lark", "line 2: there is no common.X; there are: DIGIT"),
        ('start: ("a"', "lark", "line 1: .*stands where .* was expected"),
        ("start: /(?=a)b/", "lark", "is not supported .look-around"),
        ("start: ยง", "lark", "line 1: .*is not part of Lark"),
        ("(?<!a)b", "regex", "look-around"),
        ("a^b", "regex", "only at the ends"),
        ("(a", "regex", "a group has no end"),
        ("a)", "regex", "no group to close"),
        ("*a", "regex", "nothing before"),
        (r"\p{L}", "regex", r"\\p is not supported"),
        (r"(a)\1", "regex", r"\\1 is not supported"),
        ("[a", "regex", "class of characters"),
        ("a{3,1}", "regex", "not a valid repetition"),
        ("(" * 200 + ")" * 200, "regex", "nested more than"),
        ("a$\n", "regex", "only at the ends"),
        (r"\ud800", "regex", "half of a surrogate pair"),
        ("a{" + "9" * 5_000 + "}", "regex", "too large"),
        (r'start: "\ud800"', "lark", "half of a surrogate pair"),
        ('start: "\ud800"', "lark", "half of a surrogate pair"),
        ('start: "a"~' + "9" * 5_000, "lark", "more than 9 digits"),
        ('start: "a"' + "*" * 5_000, "lark", "nested too deep"),
        (terminals(40, "{} {}"), "lark", "terminals have more than 20000 parts"),
        (terminals(998, "{}"), "lark", "terminals are nested more than 100 deep"),
        (terminals(998, "{}", last_first=True), "lark", "nested more than 100 deep"),
    ],
)
def test_a_wrong_grammar_is_refused_with_its_reason(
    definition: str, syntax: str, message: str
) -> None:
    with pytest.raises(
        EngineError, match=f"(?s)grammar of the tool apply_patch.*{message}"
    ) as caught:
        custom_input(custom(definition, syntax), json_quoting([]))
    assert caught.value.code == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("definition", "syntax"),
    [
        ('start: "a"' + "\n " * 40_000 + '| "b"', "lark"),
        ("\\\\" * 40_000, "regex"),
        ("".join(f"[b-é]?{chr(0x4E00 + one)}?" for one in range(4_000)), "regex"),
    ],
)
def test_a_long_grammar_is_read_in_linear_time(definition: str, syntax: str) -> None:
    begin = time.process_time()
    custom_input(custom(definition, syntax), json_quoting(["</tool_call>"]))
    assert time.process_time() - begin < 10  # minutes, if its parts are read again and again


def test_a_format_that_cannot_write_every_text_is_refused(hello: TextModel) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    for name in ("function_gemma", "harmony"):
        syntax = CallSyntax(name, "<a>", "</a>", constraints.token_of)
        with pytest.raises(EngineError, match=name) as caught:
            begun_tool_grammar(syntax, [custom(PATCH)], True)
        assert caught.value.code == "UNSUPPORTED"
