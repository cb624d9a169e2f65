"""Checks and limits of every request, before an endpoint sees it."""
