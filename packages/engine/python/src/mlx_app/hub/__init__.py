"""The Hugging Face hub: what it has of a model, and getting that here, whatever breaks on the way.

Its own library asks, and lays out the cache that all its tools share. The bytes of files are loaded
here: the library (2.4) gives up what it has of a file when it is interrupted, and checks no hash.
"""
