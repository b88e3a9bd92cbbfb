"""`arzip compile`: beforehand, what would be compiled when it is first needed."""

import os
from typing import TYPE_CHECKING

import click

from arzip.cli import options

if TYPE_CHECKING:
    from arzip.codec import Model


@click.command("compile", context_settings=options.HELP)
@click.option(
    "--shared",
    is_flag=True,
    help="For all users of this machine or image: as root, into /var/cache/arzip.",
)
@click.option(
    "--portable",
    is_flag=True,
    help="For any processor of this kind: slower, where it was not compiled for the very one.",
)
def compile_command(*, shared: bool, portable: bool) -> None:
    """Compile the built-in models for this machine, which else their first use does."""
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
    """All that compressing, decompressing, sampling and inspecting call."""
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
