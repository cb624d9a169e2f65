"""Which calls are admitted, for the hello model: a token takes 512 bytes, a step 131,072."""

import mlx.core as mx
import pytest

from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.batch import Batch
from mlx_app.mlx_lm_adapter.cache_size import CacheSize, cache_size
from mlx_app.models.text_model import TextModel
from mlx_app.worker.runner.memory_need import RESERVED_TOKENS, MemoryNeed
from mlx_app.worker.scheduler.admission import Admission, Growth, Memory, Verdict

STEP = 256 * 512


@pytest.fixture
def size(hello: TextModel) -> CacheSize:
    # The work of reading a prompt differs between the CPU and a GPU; here it is left out.
    return CacheSize(cache_size(hello.network, hello.config).layers, heads=0)


def test_the_first_part_of_the_answer_is_reserved_not_all_of_it(size: CacheSize) -> None:
    admission = Admission(10 * STEP)
    # Nine times 1,024 tokens would be 36 steps.
    for call_id in range(5):
        need = MemoryNeed(size, prompt_tokens=256, max_tokens=1024, batch="hello")
        assert admission.decide(need, Memory(active=0)) == Verdict(now=True)
        admission.enter(call_id, need)
    assert admission.reserved_bytes == 5 * 2 * STEP
    assert not admission.decide(need, Memory(active=0)).now


def test_a_call_waits_until_another_has_left(size: CacheSize) -> None:
    admission = Admission(5 * STEP)
    need = MemoryNeed(size, prompt_tokens=400, max_tokens=112, batch="hello")
    admission.enter(1, need)
    admission.enter(2, need)
    assert admission.decide(need, Memory(active=0)) == Verdict(now=False)
    admission.leave(1)
    assert admission.decide(need, Memory(active=0)) == Verdict(now=True)
    admission.leave(1)
    assert len(admission) == 1


def test_weights_and_caches_in_memory_count(size: CacheSize) -> None:
    admission = Admission(5 * STEP)
    need = MemoryNeed(size, prompt_tokens=100, max_tokens=100)
    admission.enter(1, need)
    # The sequences' own bytes are in what they reserved.
    assert admission.decide(need, Memory(active=4 * STEP, sequences=STEP)).now
    assert not admission.decide(need, Memory(active=4 * STEP)).now
    assert not admission.decide(need, Memory(active=3 * STEP, coming=STEP)).now


def test_more_held_than_was_reserved_counts_as_it_is(size: CacheSize) -> None:
    admission = Admission(5 * STEP)
    need = MemoryNeed(size, prompt_tokens=100, max_tokens=100)
    admission.enter(1, need)
    assert not admission.decide(need, Memory(active=6 * STEP, sequences=6 * STEP)).now


def test_prompt_caches_go_first_then_idle_models(size: CacheSize) -> None:
    admission = Admission(5 * STEP)
    need = MemoryNeed(size, prompt_tokens=700, max_tokens=1)
    use = Memory(active=5 * STEP, prompt_cache=2 * STEP, idle_models=STEP)
    assert admission.decide(need, use) == Verdict(True, free_bytes=2 * STEP, unload_bytes=STEP)
    short = MemoryNeed(size, prompt_tokens=200, max_tokens=1)
    assert admission.decide(short, use) == Verdict(True, free_bytes=STEP)


def test_what_can_never_fit_is_refused_with_the_numbers(size: CacheSize) -> None:
    admission = Admission(10 * STEP)
    admission.enter(1, MemoryNeed(size, prompt_tokens=256, max_tokens=1))
    need = MemoryNeed(size, prompt_tokens=1200, max_tokens=1024, sequences=2, batch="hello")
    with pytest.raises(EngineError) as caught:
        admission.decide(need, Memory(active=2 * STEP, kept_models=2 * STEP))
    assert caught.value.code == "OUT_OF_MEMORY"
    assert caught.value.message == (
        "The call needs 1.57 MB of memory for 1200 prompt tokens and the first 256 tokens of its "
        "answer, in 2 sequences; the limit is 1.31 MB, and 262 kB of it can't be freed."
    )
    assert caught.value.hint is not None
    for way in ("Shorten the prompt", "lower maxTokens", "(n)", "kvBits", "unload", str(14 * STEP)):
        assert way in caught.value.hint


def test_nothing_waits_where_nothing_will_end(size: CacheSize) -> None:
    admission = Admission(5 * STEP)
    need = MemoryNeed(size, prompt_tokens=256, max_tokens=200)
    full = Memory(active=4 * STEP)
    with pytest.raises(EngineError, match="524 kB of it can't be freed"):
        admission.decide(need, full)
    assert admission.decide(need, Memory(active=4 * STEP, coming=1)) == Verdict(now=False)
    admission.enter(1, need)
    assert admission.decide(need, full) == Verdict(now=False)


def test_short_calls_in_a_batch_cost_what_the_longest_does(size: CacheSize) -> None:
    admission = Admission(100 * STEP)
    short = MemoryNeed(size, prompt_tokens=10, max_tokens=100, batch="hello")
    for call_id in range(8):
        admission.enter(call_id, short)
    assert admission.reserved_bytes == 8 * STEP
    long = MemoryNeed(size, prompt_tokens=3000, max_tokens=72, batch="hello")
    # Nine rows of twelve steps each, where eight and twelve alone would fit.
    assert not admission.decide(long, Memory(active=0)).now
    alone = MemoryNeed(size, prompt_tokens=3000, max_tokens=72)
    assert admission.decide(alone, Memory(active=0)).now


def test_the_memory_of_prefill_is_reserved_until_its_end(hello: TextModel) -> None:
    size = cache_size(hello.network, hello.config)
    if mx.default_device().type == mx.DeviceType.gpu:
        pytest.skip("A GPU's kernels keep no scores.")
    admission = Admission(10**9)
    admission.enter(1, MemoryNeed(size, prompt_tokens=5000, max_tokens=10))
    reading = admission.reserved_bytes
    admission.end_prefill(1)
    assert reading - admission.reserved_bytes == size.prefill_bytes(5000, 512) > 1_000_000


def test_an_answer_grows_by_steps(size: CacheSize) -> None:
    admission = Admission(4 * STEP)
    admission.enter(1, MemoryNeed(size, prompt_tokens=256, max_tokens=600))
    use = Memory(active=0)
    assert not admission.must_grow(1, 256 + RESERVED_TOKENS - 1)
    assert admission.must_grow(1, 256 + RESERVED_TOKENS)
    assert admission.grow(1, 256 + RESERVED_TOKENS, use) == Growth()
    assert not admission.must_grow(1, 256 + RESERVED_TOKENS)
    assert admission.reserved_bytes == 3 * STEP
    assert admission.grow(1, 256 + 2 * RESERVED_TOKENS, use) == Growth()
    # It has all that it can ever want.
    assert not admission.must_grow(1, 256 + 600)


def test_growth_frees_spare_memory_before_it_preempts(size: CacheSize) -> None:
    admission = Admission(5 * STEP)
    for call_id in (1, 2):
        admission.enter(call_id, MemoryNeed(size, prompt_tokens=256, max_tokens=1024))
    use = Memory(active=2 * STEP, prompt_cache=STEP, idle_models=STEP)
    assert admission.grow(1, 512, use) == Growth(free_bytes=STEP, unload_bytes=STEP)
    assert admission.grow(1, 768, use) == Growth(free_bytes=STEP, preempted=(2,))
    assert len(admission) == 1


def test_the_youngest_yield_and_the_oldest_goes_on(size: CacheSize) -> None:
    admission = Admission(6 * STEP)
    for call_id in (1, 2, 3):
        admission.enter(call_id, MemoryNeed(size, prompt_tokens=256, max_tokens=4096))
    use = Memory(active=0)
    assert admission.grow(2, 512, use) == Growth(preempted=(3,))
    # The youngest may be the one that asks.
    assert admission.grow(1, 512, use) == Growth()
    assert admission.grow(2, 768, use) == Growth(preempted=(2,))
    for tokens in (768, 1024, 1280):
        assert admission.grow(1, tokens, use) == Growth()
    with pytest.raises(EngineError, match="1792 tokens take 918 kB; the limit is 786 kB"):
        admission.grow(1, 1536, use)
    assert len(admission) == 0


def test_an_id_is_taken_once(size: CacheSize) -> None:
    admission = Admission(STEP)
    need = MemoryNeed(size, prompt_tokens=1, max_tokens=1)
    admission.enter(1, need)
    with pytest.raises(ValueError, match="Call 1 is running"):
        admission.enter(1, need)


def test_calls_that_are_let_in_stay_under_the_limit(hello: TextModel) -> None:
    """Real sequences, as many as go in; what MLX holds never comes over the limit."""
    size = cache_size(hello.network, hello.config)
    list(hello.weights())
    mx.clear_cache()
    floor = mx.get_active_memory()
    admission = Admission(floor + 40 * STEP)
    batch = Batch(hello.network, hello.tokenizer)

    def always_five(logprobs: mx.array, /) -> mx.array:
        return mx.full(logprobs.shape[:1], 5, dtype=mx.int32)

    mx.reset_peak_memory()
    entered = 0
    for call_id in range(20):
        need = MemoryNeed(size, prompt_tokens=300 + 10 * call_id, max_tokens=100, batch="hello")
        use = Memory(active=mx.get_active_memory(), sequences=mx.get_active_memory() - floor)
        if not admission.decide(need, use).now:
            break
        admission.enter(call_id, need)
        batch.insert([5] * need.prompt_tokens, need.max_tokens, always_five)
        entered += 1
        for _ in range(4):
            batch.step()
    assert 4 < entered < 20
    for _ in range(150):
        batch.step()
    assert mx.get_peak_memory() < admission.limit_bytes
    batch.close()


def test_a_call_that_fails_takes_no_other_with_it(size: CacheSize) -> None:
    admission = Admission(3 * STEP)
    need = MemoryNeed(size, prompt_tokens=100, max_tokens=2000)
    for call_id in (1, 2):
        admission.enter(call_id, need)
    with pytest.raises(EngineError, match="outgrown the memory"):
        # What can't be freed has grown too.
        admission.grow(1, 700, Memory(active=2 * STEP))
    assert len(admission) == 1
    assert admission.must_grow(2, 400)
    assert not admission.must_grow(1, 4000)
