"""Tests of the command line. As a package, they can have a conftest.py of their own."""
