"""Tool calls: reading those that a model writes, and grammars that make it write them."""
