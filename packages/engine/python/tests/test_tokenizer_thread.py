"""Which text is tokenised next."""

import threading

from mlx_app.protocol import Generate, Tokenise
from mlx_app.worker.tokenizer_thread import TokenizerThread

GREEDY = 100


def test_a_caller_with_many_texts_keeps_nobody_from_a_turn() -> None:
    thread = TokenizerThread("texts")
    held, done = threading.Event(), threading.Event()
    order: list[str] = []

    def hold() -> None:
        assert held.wait(30)

    def note(request: Generate) -> None:
        order.append(request.caller)
        if len(order) == GREEDY + 2:
            done.set()

    # What comes while the thread works waits in line.
    thread.submit(Tokenise(id=0, model="m"), hold)
    greedy = Generate(id=1, model="m", caller="greedy")
    for _ in range(GREEDY):
        thread.submit(greedy, lambda: note(greedy))
    modest = Generate(id=2, model="m", caller="modest")
    thread.submit(modest, lambda: note(modest))
    urgent = Generate(id=3, model="m", caller="urgent", priority="interactive")
    thread.submit(urgent, lambda: note(urgent))
    held.set()
    assert done.wait(30)
    assert order.index("urgent") <= 1
    assert order.index("modest") <= 3
