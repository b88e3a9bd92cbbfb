"""All that machine code depends on, as a digest: sources, processor, versions, settings.

numba's own cache checks the file of a function, but not the other files whose functions and
constants are compiled into it. This digest covers all files that compiled functions may come from.
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

__all__ = [
    "GENERIC",
    "PROCESSOR",
    "SOURCES",
    "covers",
    "dependence",
    "is_current",
    "processors",
    "sources_digest",
]

PACKAGE = "arzip"
COVERED = (
    "coder", "compressibility", "engine", "histogram", "models", "photographs", "readings",
    "unpacking",
)  # fmt: skip
"""Modules and packages of arzip that hold compiled functions, what these use, and the engine."""

IRRELEVANT = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"}
"""Settings of numba that do not change what is compiled."""

PROCESSOR = ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
"""Settings of numba that name the processor."""

GENERIC = ("generic", "")
"""Any processor of this kind."""


def covers(module: str) -> bool:
    """Return whether the module's source is part of the digest."""
    package, _, rest = module.partition(".")
    return package == PACKAGE and rest.partition(".")[0] in COVERED


@cache
def dependence(machine: tuple[str, str]) -> str | None:
    """Return the digest, in hex, for a processor; None if there are no sources to read."""
    if SOURCES is None:
        return None
    digest = sha256()
    about = [
        SOURCES,
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
    """Return whether the sources are still those that this process was started with.

    If not, its machine code fits no digest and must not be kept: some of its modules were loaded
    before the change, others perhaps after.
    """
    return sources_digest() == SOURCES


def settings() -> list[tuple[str, str]]:
    """Return numba's settings in the environment, in order of their names."""
    return sorted(
        (name, value)
        for name, value in os.environ.items()
        if name.startswith("NUMBA_") and name not in IRRELEVANT.union(PROCESSOR)
    )


def processors() -> list[tuple[str, str]]:
    """Return names and features of the processors whose code runs here, the best first.

    If the environment names one, it is the only one.
    """
    name, features = map(os.environ.get, PROCESSOR)
    if name is not None or features is not None:
        return [(name or "", features or "")]
    from arzip.engine import loader

    return [loader.host(), GENERIC]


def sources_digest() -> str | None:
    """Return a digest, in hex, of the covered modules' sources; None if they cannot be read."""
    digest = sha256()
    try:
        for name, text in _sources().items():
            digest.update(f"{name} {len(text)}\n".encode())
            digest.update(text)
    except OSError:
        return None
    return digest.hexdigest()


def _sources() -> dict[str, bytes]:
    """Return the text of each covered module, by its name."""
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
    """Return a text that differs between versions of the package, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return "none"
    try:
        return Path(spec.origin).with_name("_version.py").read_text()
    except OSError:
        from importlib.metadata import version

        return version(package)


SOURCES = sources_digest()
"""The digest from before anything was compiled, and before nearly all modules were imported."""
