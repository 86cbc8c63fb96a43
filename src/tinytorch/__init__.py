"""TinyTorch: a small PyTorch that you can build yourself. `import tinytorch as torch` works."""

from tinytorch.core.autograd import *  # noqa: F403
from tinytorch.core.tensor import *  # noqa: F403
