"""Requests other than text generation."""
