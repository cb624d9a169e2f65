"""Runs the worker with a pause in each step, so that the tiny model is as slow as a large one.

python slow-worker.py -m mlx_app.worker ARGUMENTS...
"""

from __future__ import annotations

import runpy
import sys
import time

from mlx_lm.generate import BatchGenerator

STEP_SECONDS = 0.02

step = BatchGenerator.next


def slow_step(self: BatchGenerator, *arguments: object, **options: object) -> object:
    time.sleep(STEP_SECONDS)
    return step(self, *arguments, **options)


BatchGenerator.next = slow_step
sys.argv[1:3] = []
runpy.run_module("mlx_app.worker", run_name="__main__", alter_sys=True)
