"""Functions that numba compiles in another way than they are written.

An interpreter runs them as they stand. Their instructions for numba, some in LLVM's own language,
are in modules that are listed here and imported with numba: nothing else needs numba or LLVM.
"""

__all__ = ["lowered_in", "modules"]

modules: list[str] = []


def lowered_in(module: str) -> None:
    """List a module that tells numba how to compile functions."""
    modules.append(module)
