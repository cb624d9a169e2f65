"""Every name of mlx-lm that this project uses.

mlx-lm keeps only load, generate, stream_generate and batch_generate stable. All other names are
used only in this folder, behind our own functions, so that a new mlx-lm changes nothing outside of
it. Its tests show which name broke.
"""
