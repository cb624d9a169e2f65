"""Models that take images. Most modules need the optional packages for images."""
