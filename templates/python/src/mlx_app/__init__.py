"""Language models on MLX: loading, continuous batching, and the worker that an application talks to."""
