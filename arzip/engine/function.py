"""A compiled function as its callers see it."""

import ctypes
import functools
import json
import os
import threading
from collections.abc import Callable, Hashable
from hashlib import sha256
from typing import Any

from arzip.engine import dependence, store
from arzip.engine.words import UnfitError, put_together, spelled, take_apart

__all__ = ["INTERPRETED", "Compiled"]

INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
"""Whether nothing is compiled. The setting is numba's own."""

_CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_making = threading.RLock()

Call = Callable[[list[int], tuple[Any, ...]], Any]


class Compiled:
    """A function whose machine code is found, or made, by the kinds of its arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._calls: dict[tuple[Hashable, ...], Call] = {}

    def __call__(self, *arguments: Any) -> Any:
        try:
            kinds, words = take_apart(arguments)
        except UnfitError:
            return self._dispatcher(*arguments)
        call = self._calls.get(kinds)
        if call is None:
            with _making:
                call = self._calls.get(kinds) or self._prepare(kinds, arguments)
            self._calls[kinds] = call
        return call(words, arguments)

    @functools.cached_property
    def _dispatcher(self) -> Any:
        """numba's own function, for arguments or machine code that do not fit."""
        from arzip.engine import compiler

        return compiler.njit(self._function)

    @functools.cached_property
    def _numba_type_(self) -> Any:
        """Its numba type, by which other compiled functions call it."""
        from arzip.engine import compiler

        self._called = compiler.called(self._function)
        return self._called._numba_type_

    def _prepare(self, kinds: tuple[Hashable, ...], arguments: tuple[Any, ...]) -> Call:
        from arzip.engine import loader

        try:
            described, _, code = self._obtain(kinds, arguments).partition(b"\n")
            about = json.loads(described)
            return _Native(loader.load(code, about["entry"]), about["parts"], about["is_tuple"])
        except (UnfitError, loader.NotLoadedError):
            return lambda words, arguments: self._dispatcher(*arguments)

    def _obtain(self, kinds: tuple[Hashable, ...], arguments: tuple[Any, ...]) -> bytes:
        """Return the machine code for arguments of these kinds, after a line that describes it."""

        def make() -> bytes:
            from arzip.engine import compiler

            code, about = compiler.compile_entry(self._function, arguments)
            return json.dumps(about).encode() + b"\n" + code

        return store.obtain(self._names(kinds), make, dependence.is_current)

    def _names(self, kinds: tuple[Hashable, ...]) -> list[str]:
        """Return the names that the machine code is kept under, this very processor's first.

        There are none if it is not known what the code depends on.
        """
        if not dependence.covers(self._function.__module__):
            return []
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        digests = [dependence.dependence(machine) for machine in dependence.processors()]
        keys = [sha256(f"{spelled(kinds)} {digest}".encode()) for digest in digests if digest]
        return [f"{name}-{key.hexdigest()[:32]}" for key in keys]


class _Native:
    """Machine code, called with words."""

    def __init__(self, address: int, parts: list[str], is_tuple: bool) -> None:
        self._call = _CALL(address)
        self._parts = parts
        self._is_tuple = is_tuple

    def __call__(self, words: list[int], arguments: tuple[Any, ...]) -> Any:
        # `arguments` keep the memory alive that words point to.
        size = len(words) + len(self._parts) + 1
        array = (ctypes.c_uint64 * size)(*words)
        self._call(array)
        *parts, status = array[len(words) :]
        if status:
            raise SystemError("compiled code failed")
        return put_together(parts, self._parts, is_tuple=self._is_tuple)
