"""Which model to use: by level, as with gzip and xz, by name or path, or one that is loaded.

A level is an alias of a model's name. The shell and Python share the table, so importing this
loads no model.
"""

import os

from arzip.arguments import whole

TYPE_CHECKING = False  # typing takes longer to import than all of this
if TYPE_CHECKING:
    from arzip.codec import Model

__all__ = ["DEFAULT_LEVEL", "LEVELS", "choose", "stored_name"]

LEVELS = {
    1: "fast",
    2: "fast",
    3: "swift",
    4: "swift",
    5: "base",
    6: "base",
    7: "base",
    8: "max",
    9: "max",
}
DEFAULT_LEVEL = 6


def choose(
    model: "str | os.PathLike[str] | Model | None" = None, level: int | None = None
) -> "Model":
    """Return the model of that name, in that file, or of that level; by default, DEFAULT_LEVEL's.

    Raises ValueError if both are given, or for a level out of range, TypeError for anything else,
    and ModelError for a model that is unknown or damaged.
    """
    given = _given(model, level)
    if isinstance(given, str | os.PathLike):
        from arzip.models.registry import load

        return load(given)
    if not hasattr(given, "session"):
        kind = type(given).__name__
        raise TypeError(f"model must be a name, a path or a loaded model, not {kind}")
    return given


def stored_name(model: "str | os.PathLike[str] | None" = None, level: int | None = None) -> str:
    """Return the choice as text, to be kept in a configuration: a name or a path for `choose`.

    Raises ValueError and TypeError as `choose` does.
    """
    given = _given(model, level)
    if isinstance(given, str):
        return given
    if not isinstance(given, os.PathLike):
        raise TypeError(f"model must be a name or a path, not {type(given).__name__}")
    path = os.fspath(given)
    # Without a folder it could be mistaken for a name.
    return path if os.path.dirname(path) else os.path.join(os.curdir, path)


def _given(
    model: "str | os.PathLike[str] | Model | None", level: int | None
) -> "str | os.PathLike[str] | Model":
    if model is not None and level is not None:
        raise ValueError("model and level are two ways to say it: give one of them")
    if model is not None:
        return model
    level = DEFAULT_LEVEL if level is None else level
    return LEVELS[whole("level", level, min(LEVELS), max(LEVELS))]
