"""The compiled functions' machine code: built once, kept in a folder, loaded without numba.

    compiled        marks a function as one to be compiled
    function        is that function to its callers
    records         are what these functions see where nothing is compiled
    words           turns its arguments into 64-bit words, and words into its result
    dependence      digests all that its machine code depends on
    store           looks the machine code up by that digest, and keeps it
    loader          loads it by LLVM alone: milliseconds, where importing numba takes hundreds
    compiler        makes it with numba if it is missing; nothing else here imports numba
    lowered         lists the modules that tell numba how to compile some functions
    notices         tell the user of compiling that takes seconds

Nothing here knows what is compiled. If the folder cannot be used, machine code is made for one
process. `arzip compile` fills the folder beforehand.
"""

__all__: list[str] = []
