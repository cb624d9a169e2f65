"""One loaded model: prefill and decoding of the calls that it runs."""
