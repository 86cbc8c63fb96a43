"""The question that portable programs ask first, answered: there is no GPU here."""

__all__ = ["device_count", "is_available", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    """Whether a GPU can be used: no.

    >>> is_available()
    False
    """
    return False


def device_count() -> int:
    """The number of GPUs: none."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing happens, as in PyTorch without a GPU."""


def manual_seed_all(seed: int) -> None:
    """Nothing happens, as in PyTorch without a GPU."""
