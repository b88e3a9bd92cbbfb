"""Which models there are: `load` finds one by name or file, `by_identity` one by a file's word.

Models load NumPy, so nothing here does until one is asked for.
"""

import atexit
import dataclasses
import os
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arzip.errors import ModelError
from arzip.models import library

if TYPE_CHECKING:
    from arzip.codec import Model
    from arzip.models.model import ReadingModel
    from arzip.models.parameters import Parameters

__all__ = [
    "by_identity",
    "catalogue",
    "describe",
    "every",
    "find",
    "load",
    "names",
    "proven",
    "read",
    "write",
]


@cache
def _folder() -> Path:
    """Return the folder of built-in models; those of a zip application are unpacked into one."""
    folder = Path(__file__).parent / "weights"
    if folder.is_dir():
        return folder
    import tempfile
    from importlib.resources import files

    unpacked = tempfile.TemporaryDirectory(prefix="arzip-")
    atexit.register(unpacked.cleanup)
    for packed in (files("arzip.models") / "weights").iterdir():
        Path(unpacked.name, packed.name).write_bytes(packed.read_bytes())
    return Path(unpacked.name)


def names() -> list[str]:
    """Return the names of the built-in models."""
    return sorted(path.stem for path in _folder().glob("*.safetensors"))


def load(name_or_path: "str | os.PathLike[str]" = "base") -> "ReadingModel[Any]":
    """Return the model of this name, built in or in a folder of models, or the one in this file.

    Raises ModelError if there is none or it is damaged.
    """
    path = find(name_or_path)
    return _load(path, path.stat().st_mtime_ns)


def read(name_or_path: "str | os.PathLike[str]") -> "Parameters":
    """Return the parameters of that model. Raises ModelError as load does."""
    from arzip.models import parameters

    return parameters.read(find(name_or_path))


def find(name_or_path: "str | os.PathLike[str]") -> Path:
    """Return the file of that model: a text may be the name of a model, a path is a path.

    A built-in model's name comes before one in a folder of models (library.py), and that before a
    file. Raises ModelError if there is none.
    """
    name = os.fspath(name_or_path)
    if isinstance(name_or_path, str):
        if name in names():
            return _folder() / f"{name}.safetensors"
        if (own := library.find(name)) is not None:
            return own
    if "\0" in name or not Path(name).is_file():
        known = ", ".join([*names(), *library.names()])
        raise ModelError(f"there is no model {name!r}: name a file, or one of {known}")
    return Path(name)


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> "ReadingModel[Any]":
    return _class_for(made := read(path))(made)  # a Path, which is no name any more


def _class_for(made: "Parameters") -> "type[ReadingModel[Any]]":
    """Return what computes the model. Raises ModelError for an unknown kind."""
    if made.kind == "hybrid":
        from arzip.models.hybrid import HybridModel

        return HybridModel
    if made.kind == "broad":
        from arzip.models.broad import BroadModel

        return BroadModel
    if made.kind == "fast":
        from arzip.models.fast.model import FastModel

        return FastModel
    raise ModelError(f"model {made.name!r} is of a kind that this arzip does not know: {made.kind}")


def proven(made: "Parameters") -> "Parameters":
    """Return a new model's parameters, and with them what it codes its samples to."""
    answers = _class_for(made).unproven(made).known_answers()
    return dataclasses.replace(made, answers=tuple(answers))


def write(path: Path, made: "Parameters", *, replace: bool = False) -> None:
    """Write a new model's file, see parameters.write. Raises ModelError if it is unfit."""
    from arzip.models import parameters

    parameters.write(path, proven(made), replace=replace)


@cache
def _identity(name: str) -> bytes:
    """Return the identity of a built-in model without reading all of it."""
    from arzip.models import parameters

    return parameters.claimed_identity(find(name))


def by_identity(identity: bytes, given: "Model | None" = None) -> "Model":
    """Return the model with this identity: `given`, a built-in one, or one in a folder of models.

    Raises ModelError if none of them has it.
    """
    if given is not None and given.identity == identity:
        return given
    for name in names():
        if _identity(name) == identity:
            return load(name)
    if (own := library.with_identity(identity)) is not None:
        return load(own)
    if given is not None:
        raise ModelError(
            f"made with the model {identity.hex()}, and {given.name} is {given.identity.hex()}: "
            "pass the other one's file with -m FILE"
        )
    raise ModelError(
        f"made with a model (identity {identity.hex()}) that this arzip does not have: pass its "
        f"file with -m FILE, or put it into {' or '.join(map(str, library.folders()))}"
    )


def every() -> "list[ReadingModel[Any]]":
    """Return all known models, built in and in folders, except those that cannot be loaded."""
    models = []
    for name in (*names(), *library.names()):
        with suppress(ModelError, OSError):
            models.append(load(name))
    return models


def catalogue() -> list[dict[str, object]]:
    """Return what is known of each built-in model; see `describe`."""
    return [describe(name) for name in names()]


def describe(name_or_path: "str | os.PathLike[str]") -> dict[str, object]:
    """Return what is known of a model: its name, its file if it is not built in, its metadata, its
    identity and digest in hexadecimal, its size in bytes. Raises ModelError as load does.
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
