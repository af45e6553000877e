"""Blocks for texts: from the ids of words and n-grams, as a `TextEncoder` gives them, to answers."""
