"""The size of the chunks of a prefill."""

from mlx_app.worker.runner.prefill_chunk import (
    FIRST_TOKENS,
    MAX_SECONDS,
    MIN_TOKENS,
    PrefillChunkSizer,
)


def decoding(sizer: PrefillChunkSizer, seconds: float) -> None:
    sizer.measure("stream", seconds, decoded=True, chunk=0, full=False)


def read(sizer: PrefillChunkSizer, seconds: float, chunk: int, *, full: bool = True) -> int:
    """Notes a chunk of a reader; gives the size of its next one."""
    sizer.measure("reader", seconds, decoded=False, chunk=chunk, full=full)
    return sizer.chunk_tokens("reader", 2048)


def test_alone_a_prompt_is_prefilled_in_large_chunks_of_a_bounded_time() -> None:
    sizer = PrefillChunkSizer()
    assert sizer.chunk_tokens("reader", 2048) == 2048
    assert read(sizer, MAX_SECONDS * 2, 2048) == 1024
    assert read(sizer, MAX_SECONDS * 0.9, 1024) == 1024
    assert read(sizer, MAX_SECONDS * 0.1, 1024) == 2048
    assert read(sizer, MAX_SECONDS * 0.1, 2048) == 2048


def test_beside_streams_chunks_shrink_until_they_take_a_few_steps() -> None:
    sizer = PrefillChunkSizer()
    decoding(sizer, 0.010)
    assert sizer.chunk_tokens("reader", 2048) == FIRST_TOKENS
    assert read(sizer, 0.100, FIRST_TOKENS) == FIRST_TOKENS // 2
    assert read(sizer, 0.025, 64) == 64
    assert read(sizer, 0.001, 64) == 128
    for _ in range(10):
        read(sizer, 1.0, sizer.chunk_tokens("reader", 2048))
    assert sizer.chunk_tokens("reader", 2048) == MIN_TOKENS


def test_the_end_of_a_prompt_says_nothing_about_larger_chunks() -> None:
    sizer = PrefillChunkSizer()
    decoding(sizer, 0.010)
    assert read(sizer, 0.001, 5, full=False) == FIRST_TOKENS


def test_a_stream_that_ends_leaves_readers_alone() -> None:
    sizer = PrefillChunkSizer()
    decoding(sizer, 0.010)
    sizer.forget("stream")
    assert sizer.chunk_tokens("reader", 2048) == 2048
    decoding(sizer, 0.010)
    sizer.measure("stream", 0.01, decoded=False, chunk=0, full=False)
    assert sizer.chunk_tokens("reader", 2048) == 2048
