"""The corpus `small`: fifty files of text and code under 64 KB that no model was trained on.

    python benchmarks/small.py FOLDER             copy the files that small.csv names
    python benchmarks/small.py FOLDER --choose 1  choose fifty anew, by this seed; write small.csv

They come from folders of Debian 12 that arzip's training and fitting leave out by path (KINDS). The
manifest says where each file stands and what it must be; manual pages are unpacked first.
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
    """A kind of file, and where files of it are."""

    name: str
    root: str
    patterns: tuple[str, ...]
    """Below the root."""
    count: int
    without: str = ""
    """Files whose names begin so are near-copies of others."""


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
    """Regular files of the right size."""
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
    """Names in the corpus, and the files. Raises click.ClickException where there are too few."""
    files = []
    for kind in KINDS:
        found = candidates(kind)
        if len(found) < kind.count:
            raise click.ClickException(
                f"{kind.root}: {len(found)} fit files, where {kind.count} are due; "
                "install what small.py names there"
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
    """Raises click.ClickException for a file that is missing or is not what the manifest says."""
    with MANIFEST.open(newline="") as file:
        for line in csv.DictReader(file):
            source = Path(line["source"])
            try:
                data = content(source)
            except OSError as error:
                raise click.ClickException(f"{source}: {error.strerror}") from None
            if hashlib.sha256(data).hexdigest() != line["sha256"]:
                raise click.ClickException(
                    f"{source}: is of another version than the manifest's; "
                    "choose other files with --choose SEED"
                )
            target = folder / PurePosixPath(line["file"])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--choose", "seed", type=int, help="Choose files anew, by this seed.")
def make(folder: Path, seed: int | None) -> None:
    if seed is not None:
        write_manifest(chosen(seed))
    copy(folder)


if __name__ == "__main__":
    make()
