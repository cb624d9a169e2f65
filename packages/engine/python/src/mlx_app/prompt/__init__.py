"""From messages to the tokens of a prompt, and the caches of prompts that were prefilled before."""
