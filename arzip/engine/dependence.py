"""What machine code depends on, as a digest: sources, processor, versions, settings.

numba's own cache looks at the file of a function, not at the others whose functions and constants
are compiled into it. Here it is all files that compiled functions may come from.
"""

import os
import platform
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import numpy as np

import arzip

__all__ = ["GENERIC", "PROCESSOR", "covers", "dependence", "is_current", "processors"]

PACKAGE = "arzip"
COVERED = ("coder", "engine", "models", "readings")
"""Modules and packages of arzip that hold compiled functions, what these call, and the engine."""

IRRELEVANT = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"}
"""Of numba's settings: these do not change what is compiled."""

PROCESSOR = ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
"""And these say for which processor."""

GENERIC = ("generic", "")
"""Any processor of this kind."""


def covers(module: str) -> bool:
    """Whether that module's source is part of the digest."""
    package, _, rest = module.partition(".")
    return package == PACKAGE and rest.partition(".")[0] in COVERED


@cache
def dependence(machine: tuple[str, str]) -> str | None:
    """The digest, in hex, for a processor; None where there are no sources to be read."""
    if _LOADED is None:
        return None
    digest = sha256()
    about = [
        _LOADED,
        *machine,
        sys.implementation.cache_tag,
        platform.machine(),
        sys.platform,
        np.__version__,
        *(_version(package) for package in ("numba", "llvmlite")),
        *(f"{name}={value}" for name, value in settings()),
    ]
    digest.update("\n".join(map(str, about)).encode())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the sources still are what this process was started with.

    If not, what it compiles is not to be kept: not as theirs, for it is of modules loaded before,
    nor as those modules', of which some may have been loaded after.
    """
    return _sources_digest() == _LOADED


def settings() -> list[tuple[str, str]]:
    """What the environment tells numba."""
    return sorted(
        (name, value)
        for name, value in os.environ.items()
        if name.startswith("NUMBA_") and name not in IRRELEVANT.union(PROCESSOR)
    )


def processors() -> list[tuple[str, str]]:
    """Names and features of the processors whose code is for here, the best first.

    Only one if the environment says which.
    """
    name, features = map(os.environ.get, PROCESSOR)
    if name is not None or features is not None:
        return [(name or "", features or "")]
    from arzip.engine import loader

    return [loader.host(), GENERIC]


def _sources_digest() -> str | None:
    digest = sha256()
    try:
        for name, text in _sources().items():
            digest.update(f"{name} {len(text)}\n".encode())
            digest.update(text)
    except OSError:
        return None
    return digest.hexdigest()


def _sources() -> dict[str, bytes]:
    """Name -> text of the covered modules."""
    assert arzip.__file__ is not None
    folder = Path(arzip.__file__).parent
    if not folder.is_dir():  # in a zip application
        from importlib.resources import files

        folder = cast(Path, files(PACKAGE))
    return dict(
        sorted(
            (f"{name}/{path}", text)
            for name in COVERED
            for path, text in _texts(folder, name if (folder / name).is_dir() else f"{name}.py")
        )
    )


def _texts(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    path = folder / name
    if path.is_dir():
        for inner in path.iterdir():
            for found, text in _texts(path, inner.name):
                yield f"{name}/{found}", text
    elif name.endswith(".py"):
        yield name, path.read_bytes()


def _version(package: str) -> str:
    """What tells a version of the package from the others, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return "none"
    try:
        return Path(spec.origin).with_name("_version.py").read_text()
    except OSError:
        from importlib.metadata import version

        return version(package)


_LOADED = _sources_digest()
"""The sources as they were before anything was compiled, and nearly all of it imported."""
