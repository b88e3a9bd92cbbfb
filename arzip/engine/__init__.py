"""The compiled functions' machine code: built once, kept in a folder, loaded without numba.

`function` is what a compiled function is to its callers. Its arguments become words (`words`), its
machine code is looked up (`store`) by all that it depends on (`dependence`), and loaded by LLVM
alone (`loader`), which takes some milliseconds where importing numba takes hundreds. What is not
there yet is made by numba: only `compiler` knows numba, and only what is compiled imports it.
`python -m arzip.engine` fills the folder beforehand.

Nothing here knows what is compiled. Where the folder cannot be used, machine code is made for this
process alone, and `notices` say so to those who listen.
"""
