"""From logits to tokens, and from tokens to the answer that a caller sees."""
