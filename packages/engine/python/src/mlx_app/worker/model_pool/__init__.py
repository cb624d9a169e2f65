"""The models in memory: loading, waiting for them, and unloading."""
