"""The Python API: the worker's scheduler on a thread of this process."""
