"""Machine code in memory, by LLVM alone: an object file in, an address out."""

from functools import cache
from typing import Any

import llvmlite.binding as llvm

__all__ = ["NotLoadedError", "host", "load"]

_kept: list[Any] = []  # owners of the code that addresses point to


class NotLoadedError(Exception):
    """The object file holds no code for this machine."""


@cache
def host() -> tuple[str, str]:
    """Return name and features of this processor."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def load(code: bytes, symbol: str) -> int:
    """Return the address of the function of that name. Raises NotLoadedError."""
    try:
        _initialize()
        machine = llvm.Target.from_default_triple().create_target_machine()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        address = engine.get_function_address(symbol)
    except RuntimeError as error:
        raise NotLoadedError(str(error)) from error
    if not address:
        raise NotLoadedError(f"there is no {symbol}")
    _kept.append(engine)
    return int(address)


@cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
