"""Spec to Network: expansion of blocks, shape inference, the tree. Never imports torch."""
