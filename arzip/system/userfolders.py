"""The user's folders for caches and data, by the XDG base directory specification and by macOS."""

import os
import sys
from pathlib import Path

__all__ = ["user_folder"]

FOLDERS = {
    "XDG_CACHE_HOME": (".cache", "Library/Caches"),
    "XDG_DATA_HOME": (".local/share", "Library/Application Support"),
}
"""The variables, and the folders in a home without them: on most systems, and on macOS."""


def user_folder(variable: str) -> Path | None:
    """Return the folder that the variable names, or the usual one; None if there is no home."""
    named = Path(os.environ.get(variable, ""))
    if named.is_absolute():  # the standard ignores all others
        return named
    try:
        return Path.home() / FOLDERS[variable][sys.platform == "darwin"]
    except RuntimeError:
        return None
