"""The models: what gives p(w_t | w_<t).

`load` finds one by name or file, `by_identity` the one that a file names. Models load numba, so
nothing here does until one is asked for.
"""

import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from arzip.errors import ModelError

if TYPE_CHECKING:
    from arzip.codec import Model

__all__ = ["by_identity", "catalogue", "load", "names", "prepare"]

_FOLDER = Path(__file__).parent / "weights"
_PATIENCE = 2.0  # seconds of silence while kernels compile


def names() -> list[str]:
    """The built-in models."""
    return sorted(path.stem for path in _FOLDER.glob("*.safetensors"))


def load(name_or_path: "str | os.PathLike[str]" = "swift") -> "Model":
    """The built-in model of this name, or the one in this file.

    Raises ModelError if there is none or it is damaged.
    """
    name = os.fspath(name_or_path)
    path = _FOLDER / f"{name}.safetensors" if name in names() else Path(name)
    if not path.is_file():
        raise ModelError(f"there is no model {name!r}: name a file, or one of {', '.join(names())}")
    return _load(path, path.stat().st_mtime_ns)


@cache
def _load(path: Path, _changed: int) -> "Model":
    from arzip.models.mixed import Mixed
    from arzip.models.parameters import read

    return Mixed(read(path))


def by_identity(identity: bytes, given: "Model | None" = None) -> "Model":
    """The model with this identity: `given` or a built-in one. Raises ModelError if neither is."""
    if given is not None and given.identity == identity:
        return given
    for name in names():
        model = load(name)
        if model.identity == identity:
            return model
    raise ModelError(
        f"made with a model (identity {identity.hex()}) that this arzip does not have: "
        "pass its file with -m FILE, or use the arzip that made it"
    )


def catalogue() -> list[dict[str, object]]:
    """What is known of each built-in model: name, identity, size in bytes, and its metadata."""
    from arzip.models.parameters import read

    described: list[dict[str, object]] = []
    for name in names():
        path = _FOLDER / f"{name}.safetensors"
        parameters = read(path)
        described.append(
            {
                "name": name,
                "identity": parameters.identity.hex(),
                "digest": parameters.digest,
                "size": path.stat().st_size,
                **parameters.about,
            }
        )
    return described


def prepare(model: "Model", direction: str, notify: Callable[[], None] | None = None) -> None:
    """Compile what coding in this direction, "encode" or "decode", needs, or load it from
    numba's cache, and prove that it computes what it must; `notify` if that takes long.
    """
    timer = threading.Timer(_PATIENCE, notify or (lambda: None))
    timer.daemon = True
    timer.start()
    try:
        model.prove(direction)
    finally:
        timer.cancel()
