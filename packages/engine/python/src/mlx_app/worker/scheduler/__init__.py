"""Which call runs next, and whether there is memory for it."""
