"""Machine code made by numba, for functions that are called with words.

A function is compiled for the types of its arguments, as numba does for any caller. Beside it goes
an entry of a few instructions, which reads the arguments from words and writes the result to words.
Both, and all that they call, form one object file that needs nothing of numba or Python.

This uses numba's internals. They have been the same for years, but may change. If they are not as
expected, compiling raises UnfitError, and numba calls the function itself.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba.core import cgutils, compiler, errors, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from arzip.engine import lowered
from arzip.engine.words import UnfitError

__all__ = ["called", "compile_entry", "njit"]

OPTIONS = {"nogil": True, "error_model": "numpy"}
"""No fastmath. Integer division never raises: with a path for an exception through a function, LLVM
does not see that values may stay in registers."""

INNER = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For functions that only compiled code calls: no memory counted by numba, no calls from Python."""

WORD = ir.IntType(64)
ENTRY = "arzip_entry"


def njit(function: Callable[..., Any]) -> Any:
    """Return the function as numba calls it."""
    _load_lowered()
    return numba.njit(**OPTIONS)(function)


def called(function: Callable[..., Any]) -> Any:
    """Return the function as other compiled functions call it."""
    _load_lowered()
    return numba.njit(**OPTIONS, **INNER)(function)


@functools.cache
def _load_lowered() -> None:
    for module in lowered.modules:
        import_module(module)


def compile_entry(
    function: Callable[..., Any], arguments: Sequence[Any]
) -> tuple[bytes, dict[str, Any]]:
    """Return an object file for arguments of these types, and what its caller must know.

    That is: `entry`, the name of a void(uint64 *words); `parts`, the codes of the result's parts in
    `struct`; and whether the result `is_tuple`. The words are the arguments as words.take_apart
    gives them, one word for each part of the result, and a status, 0 for success.

    Raises UnfitError, and numba's errors for a function that cannot be compiled.
    """
    _load_lowered()
    try:
        with global_compiler_lock:
            return _compile(function, tuple(numba.typeof(value) for value in arguments))
    except errors.NumbaError:
        raise
    except (AttributeError, ImportError, KeyError, NotImplementedError, TypeError) as error:
        raise UnfitError(f"{type(error).__name__}: {error}") from error


def _compile(
    function: Callable[..., Any], signature: tuple[Any, ...]
) -> tuple[bytes, dict[str, Any]]:
    flags = compiler.Flags()
    cpu_target.options.parse_as_flags(flags, {"nopython": True, **OPTIONS, **INNER})
    flags.no_compile = True  # until the entry has joined it
    context = cpu_target.target_context
    with _linking_only(context.codegen()):
        result = compiler.compile_extra(
            cpu_target.typing_context, context, function, signature, None, flags, {}
        )
        if result.typing_error is not None:
            raise result.typing_error
        library, described = result.library, result.fndesc
        codes, is_tuple = _codes(described.restype)
        module = library.create_ir_module(ENTRY)
        name = f"{ENTRY}.{described.unique_name}"
        _write_entry(result.target_context, module, described, name)
        library.add_ir_module(module)
        library.finalize()
        library.optimize()
        code = library.codegen._tm.emit_object(library._final_module)
    _require_independence(library._final_module)
    return code, {"entry": name, "parts": codes, "is_tuple": is_tuple}


class _Linked(JITCodeLibrary):
    """Functions to be linked with those that call them, and only then optimised.

    numba would optimise each function, with all that it calls, and make machine code of it, to do
    so again with the next one that calls it: some ten times, for code that is never run by itself.
    """

    def optimize(self) -> None:
        """Make of the functions and all they call what machine code is made of.

        Once they are inlined there is more to find: a second time makes them some percent faster.
        Short loops are unrolled only then, when those that can be vectors are: numba's own steps,
        here and for each function, unroll them before.
        """
        for unrolling in (False, True):
            options = llvm.create_pipeline_tuning_options(speed_level=3)
            options.loop_vectorization, options.loop_unrolling = True, unrolling
            builder = llvm.create_pass_builder(self._codegen._tm, options)
            builder.getModulePassManager().run(self._final_module, builder)

    def _optimize_final_module(self) -> None:
        pass

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0


@contextmanager
def _linking_only(codegen: Any) -> Iterator[None]:
    """Have numba compile functions as far as linking needs it, under its compiler's lock."""
    codegen._library_class = _Linked
    codegen.set_env = lambda name, environment: None  # there is no machine code that has one
    try:
        yield
    finally:
        del codegen._library_class, codegen.set_env


def _write_entry(context: Any, module: ir.Module, described: Any, name: str) -> None:
    kind = context.call_conv.get_function_type(described.restype, described.argtypes)
    callee = ir.Function(module, kind, described.llvm_func_name)
    entry = ir.Function(module, ir.FunctionType(ir.VoidType(), [WORD.as_pointer()]), name)
    builder = ir.IRBuilder(entry.append_basic_block())
    places = _places(builder, entry.args[0])
    arguments = [_value(context, builder, kind, places) for kind in described.argtypes]
    status, result = context.call_conv.call_function(
        builder, callee, described.restype, described.argtypes, arguments
    )
    parts = described.restype.types if _is_tuple(described.restype) else [described.restype]
    for k, part in enumerate(parts):
        if part == types.none:
            continue
        value = builder.extract_value(result, k) if _is_tuple(described.restype) else result
        builder.store(_word(context, builder, part, value), next(places))
    builder.store(builder.zext(status.is_error, WORD), next(places))
    builder.ret_void()


def _places(builder: ir.IRBuilder, words: Any) -> Iterator[Any]:
    index = 0
    while True:
        yield builder.gep(words, [ir.Constant(WORD, index)])
        index += 1


def _value(context: Any, builder: ir.IRBuilder, kind: Any, places: Iterator[Any]) -> Any:
    """Return the value of a type that starts at the next place, as compiled functions take it."""
    if kind == types.none:
        return context.get_dummy_value()
    if isinstance(kind, types.BaseTuple):
        elements = [_value(context, builder, inner, places) for inner in kind.types]
        return context.make_tuple(builder, kind, elements)
    word = builder.load(next(places))
    if isinstance(kind, types.Array):
        return _array(context, builder, kind, word, places)
    wanted = context.get_value_type(kind)
    if isinstance(kind, types.Record):
        return builder.inttoptr(word, wanted)
    if isinstance(kind, types.Float) and kind.bitwidth == 64:
        return builder.bitcast(word, wanted)
    if isinstance(kind, types.Integer | types.Boolean):
        return word if wanted == WORD else builder.trunc(word, wanted)
    raise UnfitError(f"an argument of type {kind}")


def _array(
    context: Any, builder: ir.IRBuilder, kind: Any, address: Any, places: Iterator[Any]
) -> Any:
    if kind.layout != "C":
        raise UnfitError(f"an argument of type {kind}")
    made = context.make_array(kind)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    shape = [builder.load(next(places)) for _ in range(kind.ndim)]
    strides = [ir.Constant(WORD, item)]
    for size in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], size))
    numba.np.arrayobj.populate_array(
        made,
        data=builder.inttoptr(address, made.data.type),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=ir.Constant(WORD, item),
        meminfo=None,
    )
    return made._getvalue()


def _is_tuple(kind: Any) -> bool:
    return isinstance(kind, types.BaseTuple)


def _codes(kind: Any) -> tuple[list[str], bool]:
    """Return the codes of a result's parts, and whether it is a tuple."""
    if _is_tuple(kind):
        return [_code(part) for part in kind.types], True
    return ([] if kind == types.none else [_code(kind)]), False


def _code(kind: Any) -> str:
    if isinstance(kind, types.Boolean):
        return "?"
    if isinstance(kind, types.Integer):
        return "q" if kind.signed else "Q"
    if isinstance(kind, types.Float) and kind.bitwidth == 64:
        return "d"
    raise UnfitError(f"a result of type {kind}")


def _word(context: Any, builder: ir.IRBuilder, kind: Any, value: Any) -> Any:
    if isinstance(kind, types.Float):
        return builder.bitcast(value, WORD)
    if value.type == WORD:
        return value
    signed = isinstance(kind, types.Integer) and kind.signed
    return builder.sext(value, WORD) if signed else builder.zext(value, WORD)


def _require_independence(module: Any) -> None:
    """Raise UnfitError if a function in the module calls into numba or Python."""
    for function in module.functions:
        name = function.name
        if not function.is_declaration or name.startswith("llvm."):
            continue
        if name.startswith(("NRT_", "numba_", "Py", "_Py")) or not llvm.address_of_symbol(name):
            raise UnfitError(f"a call of {name}")
