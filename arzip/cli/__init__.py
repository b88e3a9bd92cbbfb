"""The shell commands: a guest of the library, which imports nothing from here.

`main` is the way in and, with `signals`, the only place that ends the process. `gzip_form`,
`commands`, `listing`, `evaluation`, `bench`, `catalogue` and `compile` parse and call, with
`options` that they share; `manual` makes the man page of them all.
`coding` takes FILE after FILE through `sources` (what may be read), `transfer` (the bytes) and
`outputs` (what is written, whole or not at all); `messages` and `progress` are what the user sees.
"""
