"""Checks of the installation, with a fix for each problem."""
