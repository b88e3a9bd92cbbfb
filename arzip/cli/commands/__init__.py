"""The commands: each is a module of its name here, with a click command called `command`."""

__all__ = ["COMMANDS"]

COMMANDS = (
    "compress",
    "decompress",
    "test",
    "list",
    "cat",
    "recover",
    "eval",
    "score",
    "inspect",
    "sample",
    "train",
    "models",
    "bench",
    "compile",
)
"""Their names, in the order in which --help lists them."""
