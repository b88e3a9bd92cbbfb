"""Functions that are written for Python, and in numba's or LLVM's own words as well.

To an interpreter they are what they say. The modules that tell numba what to make of them instead
are named here, and imported with numba: so that nothing else needs either.
"""

__all__ = ["lowered_in", "modules"]

modules: list[str] = []


def lowered_in(module: str) -> None:
    """Have numba told by that module."""
    modules.append(module)
