"""Which model is meant: by level, as with gzip and xz, by name or path, or one that is loaded.

A level is an alias of a model's name. The shell's options and Python's share the table, so
importing this loads no model.
"""

import os

from arzip.arguments import whole

TYPE_CHECKING = False  # typing takes longer to import than all of this
if TYPE_CHECKING:
    from arzip.codec import Model

__all__ = ["DEFAULT_LEVEL", "LEVELS", "choose"]

LEVELS = {
    1: "swift",
    2: "swift",
    3: "swift",
    4: "base",
    5: "base",
    6: "base",
    7: "base",
    8: "base",
    9: "base",
}
DEFAULT_LEVEL = 6


def choose(
    model: "str | os.PathLike[str] | Model | None" = None, level: int | None = None
) -> "Model":
    """The model of that name, in that file, or of that level; the default level's if none is given.

    Raises ValueError if both are given, or for a level that there is not, TypeError for what is
    neither, and ModelError for a model that is unknown or damaged.
    """
    if model is not None and level is not None:
        raise ValueError("model and level are two ways to say it: give one of them")
    if model is None:
        level = DEFAULT_LEVEL if level is None else level
        model = LEVELS[whole("level", level, min(LEVELS), max(LEVELS))]
    if isinstance(model, str | os.PathLike):
        from arzip.models import load

        return load(model)
    if not hasattr(model, "session"):
        kind = type(model).__name__
        raise TypeError(f"model must be a name, a path or a loaded model, not {kind}")
    return model
