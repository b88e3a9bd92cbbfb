"""Registering with libraries that have no entry points: fsspec and shutil learn of arzip.

What they offer is a function to be called once they are imported. So it is called as soon as one of
them is, or at once where it was imported before arzip. arzip.pth, installed beside the package, has
Python import arzip as it starts: about a millisecond, for `import arzip` loads next to nothing, and
so must this module. Without that file (a source tree, python -S) importing arzip does the same.
numcodecs has entry points: see pyproject.toml.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

__all__ = ["install"]

HOOKS = {
    "fsspec.compression": "fsspec",
    "shutil": "shutil",
}
"""The modules that are waited for, and the files here that register with them."""


def install() -> None:
    """Register with those libraries that are imported, and with the others when they are."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    for name in HOOKS:
        if name in sys.modules:
            _register(sys.modules[name])


def _register(library: "ModuleType") -> None:
    from importlib import import_module

    try:
        import_module(f"arzip.integrations.{HOOKS[library.__name__]}").register(library)
    except Exception as error:  # whatever it is, it must not keep others from using the library
        import warnings

        warnings.warn(f"arzip could not register with {library.__name__}: {error!r}", stacklevel=2)


class _Finder:
    """Finds what the other finders find, and sees to it that loading it also registers."""

    def find_spec(
        self,
        name: str,
        path: "Sequence[str] | None" = None,
        target: "ModuleType | None" = None,
    ) -> "ModuleSpec | None":
        if name not in HOOKS:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """Loads a module as its own loader does, then registers with it."""

    def __init__(self, loader: "Any") -> None:
        self._loader = loader

    def create_module(self, spec: "ModuleSpec") -> "ModuleType | None":
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: "ModuleType") -> None:
        # Whoever asks the module for its loader is to get the one that knows its source.
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _register(module)
