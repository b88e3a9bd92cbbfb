"""Models of one's own in folders: found by their files' names, and by the identities in archives.

The folders are those that the variable ARZIP_MODELS lists, and then the user's own. What is in them
needs no -m to decode, and NAME for NAME.safetensors to compress.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from arzip.errors import ModelError

__all__ = ["ENVIRONMENT", "SUFFIX", "find", "folders", "names", "with_identity"]

ENVIRONMENT = "ARZIP_MODELS"
SUFFIX = ".safetensors"


def folders() -> list[Path]:
    """Where models are looked for, the first one first. None of them needs to be there."""
    listed = os.environ.get(ENVIRONMENT, "").split(os.pathsep)
    return [*(Path(name) for name in listed if name), *_own()]


def names() -> list[str]:
    """The names of the models in all folders."""
    return sorted({path.name.removesuffix(SUFFIX) for path in _files()})


def find(name: str) -> Path | None:
    """The first file of that name."""
    return next((path for path in _files() if path.name == name + SUFFIX), None)


def with_identity(identity: bytes) -> Path | None:
    """The first file that says it holds the model of that identity."""
    from arzip.models import parameters

    for path in _files():
        try:
            if parameters.claimed_identity(path) == identity:
                return path
        except (ModelError, OSError):
            continue  # what else may be in there is not our concern
    return None


def _files() -> Iterator[Path]:
    for folder in folders():
        try:
            yield from sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
        except OSError:
            continue


def _own() -> list[Path]:
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():  # nor does the standard take any other
        try:
            home = Path.home()
        except RuntimeError:  # a user without one
            return []
        mac = sys.platform == "darwin"
        data = home / ("Library/Application Support" if mac else ".local/share")
    return [data / "arzip"]
