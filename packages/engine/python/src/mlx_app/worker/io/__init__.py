"""Lines in and out of the worker."""
