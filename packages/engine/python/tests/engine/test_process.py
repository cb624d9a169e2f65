"""The engine in its process: the end of the interpreter, signals, forks and spawned processes."""

import os
import signal
from pathlib import Path

import pytest

from python_process import SECONDS, run_python, start_python

ENDINGS = {
    "in the middle of a stream": "next(engine.generate(**story))",
    "while a variable holds a stream": "stream = engine.generate(**story); next(stream)",
    "while a daemon thread generates": """
import threading
first = threading.Event()
def generate():
    while True:
        for token in engine.generate(**story):
            first.set()
threading.Thread(target=generate, daemon=True).start()
first.wait()
""",
    "while daemon threads wait for whole answers": """
import threading
def generate():
    while True:
        engine.complete(**story)
for _ in range(8):
    threading.Thread(target=generate, daemon=True).start()
engine.complete(**story)
""",
    "while an event loop in a daemon thread generates": """
import asyncio, threading
first = threading.Event()
async def generate():
    async for token in mlx_app.AsyncMLXEngine.of(engine).generate(**story, n=4):
        first.set()
threading.Thread(target=lambda: asyncio.run(generate()), daemon=True).start()
first.wait()
""",
    "while a daemon thread creates an engine": """
import threading
threading.Thread(target=mlx_app.MLXEngine, daemon=True).start()
""",
    "with two engines": """
other = mlx_app.MLXEngine(model="hello", device="cpu")
streams = [engine.generate(**story), other.generate(**story)]
for stream in streams: next(stream)
""",
    "with a closed engine": "engine.complete(**story); engine.close()",
    "with an engine that failed to start": """
try:
    mlx_app.MLXEngine(device="gpu")
except mlx_app.EngineError as error:
    assert error.code == "MLX_NOT_WORKING", error
""",
}


@pytest.mark.parametrize("program", ENDINGS.values(), ids=ENDINGS.keys())
def test_interpreter_ends_quietly(program: str) -> None:
    if "gpu" in program and os.environ.get("MLX_DEVICE") == "gpu":
        pytest.skip("There is a GPU.")
    assert run_python(program + "\nprint('end')") == (0, "end\n", "")


def test_ctrl_c_at_the_end_of_the_interpreter_does_not_wait() -> None:
    program = """
import os, signal, threading
from mlx_app.engine.interpreter_exit import InterpreterExit
def never_end():
    while not InterpreterExit.begun:
        pass
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait()
# In place of a step that takes minutes.
engine.core.worker._running.inbox.put(never_end)
print('end')
"""
    assert run_python(program) == (130, "end\n", "")


def test_exit_code_of_an_exception_in_a_loop() -> None:
    code, _, errors = run_python("for token in engine.generate(**story): raise ValueError('mine')")
    assert code == 1
    assert errors.splitlines()[-1] == "ValueError: mine"
    assert errors.count("Traceback") == 1


def test_exit_code_of_sys_exit_in_a_loop() -> None:
    program = "import sys\nfor token in engine.generate(**story): sys.exit(7)"
    assert run_python(program) == (7, "", "")


def test_other_threads_finish_their_calls_after_the_main_thread() -> None:
    program = """
import threading
def generate():
    for _ in range(3):
        text = engine.complete(**story).text
    print(len(text.split()))
threading.Thread(target=generate).start()
"""
    code, output, errors = run_python(program)
    assert (code, errors) == (0, "")
    assert int(output) > 80


# Before the first call, MLX looks for a C++ compiler with system(), which ignores SIGINT meanwhile.
WAITS = {
    "for a token": """
engine.complete(**story)
print("ready")
while True:
    for token in engine.generate(**story): pass
""",
    "for a whole answer": """
engine.complete(**story)
print("ready")
while True: engine.complete(**story)
""",
    "in an event loop": """
import asyncio
async def generate():
    async with mlx_app.AsyncMLXEngine.of(engine) as twin:
        await twin.complete(**story)
        print("ready")
        while True:
            async for token in twin.generate(**story): pass
asyncio.run(generate())
""",
}


@pytest.mark.parametrize("program", WAITS.values(), ids=WAITS.keys())
def test_ctrl_c_ends_a_program_that_waits(program: str) -> None:
    process = start_python(program)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == -signal.SIGINT
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    assert "EngineError" not in errors


def test_engine_goes_on_after_a_caught_ctrl_c() -> None:
    program = """
import os, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
engine.complete(**story)
stream = engine.generate(**story)
next(stream)
try:
    threading.Timer(0, os.kill, (os.getpid(), signal.SIGINT)).start()
    while True:
        for token in engine.generate(**story): pass
except KeyboardInterrupt:
    pass
stream.cancel()
print(engine.complete(messages=ask("Say hello.")).text, engine.status().active)
"""
    assert run_python(program) == (0, "Hello from a real MLX model! 0\n", "")


FORKED = """
import os, sys
def code(error):
    return f"{error.code}: {'fork' in str(error)}"
stream = engine.generate(**story)
next(stream)
child = os.fork()
if child == 0:
    for call in (
        engine.status,
        lambda: next(stream),
        lambda: engine.complete("a"),
        lambda: mlx_app.MLXEngine(device="cpu"),
    ):
        try:
            call()
            print("no error")
        except mlx_app.EngineError as error:
            print(code(error))
    engine.close()
    sys.exit(5)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(len(list(stream)) > 50)
print(engine.complete(messages=ask("Say hello.")).text)
"""


def test_forked_process_gets_errors_and_its_parent_goes_on() -> None:
    assert run_python(FORKED) == (
        0,
        "UNSUPPORTED: True\n" * 4 + "5\nTrue\nHello from a real MLX model!\n",
        "",
    )


MULTIPROCESSING = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
def child_code(_):
    try:
        engine.status()
    except mlx_app.EngineError as error:
        return error.code
with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
    print(list(pool.map(child_code, range(2))))
with multiprocessing.get_context("fork").Pool(1) as pool:
    print(pool.map(child_code, range(1)))
print(engine.complete(messages=ask("Say hello.")).text)
"""


def test_processes_of_multiprocessing_that_fork_get_errors() -> None:
    code, output, errors = run_python(MULTIPROCESSING)
    assert (
        output == "['UNSUPPORTED', 'UNSUPPORTED']\n['UNSUPPORTED']\nHello from a real MLX model!\n"
    )
    assert code == 0
    assert "Traceback" not in errors


def test_engine_is_created_after_a_fork() -> None:
    program = """
import os, sys
child = os.fork()
if child == 0:
    with mlx_app.MLXEngine(model="hello", device="cpu") as engine:
        print(engine.complete(messages=[{"role": "user", "content": "Say hello."}]).text)
    sys.exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run_python(program, start="import mlx_app\n") == (
        0,
        "Hello from a real MLX model!\n0\n",
        "",
    )


def test_spawned_process_has_its_own_engine() -> None:
    program = """
from concurrent.futures import ProcessPoolExecutor
import multiprocessing, spawned_hello
with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
    print(pool.submit(spawned_hello.hello).result())
print(engine.complete(messages=ask("Say hello.")).text)
"""
    found = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    assert run_python(found + program) == (0, "Hello from a real MLX model!\n" * 2, "")
