"""The shell commands: a guest of the library, which imports nothing from here.

`program` is the way in and out: the programs, signals, the exit status.
`group` finds the command by the first word: one of `commands`, a module for each, or else
`gzip_form`, which is what `arzip FILE` runs.
`command` and `options` are what commands share for click; `settings` are the options' values.
`files` works on files: `batch` takes one after the other, `sources` and `outputs` open them,
`transfer` moves the bytes, `verification` decodes them again, `summaries` has the words for -v.
`loading` loads models.
`messages`, `progress` and `tables` are what the user sees, and `turns` keeps it in order.
`manual` makes the man page of all commands.
"""
