"""Questions and answers, one by one or in a chat."""
