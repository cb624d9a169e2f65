"""Language models on MLX: loading, continuous batching, and a worker for applications."""
