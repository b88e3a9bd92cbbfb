"""The models: what gives p(w_t | w_<t).

`load` finds one by name or file, `by_identity` the one that a file names. Models load NumPy, so
nothing here does until one is asked for.
"""

import atexit
import os
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from arzip.errors import ModelError

if TYPE_CHECKING:
    from arzip.codec import Model
    from arzip.models.mixed import Mixed
    from arzip.models.parameters import Parameters

__all__ = [
    "by_identity",
    "catalogue",
    "describe",
    "find",
    "load",
    "names",
    "read",
]


@cache
def _folder() -> Path:
    """Where the built-in models are. Those of a zip application are unpacked, until it ends."""
    folder = Path(__file__).parent / "weights"
    if folder.is_dir():
        return folder
    import tempfile
    from importlib.resources import files

    unpacked = tempfile.TemporaryDirectory(prefix="arzip-")
    atexit.register(unpacked.cleanup)
    for packed in (files(__name__) / "weights").iterdir():
        Path(unpacked.name, packed.name).write_bytes(packed.read_bytes())
    return Path(unpacked.name)


def names() -> list[str]:
    """The built-in models."""
    return sorted(path.stem for path in _folder().glob("*.safetensors"))


def load(name_or_path: "str | os.PathLike[str]" = "base") -> "Mixed":
    """The built-in model of this name, or the one in this file.

    Raises ModelError if there is none or it is damaged.
    """
    path = find(name_or_path)
    return _load(path, path.stat().st_mtime_ns)


def read(name_or_path: "str | os.PathLike[str]") -> "Parameters":
    """The parameters of that model. Raises ModelError as load does."""
    from arzip.models import parameters

    return parameters.read(find(name_or_path))


def find(name_or_path: "str | os.PathLike[str]") -> Path:
    """The file of that model: a text may be a built-in model's name, a path is a path.

    Raises ModelError if there is none.
    """
    name = os.fspath(name_or_path)
    is_built_in = isinstance(name_or_path, str) and name in names()
    path = _folder() / f"{name}.safetensors" if is_built_in else Path(name)
    if "\0" in name or not path.is_file():
        raise ModelError(f"there is no model {name!r}: name a file, or one of {', '.join(names())}")
    return path


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> "Mixed":
    from arzip.models.mixed import Mixed

    return Mixed(read(path))  # a Path, which is no name any more


@cache
def _identity(name: str) -> bytes:
    """Of a built-in model, which need not be read for that."""
    from arzip.models import parameters

    return parameters.claimed_identity(find(name))


def by_identity(identity: bytes, given: "Model | None" = None) -> "Model":
    """The model with this identity: `given` or a built-in one. Raises ModelError if neither is."""
    if given is not None and given.identity == identity:
        return given
    for name in names():
        if _identity(name) == identity:
            return load(name)
    raise ModelError(
        f"made with a model (identity {identity.hex()}) that this arzip does not have: "
        "pass its file with -m FILE, or use the arzip that made it"
    )


def catalogue() -> list[dict[str, object]]:
    """What is known of each built-in model; see `describe`."""
    return [describe(name) for name in names()]


def describe(name_or_path: "str | os.PathLike[str]") -> dict[str, object]:
    """What is known of a model: its name, the file if it is not built in, its identity and digest
    in hexadecimal, its size in bytes, and its metadata. Raises ModelError as load does.
    """
    path = find(name_or_path)
    parameters = read(path)
    known: dict[str, object] = {
        "name": parameters.name,
        "file": None if path.parent == _folder() else os.fspath(name_or_path),
        "identity": parameters.identity.hex(),
        "digest": parameters.digest,
        "size": path.stat().st_size,
    }
    return known | {key: value for key, value in parameters.about.items() if key not in known}
