"""Every name of mlx-lm that this project uses.

mlx-lm keeps only load, generate, stream_generate and batch_generate stable. The rest is gathered
in this folder, behind functions of our own, so that a new mlx-lm touches nothing outside of it;
its tests say which name broke.
"""
