"""The Hugging Face hub: listing, downloading, verifying and removing models.

The hub's own library is used for requests and for the layout of the cache that all tools share.
Files are downloaded by our own code, because the library (2.4) drops an interrupted download and
checks no hash.
"""
