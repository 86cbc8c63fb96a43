"""Measurements against PyTorch: the same work, in the same minutes, with the same threads."""
