import threading
import weakref
from functools import partial

from mlx_app.daemon_threads import DaemonThreads


class Model:
    """Something that must not outlive its last use."""


def test_an_idle_thread_does_not_keep_what_it_has_worked_with() -> None:
    threads = DaemonThreads(1, "test")
    freed = threading.Event()
    model = Model()
    weakref.finalize(model, freed.set)
    threads.submit(partial(repr, model)).result()
    del model
    assert freed.wait(10)
    threads.close()
    threads.join()
