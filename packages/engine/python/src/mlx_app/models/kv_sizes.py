"""How KV caches can be quantised."""

# What mx.quantize takes (mlx 0.32).
KV_BITS = (2, 3, 4, 5, 6, 8)
KV_GROUP_SIZES = (32, 64, 128)
