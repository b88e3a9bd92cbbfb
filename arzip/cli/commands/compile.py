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
    click.echo(f"{folder.path}: {store.written()} functions compiled")


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
