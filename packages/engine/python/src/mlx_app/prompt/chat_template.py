"""The chat template of a model, with the messages fitted to what it takes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..mlx_lm_adapter.models import Tokenizer
from .fit_messages import fit_messages
from .known_text import Encoding
from .probe_template import rules_of
from .template_rules import STRICTEST, TemplateRules, Turn


@dataclass(frozen=True)
class ChatTemplate:
    """A chat template with the tools and options of a call."""

    tokenizer: Tokenizer
    tools: list[dict[str, Any]]
    options: dict[str, Any]
    rules: TemplateRules

    def text(self, messages: list[Turn], *, add_generation_prompt: bool = True) -> str:
        """Returns the prompt of messages as text. Raises what the template raises."""
        return self.tokenizer.apply_chat_template(
            fit_messages(messages, self.rules),
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            tools=self.tools or None,
            **self.options,
        )

    def shared(self, messages: list[Turn], encoding: Encoding, tokens: list[int]) -> int:
        """Returns how many tokens messages share with a prompt; 0 if the template refuses them."""
        try:
            other, _ = encoding.encode(self.text(messages, add_generation_prompt=False))
        except Exception:  # one boundary less; the chat itself was accepted
            return 0
        pairs = zip(other, tokens, strict=False)
        return next(
            (index for index, (a, b) in enumerate(pairs) if a != b), min(len(other), len(tokens))
        )


def render_chat(
    tokenizer: Tokenizer,
    tools: list[dict[str, Any]],
    options: dict[str, Any],
    messages: list[Turn],
) -> tuple[ChatTemplate, str]:
    """Returns the template with rules by which it takes the messages, and their prompt.

    Raises what the template raises if it takes them by no rules.
    """
    template = ChatTemplate(tokenizer, tools, options, rules_of(tokenizer, tools))

    def render(rules: TemplateRules) -> str:
        return replace(template, rules=rules).text(messages)

    rules, text = first_rendered(render, template.rules)
    return replace(template, rules=rules), text


def first_rendered(
    render: Callable[[TemplateRules], str], rules: TemplateRules
) -> tuple[TemplateRules, str]:
    """Renders by the rules that were found, or else by the strictest ones.

    A template may refuse what it took in small chats. Raises what it raises if it refuses both.
    """
    try:
        return rules, render(rules)
    except Exception as refusal:  # templates are code of the model, which can raise anything
        try:
            return STRICTEST, render(STRICTEST)
        except Exception:
            raise refusal from None  # The reason that concerns the messages as they were given.
