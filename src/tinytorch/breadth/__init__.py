"""What PyTorch's users expect beyond the core: more operations, in the same table of operations.

Importing this package registers them, as functions and as tensor methods. A file here has the
kernel of an operation, its gradient rules and its function side by side, and imports the core and
other files of breadth; the core never imports breadth.
"""

from tinytorch.breadth import (
    arithmetic,
    conversion,
    creation,
    elementwise,
    environment,
    function,
    gradmode,
    hooks,
    indexing,
    linalg,
    logic,
    ordering,
    preparation,
    reductions,
    rules,
    shaping,
    turning,
    views,
)

__all__ = [
    "arithmetic",
    "conversion",
    "creation",
    "elementwise",
    "environment",
    "function",
    "gradmode",
    "hooks",
    "indexing",
    "linalg",
    "logic",
    "ordering",
    "preparation",
    "reductions",
    "rules",
    "shaping",
    "turning",
    "views",
]
