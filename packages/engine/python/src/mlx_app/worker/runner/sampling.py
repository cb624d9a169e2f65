"""A sequence of a call, and what its tokens are sampled with."""

from ...decoding.output_parser import AnswerText
from ...decoding.reasoning import reasoning_budget
from ...decoding.sampling import make_processors, make_sampler
from ...mlx_lm_adapter.sampling import Processor, Sampler
from ...models.text_model import ReadModel
from .call import Call
from .guards import guarded_processor, guarded_sampler
from .input_processor import Preparing
from .sequence import Sequence


def new_sequence(call: Call, index: int, model: ReadModel) -> Sequence:
    """The sequence of that number; the call must be prepared."""
    request = call.request
    tools = request.tools if request.tool_choice != "none" else []
    answer = AnswerText(model.tokenizer, call.prompt.starts_in, tools=tools, stops=request.stop)
    return Sequence(request, index, model, answer)


def sampling_of(
    call: Call, sequence: Sequence, model: ReadModel, preparing: Preparing
) -> tuple[Sampler, list[Processor]]:
    """The sampler of a sequence and what changes its logits before; the same each time."""
    if sequence.sampling is None:
        sequence.sampling = _new_sampling(call, sequence, model, preparing)
    return sequence.sampling


def _new_sampling(
    call: Call, sequence: Sequence, model: ReadModel, preparing: Preparing
) -> tuple[Sampler, list[Processor]]:
    request, prompt = call.request, call.prompt
    sampler = make_sampler(request, model.vocabulary, model.xtc_exceptions, sequence.index)
    processors = make_processors(request)
    assert call.prepared is not None
    # What forbids comes after what weighs, and what forces comes last.
    grammar = preparing.grammar_processor(call.prepared)
    if grammar is not None:
        processors.append(grammar)
    if request.reasoning_tokens is not None:
        budget = reasoning_budget(
            model.tokenizer, prompt.starts_in, len(prompt.tokens), request.reasoning_tokens
        )
        if budget is not None:
            processors.append(budget)
    return (
        guarded_sampler(sampler, sequence),
        [guarded_processor(processor, sequence) for processor in processors],
    )
