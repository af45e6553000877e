"""Blocks that a search combines into networks, and what the networks cost."""
