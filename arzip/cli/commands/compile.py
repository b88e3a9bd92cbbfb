"""`arzip compile`: compile the built-in models before they are needed."""

import os
from typing import TYPE_CHECKING

import click

from arzip.cli.command import named

if TYPE_CHECKING:
    from arzip.codec import Model

__all__ = ["command"]


@named("compile")
@click.option(
    "--shared",
    is_flag=True,
    help="For all users of this machine or image: needs root, and writes to /var/cache/arzip.",
)
@click.option(
    "--portable",
    is_flag=True,
    help="For any processor of this architecture: slower than for this very processor.",
)
def command(*, shared: bool, portable: bool) -> None:
    """Compile the built-in models for this machine now, not when they are first used."""
    from arzip.engine import dependence, store
    from arzip.models import registry

    folder = store.Folder(store.SHARED if shared else store.own(), public=shared)
    folder.prepare()
    store.keep_in(folder)
    if portable:
        os.environ.update(zip(dependence.PROCESSOR, dependence.GENERIC, strict=True))
    for name in registry.names():
        _compile(registry.load(name))
    _compile_unpacking()
    click.echo(f"{folder.path}: {store.written()} functions compiled")


def _compile_unpacking() -> None:
    """Call all compiled functions of unpacking and packing."""
    import zlib

    import numpy as np

    from arzip import coder, unpacking
    from arzip.unpacking import fonts, pictures
    from arzip.unpacking.decisions import Decisions

    sample = zlib.compress(bytes(range(200)) * 5 + b"and the cat sat on the mat" * 9)
    sample += np.random.default_rng(0).bytes(1 << 15)  # noise, for what takes that out
    font = b"dup /Private 9 dict /A 3 RD abc ND closefile\n"
    sample += b"eexec\n" + fonts.enciphered(font, outlines=True)
    assert unpacking.unpack(sample, 1 << 16) is not None  # which packs it again to compare
    rows, filtered = pictures.Rows(2, 1, 8), np.zeros(6, dtype=np.uint8)
    pixels = pictures.unfiltered(filtered, rows)
    assert pixels is not None
    odds = np.full(pictures.CONTEXTS, 1 << 31, dtype=np.uint32)
    pictures.filtered(Decisions(odds, coder.Encoder().add), 0, pixels, rows, filtered)


def _compile(model: "Model") -> None:
    """Call all compiled functions of compressing, decompressing, sampling and inspecting."""
    import numpy as np

    from arzip.models.explore import explorer
    from arzip.models.explore.draw import Choice

    model.prove("encode")
    model.prove("decode")
    session = model.session()
    session.conditionals()
    session.observe(0)
    explored = explorer(model, 1)
    explored.leading(1)
    explored.explain(b"a", 1)
    for choice in (Choice(), Choice(count=2)):
        explored.draw(np.zeros(1, dtype=np.uint64), 1, choice)
