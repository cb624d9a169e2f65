"""The mailboxes between MLX's thread and the code that waits."""

import asyncio
import threading
from unittest.mock import Mock

import pytest

from mlx_app.engine.mailbox import AsyncMailbox, waking_once


def fill(mailboxes: list[AsyncMailbox]) -> None:
    """Adds an item to each mailbox on another thread, while the loop waits for that thread."""

    def add() -> None:
        with waking_once():
            for mailbox in mailboxes:
                mailbox.put(None)

    thread = threading.Thread(target=add)
    thread.start()
    thread.join()


def test_the_items_of_one_step_wake_the_event_loop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def count() -> list[int]:
        loop = asyncio.get_running_loop()
        wake = Mock(wraps=loop.call_soon_threadsafe)
        monkeypatch.setattr(loop, "call_soon_threadsafe", wake)
        mailboxes = [AsyncMailbox() for _ in range(32)]
        counts = []
        for _ in range(3):
            readers = [asyncio.ensure_future(mailbox.get()) for mailbox in mailboxes]
            await asyncio.sleep(0)
            fill(mailboxes)
            assert await asyncio.gather(*readers) == [None] * 32
            counts.append(wake.call_count)
        return counts

    assert asyncio.run(count()) == [1, 2, 3]


def test_a_closed_event_loop_is_ignored() -> None:
    async def create() -> AsyncMailbox:
        return AsyncMailbox()

    mailbox = asyncio.run(create())
    fill([mailbox, mailbox])


def test_a_thread_that_adds_while_the_loop_reads_loses_nothing() -> None:
    async def read() -> list[int]:
        mailboxes = [AsyncMailbox() for _ in range(8)]

        def add() -> None:
            for _ in range(2000):
                for mailbox in mailboxes:
                    mailbox.put(None)

        async def take(mailbox: AsyncMailbox) -> int:
            return len([await mailbox.get() for _ in range(2000)])

        thread = threading.Thread(target=add)
        thread.start()
        counts = await asyncio.wait_for(asyncio.gather(*map(take, mailboxes)), 60)
        thread.join()
        return counts

    assert asyncio.run(read()) == [2000] * 8
