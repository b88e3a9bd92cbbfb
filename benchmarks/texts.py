"""Texts to train a network on: what Debian's packages hold, by kind, each a folder of files.

    python benchmarks/texts.py FOLDER [--keep PACKAGES] [--without FILE]...

Packages of Debian 12's main archive, of free licences all of them, are fetched by `apt-get`, read
without being installed, and their text files sorted by kind (KINDS). Of a package's files of a
kind as many as PART allows are taken, in the order of their digests, so that the choice is the
same in every run. A file that shares lines with one of the corpora that arzip is measured on is
left out: give those, folders or tar files, with --without.
"""

import gzip
import hashlib
import io
import lzma
import re
import subprocess
import tarfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import click

PACKAGES = """
    golang-1.19-src rust-src openjdk-17-source emacs-el node-typescript r-base-core libruby3.1
    racket-common fpc-source-3.2.2 gnat-12 erlang-src ocaml-nox maxima-share octave gap-core
    tcllib cmake-data autoconf bash-completion yosys wordpress phpmyadmin mediawiki
    python3-django python3-sympy ansible libboost1.74-dev libeigen3-dev linux-source-6.1
    mariadb-test-data iso-codes hwdata usb.ids unicode-data shared-mime-info gdal-data
    marble-data ssg-debian nmap-common wireshark-common apache2 nginx-common postfix
    dovecot-core exim4-config rsyslog fail2ban logcheck-database spamassassin modsecurity-crs
    selinux-policy-src python-pyvcf-examples python3-doc debian-handbook postgresql-doc-15
    linux-doc-6.1 octave-doc apache2-doc gnome-user-docs debian-reference-it debian-reference-ja
    debian-reference-de debian-reference-fr manpages-de manpages-fr manpages-ja manpages-es
    manpages-ru manpages-pl manpages-zh dict-gcide fortunes fortunes-de fortunes-es fortunes-ru
    awstats systemd postgresql-15 kicad-symbols docbook-xsl adwaita-icon-theme node-caniuse-lite
    lua5.4 texlive-latex-base libjs-bootstrap4 lazarus-src-2.2 castle-game-engine-src
    texlive-bibtex-extra r-doc-html cppreference-doc-en-html libstdc++-12-doc python3-botocore
    python3-statsmodels python3-sklearn-lib python3-sklearn rdkit-data openbabel avogadro-utils
    chemical-structures zabbix-server-mysql cacti lnav wordnet-base gretl-data breeze-icon-theme
    inkscape-tutorials openclipart-svg debian-policy developers-reference
    installation-guide-amd64 debian-faq libglib2.0-doc python3-networkx r-cran-mass gnuplot-doc
    tcl8.6-doc weka python3-pandas roundcube-core icinga2-ido-mysql request-tracker5
    openjdk-17-doc jmol libreoffice-common fp-docs-3.2.2 perl-doc groff texlive-publishers biber
    jabref gnumeric-doc tryton-server scribus-template lilypond-doc-html
    golang-golang-x-tools-dev golang-golang-x-net-dev python3-scipy python3-twisted
    python3-sqlalchemy ruby-activerecord rubocop node-lodash libjs-jquery-ui
    php-symfony-http-kernel php-doctrine-orm qtbase5-dev libwine-dev binutils-source
"""

KINDS = {
    "logs": "log",
    "mail": "eml mbox",
    "sql": "sql dump test result",
    "csv": "csv tsv vcf",
    "json": "json geojson",
    "xml": "xml xsd xsl docbook page svg kml rng ui",
    "html": "html htm xhtml",
    "configuration": "conf cnf ini cfg yaml yml toml cf rules desktop service te fc properties",
    "web": "js ts mjs css scss php",
    "c": "c h cpp hpp cc hh ipp",
    "languages": "go rs java cs rb r scala kt swift",
    "scripts": "sh bash cmake m4 mk am tcl lua py pl pm awk",
    "classics": "el lisp rkt scm erl hrl ml mli hs pas pp inc lpr dpr lfm ads adb m mac g gi gd v"
    " sv vhd",
    "documents": "txt rst md tex sty cls texi po adoc",
    "manuals": "1 2 3 4 5 6 7 8",
    "bib": "bib",
    "molecules": "sdf mol mol2 pdb smi cml cjson",
}
"""Kinds of files by how their names end."""

MAIL = re.compile(rb"(From \S+@|Return-Path: |Received: |Delivered-To: |Message-I[dD]: )")
TIMES = re.compile(rb"(?m)^.{0,24}\d\d:\d\d:\d\d")
"""How lines of logs begin."""

BY_END = {end: kind for kind, ends in KINDS.items() for end in ends.split()}
PART = 5 << 20
"""Bytes of a package's files of one kind."""

LEAST, LARGEST = 200, 4 << 20  # bytes of a file
NESTED = 20  # of an archive in a package, one file of so many
LONG_LINE = 30
SHARED = 0.05  # of long lines, at most, with what is left out


def members(package: Path) -> Iterator[tuple[str, bytes]]:
    """The files in a package, or in an archive of sources, by name."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    if package.suffix == ".deb":
        with subprocess.Popen(command, stdout=subprocess.PIPE) as unpacking:
            assert unpacking.stdout is not None
            yield from inside(unpacking.stdout)
    else:
        with package.open("rb") as file:
            yield from inside(file)


def inside(stream: IO[bytes], every: int = 1) -> Iterator[tuple[str, bytes]]:
    """One in `every` files of a tar, by digest of the name; archives in it are opened in turn."""
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            if not member.isfile() or (file := archive.extractfile(member)) is None:
                continue
            if member.name.endswith((".tar.xz", ".tar.gz")) and every == 1:
                yield from inside(io.BytesIO(file.read()), NESTED)
            elif member.name.endswith(".zip") and every == 1:
                yield from zipped(file.read())
            elif member.size <= LARGEST and int(digest(member.name.encode()), 16) % every == 0:
                yield member.name, file.read()


def zipped(data: bytes) -> list[tuple[str, bytes]]:
    """The files in a zip archive; none if it is damaged, as some that tests use are."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [(name, archive.read(name)) for name in archive.namelist()]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error):
        return []


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def unpacked(name: str, data: bytes) -> tuple[str, bytes]:
    if name.endswith(".gz"):
        try:
            return name.removesuffix(".gz"), gzip.decompress(data)
        except (OSError, EOFError):
            return name, b""
    return name, data


def kind_of(name: str, data: bytes) -> str | None:
    path = PurePosixPath(name.lower())
    if MAIL.match(data):
        return "mail"
    if "/logs/" in name or len(TIMES.findall(data[:4096])) >= max(3, data[:4096].count(b"\n") // 2):
        return "logs"
    if "/etc/" in name and path.suffix[1:] not in BY_END:
        return "configuration"
    return BY_END.get(path.suffix[1:])


def is_text(data: bytes) -> bool:
    start = data[: 1 << 14]
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in start)
    return len(data) >= LEAST and controls * 200 < len(start)


def long_lines(data: bytes) -> set[bytes]:
    return {
        hashlib.md5(line.strip(), usedforsecurity=False).digest()[:8]
        for line in data.splitlines()
        if len(line.strip()) >= LONG_LINE
    }


def measured(paths: tuple[Path, ...]) -> set[bytes]:
    """The long lines of all that is to be left out."""
    lines: set[bytes] = set()
    for path in paths:
        if path.is_dir():
            for file in path.rglob("*"):
                if file.is_file():
                    lines |= long_lines(file.read_bytes())
        else:
            with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as stream:
                for _, data in inside(stream):
                    lines |= long_lines(data)
    return lines


def take(package: Path, folder: Path, left_out: set[bytes]) -> dict[str, int]:
    """Write a package's texts into the folders of their kinds: bytes of each kind."""
    found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for packed_name, packed in members(package):
        name, data = unpacked(packed_name, packed)
        kind = kind_of("/" + name, data)
        if kind and is_text(data):
            found[kind].append((name, data))
    sizes: dict[str, int] = {}
    for kind, files in found.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        taken = 0
        for name, data in sorted(files, key=lambda file: digest(file[1])):
            lines = long_lines(data)
            if len(lines & left_out) > max(2, SHARED * len(lines)):
                click.echo(f"left out, as it shares lines: {package.name}: {name}")
                continue
            if taken + len(data) <= PART:
                taken += len(data)
                ending = PurePosixPath(name).name[-80:]
                (folder / kind / f"{digest(data)}-{ending}").write_bytes(data)
        sizes[kind] = taken
    return sizes


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="For packages.")
@click.option("--without", multiple=True, type=click.Path(exists=True, path_type=Path))
def main(folder: Path, keep: Path | None, without: tuple[Path, ...]) -> None:
    """Fetch the packages and write their texts to FOLDER."""
    keep = keep or folder / "packages"
    keep.mkdir(parents=True, exist_ok=True)
    left_out = measured(without)
    for name in PACKAGES.split():
        if not any(keep.glob(f"{name}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", name], cwd=keep, check=False)
    for package in sorted(keep.glob("*.deb")) + sorted(keep.glob("*.orig.tar.*")):
        if package.name.endswith(".asc"):
            continue
        sizes = take(package, folder, left_out)
        parts = ", ".join(f"{kind} {size:,}" for kind, size in sorted(sizes.items()))
        click.echo(f"{package.name}: {parts}")


if __name__ == "__main__":
    main()
