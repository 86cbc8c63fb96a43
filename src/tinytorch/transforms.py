"""What is done to images before they are learnt from, under torchvision's names."""

from tinytorch.breadth.data import ToTensor
from tinytorch.core.dataloader import Compose, Normalize, RandomCrop, RandomHorizontalFlip

__all__ = ["Compose", "Normalize", "RandomCrop", "RandomHorizontalFlip", "ToTensor"]
