"""The public corpora by name: their sources, and the sizes and digests of their files.

`corpora.csv` has the size and SHA-256 of every file; a file that differs is an error, never a
result. Corpora come from local folders or archives, and are downloaded only on request. Calgary has
nine files here and loghub seven samples. `small` cannot be downloaded: small.py makes it.
"""

import contextlib
import csv
import hashlib
import io
import lzma
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

HERE = Path(__file__).parent
ARCHIVES = (".tar.xz", ".tar.gz", ".tar.bz2", ".tar")


@dataclass(frozen=True)
class Member:
    """A file of a corpus, as published."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """The place where a corpus is published: one archive, or an address for each file."""

    address: str
    """{file} stands for the file's name, {stem} for its part before the first underscore."""
    files_in: Callable[[bytes], dict[str, bytes]] | None = None
    """Unpacks the archive into contents by name, without folders."""


def in_tar(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        opened = [(Path(member.name).name, tar.extractfile(member)) for member in tar]
        return {name: file.read() for name, file in opened if file is not None}


def in_zip(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as pack:
        return {Path(name).name: pack.read(name) for name in pack.namelist()}


SOURCES = {
    "canterbury": Source("https://corpus.canterbury.ac.nz/resources/cantrbry.tar.gz", in_tar),
    "calgary": Source("https://corpus.canterbury.ac.nz/resources/calgary.tar.gz", in_tar),
    "logs": Source("https://raw.githubusercontent.com/logpai/loghub/master/{stem}/{file}"),
    "silesia": Source("https://sun.aei.polsl.pl/~sdeor/corpus/silesia.zip", in_zip),
    "enwik8": Source("https://mattmahoney.net/dc/enwik8.zip", in_zip),
    "enwik9": Source("https://mattmahoney.net/dc/enwik9.zip", in_zip),
}

MAX_DOWNLOAD = 1 << 30


@cache
def members(corpus: str) -> dict[str, Member]:
    """Return the files of a corpus by name; none for an unknown corpus."""
    table = HERE / ("small.csv" if corpus == "small" else "corpora.csv")
    with table.open(newline="") as file:
        return {
            line["file"]: Member(line["file"], int(line["bytes"]), line["sha256"])
            for line in csv.DictReader(file)
            if line["corpus"] == corpus
        }


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(corpus: str, folder: Path) -> dict[str, Path]:
    """Return the corpus's files in the folder, by name; for an unknown corpus, all files there.

    Prints how many are there if some are missing. Raises click.ClickException for a file that is
    not the published one, and for a folder without any.
    """
    known = members(corpus)
    paths = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if not known:
        if not paths:
            raise click.ClickException(f"{folder}: has no files")
        return paths
    found = {name: paths[name] for name in known if name in paths}
    if not found:
        raise click.ClickException(
            f"{folder}: has none of the files of {corpus}; rename it if it is another corpus"
        )
    for name, path in found.items():
        if path.stat().st_size != known[name].size or digest(path) != known[name].sha256:
            raise click.ClickException(
                f"{path}: is not the {name} of {corpus}: its size or SHA-256 differs; "
                "fetch it again, or rename the folder if it is another corpus"
            )
    if len(found) < len(known):
        click.echo(f"{corpus}: {len(found)} of its {len(known)} files are there", err=True)
    return found


def find(corpus: str, folders: Iterable[Path], unpacked: Path) -> Path | None:
    """Return the corpus's folder, found in one of `folders`; None if it is in none.

    An archive in one of `folders` is unpacked in `unpacked`.
    """
    for folder in folders:
        if (folder / corpus).is_dir():
            return folder / corpus
        for ending in ARCHIVES:
            archive = folder / f"{corpus}{ending}"
            if archive.is_file():
                return unpack(archive, unpacked / corpus)
    return None


def names_in(folders: Iterable[Path]) -> list[str]:
    """Return the names of all corpora in the folders, as folders or as archives."""
    names = []
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                names.append(path.name)
            elif path.name.endswith(ARCHIVES):
                names.append(path.name.partition(".tar")[0])
    return list(dict.fromkeys(names))


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the archive; return the corpus's folder. Raises click.ClickException if damaged."""
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, lzma.LZMAError, OSError, EOFError) as error:
        raise click.ClickException(f"{archive}: cannot be unpacked: {error}") from None
    inner = folder / folder.name
    return inner if inner.is_dir() else folder


def download(corpus: str, folder: Path) -> Path:
    """Download the corpus into a folder in `folder`; return it.

    Raises click.ClickException if that fails, or if a file is not the published one.
    """
    if corpus not in SOURCES:
        raise click.ClickException(
            f"{corpus!r} cannot be downloaded; these can: {', '.join(SOURCES)}"
        )
    contents = dict(_fetched(SOURCES[corpus], members(corpus)))
    place = folder / corpus
    place.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (place / name).write_bytes(content)
    verified(corpus, place)
    return place


def _fetched(source: Source, wanted: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    if source.files_in is None:
        for name in wanted:
            address = source.address.format(file=name, stem=name.partition("_")[0])
            yield name, _get(address)
        return
    files = source.files_in(_get(source.address))
    for name in wanted:
        if name not in files:
            raise click.ClickException(f"{source.address}: has no file {name}")
        yield name, files[name]


def _get(address: str) -> bytes:
    try:
        with contextlib.closing(urllib.request.urlopen(address, timeout=60)) as response:
            data: bytes = response.read(MAX_DOWNLOAD + 1)
    except (urllib.error.URLError, OSError) as error:
        raise click.ClickException(f"{address}: cannot be fetched: {error}") from None
    if len(data) > MAX_DOWNLOAD:
        raise click.ClickException(f"{address}: is larger than {MAX_DOWNLOAD} bytes")
    return data
