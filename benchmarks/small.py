"""Makes the corpus `small`: fifty files of text and code under 64 KB that no model was trained on.

    python benchmarks/small.py FOLDER             copy the files named in small.csv, as far as
                                                  Debian still has them so
    python benchmarks/small.py FOLDER --choose 1  choose fifty others by this seed; write small.csv

They come from folders of Debian 12 that arzip's training and fitting exclude (KINDS). The manifest
has each file's path, size and digest. Manual pages are unpacked first.
"""

import csv
import gzip
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import click

MANIFEST = Path(__file__).with_name("small.csv")
LEAST, LIMIT = 1024, 65536
"""Bytes, unpacked: from LEAST up to, but not including, LIMIT."""


@dataclass(frozen=True)
class Kind:
    """A kind of file, and the folder of its files."""

    name: str
    root: str
    patterns: tuple[str, ...]
    """Paths below the root, as Path.glob takes them."""
    count: int
    without: str = ""
    """The start of names to leave out: these files are near-copies of others."""


KINDS = (
    Kind(
        "python",
        "/usr/lib/python3.11",
        ("email/**/*.py", "asyncio/**/*.py", "json/**/*.py", "xml/**/*.py"),
        8,
    ),
    Kind("perl", "/usr/share/perl/5.36.0", ("Pod/**/*.pm", "Pod/**/*.pod"), 7),
    Kind("c", "/usr/include/x86_64-linux-gnu", ("**/*.h",), 7),
    Kind(
        "notes", "/usr/share/doc/git", ("RelNotes/*.txt", "*.md", "contrib/**/*.[ch]", "**/*.sh"), 7
    ),
    Kind("vim", "/usr/share/vim/vim90", ("syntax/*.vim",), 7),
    Kind("man", "/usr/share/man/man1", ("[a-c]*.gz",), 7, without="gcloud"),
    Kind(
        "node",
        "/usr/lib/node_modules/npm/node_modules",
        ("[a-c]*/**/*.js", "[a-c]*/**/*.json", "[a-c]*/**/*.css", "[a-c]*/**/*.md"),
        7,
        without="LICENSE",
    ),
)


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def candidates(kind: Kind) -> list[Path]:
    """Return the regular files of the right size."""
    found = {
        path
        for pattern in kind.patterns
        for path in Path(kind.root).glob(pattern)
        if path.is_file() and not path.is_symlink()
    }
    return sorted(
        path
        for path in found
        if not (kind.without and path.name.startswith(kind.without))
        and LEAST <= len(content(path)) < LIMIT
    )


def chosen(seed: int) -> list[tuple[str, Path]]:
    """Return names in the corpus, and their files. Raises click.ClickException for too few."""
    files = []
    for kind in KINDS:
        found = candidates(kind)
        if len(found) < kind.count:
            raise click.ClickException(
                f"{kind.root}: {len(found)} suitable files, expected {kind.count}; "
                f"install the package of {kind.root}"
            )
        for path in sorted(random.Random(seed).sample(found, kind.count)):
            below = path.relative_to(kind.root).as_posix().removesuffix(".gz")
            files.append((f"{kind.name}/{below}", path))
    return files


def write_manifest(files: list[tuple[str, Path]]) -> None:
    with MANIFEST.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["corpus", "file", "bytes", "sha256", "source"])
        for name, path in files:
            data = content(path)
            writer.writerow(["small", name, len(data), hashlib.sha256(data).hexdigest(), path])


def copy(folder: Path) -> None:
    """Copy the files in the manifest that are there as it has them; say which are not."""
    with MANIFEST.open(newline="") as file:
        lines = list(csv.DictReader(file))
    copied = 0
    for line in lines:
        source = Path(line["source"])
        try:
            data = content(source)
        except OSError as error:
            click.echo(f"{source}: {error.strerror}: left out", err=True)
            continue
        if hashlib.sha256(data).hexdigest() != line["sha256"]:
            click.echo(f"{source}: not the manifest's version: left out", err=True)
            continue
        target = folder / PurePosixPath(line["file"])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        copied += 1
    if not copied:
        raise click.ClickException(
            f"none of {len(lines)} files is there; choose others with --choose SEED"
        )


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--choose", "seed", type=int, help="Choose other files, by this seed.")
def make(folder: Path, seed: int | None) -> None:
    if seed is not None:
        write_manifest(chosen(seed))
    copy(folder)


if __name__ == "__main__":
    make()
