"""Models on disk and in memory: where they lie, how they are read, and what they can do."""
