"""The sequences of a call, with their samplers and logits processors."""

from ...decoding.output_parser import OutputParser
from ...decoding.reasoning import reasoning_budget
from ...decoding.sampling import make_processors, make_sampler
from ...mlx_lm_adapter.sampling import Processor, Sampler
from ...models.text_model import TextModel
from .call import Call
from .guards import guarded_processor, guarded_sampler
from .input_processor import InputProcessor
from .sequence import SequenceState


def new_sequences(call: Call, model: TextModel) -> list[SequenceState]:
    """Returns the `n` sequences of a call at their start."""
    request = call.request
    tools = request.tools if request.tool_choice != "none" else []
    return [
        SequenceState(
            request,
            index,
            model,
            OutputParser(model.tokenizer, call.prompt.starts_in, tools=tools, stops=request.stop),
        )
        for index in range(request.n)
    ]


def sampling_of(
    call: Call, sequence: SequenceState, model: TextModel, input_processor: InputProcessor
) -> tuple[Sampler, list[Processor]]:
    """Returns the sampler and the logits processors of a sequence; the same ones each time."""
    if sequence.sampling is None:
        sequence.sampling = _new_sampling(call, sequence, model, input_processor)
    return sequence.sampling


def _new_sampling(
    call: Call, sequence: SequenceState, model: TextModel, input_processor: InputProcessor
) -> tuple[Sampler, list[Processor]]:
    request, prompt = call.request, call.prompt
    sampler = make_sampler(request, model.vocabulary, model.xtc_exceptions, sequence.index)
    processors = make_processors(request)
    # What forbids tokens comes after what weights them, and what forces a token comes last.
    grammar = input_processor.grammar_processor(call.input)
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
