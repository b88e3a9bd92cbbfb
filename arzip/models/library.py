"""Custom models in folders: found by their files' names, and by the identities in archives.

The folders are those that the variable ARZIP_MODELS lists, and then the user's own. What is in them
needs no -m to decode, and NAME for NAME.safetensors to compress.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from arzip.errors import ModelError
from arzip.system.userfolders import user_folder

__all__ = ["ENVIRONMENT", "find", "folders", "names", "with_identity"]

ENVIRONMENT = "ARZIP_MODELS"
SUFFIX = ".safetensors"


def folders() -> list[Path]:
    """Return where models are looked for, the first one first. None of them needs to exist."""
    listed = os.environ.get(ENVIRONMENT, "").split(os.pathsep)
    own = user_folder("XDG_DATA_HOME")
    return [*(Path(name) for name in listed if name), *([own / "arzip"] if own else [])]


def names() -> list[str]:
    """Return the names of the models in all folders."""
    return sorted({path.name.removesuffix(SUFFIX) for path in _files()})


def find(name: str) -> Path | None:
    """Return the first file of that name."""
    return next((path for path in _files() if path.name == name + SUFFIX), None)


def with_identity(identity: bytes) -> Path | None:
    """Return the first file that says it holds the model of that identity."""
    from arzip.models import parameters

    for path in _files():
        try:
            if parameters.claimed_identity(path) == identity:
                return path
        except (ModelError, OSError):
            continue  # it may hold other files
    return None


def _files() -> Iterator[Path]:
    for folder in folders():
        try:
            yield from sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
        except OSError:
            continue
