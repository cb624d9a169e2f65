"""What operators need: health, status, loading and metrics."""
