"""Books to train a network on, as plain text.

    python benchmarks/texts_books.py REPOSITORIES FOLDER [--without FILE]...

REPOSITORIES holds git repositories of Standard Ebooks: texts in the public domain, marked up under
CC0. Chapters become files, and look as plain text does: one in five as it is typeset, the others
with straight quotes and lines of 60 to 78 bytes, dashes as they are or "--", some with CR LF. Plays
have the name of who speaks before a full stop, a tab, a colon, or on a line by itself. Books by
authors whose words are in the corpora that arzip is measured on are left out, and chapters that
quote much of a file given by --without: more than QUOTED runs of RUN words.
"""

import hashlib
import random
import re
import subprocess
import textwrap
import xml.etree.ElementTree as ET  # nosec B405
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import click

from texts import LEAST

LEFT_OUT = ("carroll", "shakespeare", "milton", "dickens", "thomas-hardy")
NOT_THE_BOOK = ("colophon", "imprint", "titlepage", "halftitlepage", "uncopyright", "loi")
ASCII = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\xa0": " "}
TYPE = "{http://www.idpf.org/2007/ops}type"
BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "dt", "dd", "td", "header", "cite"}
RUN, QUOTED = 9, 10
SPEAKERS = ("{0}. {1}", "{0}\t{1}", "{0}: {1}", "{0}\n{1}", "  {0}. {1}")


def chapters(repository: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the names and the XHTML of a book's chapters."""
    git = ["git", "-C", str(repository)]
    listed = subprocess.check_output([*git, "ls-tree", "-r", "--name-only", "HEAD"])
    for name in listed.decode().splitlines():
        path = PurePosixPath(name)
        if "/epub/text/" in name and path.suffix == ".xhtml" and path.stem not in NOT_THE_BOOK:
            yield path.stem, subprocess.check_output([*git, "show", f"HEAD:{name}"])


def words_of(element: ET.Element) -> str:
    """Return the text in an element; `br` ends a line."""
    parts = [element.text or ""]
    for child in element:
        kind = child.tag.rpartition("}")[2]
        if kind == "br":
            parts.append("\n")
        elif kind not in ("img", "svg") and "noteref" not in child.get(TYPE, ""):
            parts.append(words_of(child))
        parts.append(child.tail or "")
    return "".join(parts)


def tidy(text: str) -> str:
    """Return lines without what the markup put between words."""
    text = re.sub("[\u2060\u200b\ufeff]", "", text)
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip("\n")


def paragraphs(element: ET.Element, kinds: str = "") -> Iterator[tuple[str, str]]:
    """Yield kinds, "verse", "speaker" or "", and texts of all paragraphs, in order."""
    kinds += " " + element.get(TYPE, "")
    name = element.tag.rpartition("}")[2]
    if name in ("head", "svg", "figure"):
        return
    inner = [child.tag.rpartition("}")[2] for child in element]
    if name in BLOCKS and not BLOCKS.intersection(inner):
        verse = "verse" in kinds or "poem" in kinds or "song" in kinds or "hymn" in kinds
        # A line of verse is a span of its own, with a break after it.
        spans = verse and "span" in inner
        text = "\n".join(words_of(child) for child in element) if spans else words_of(element)
        text = tidy(re.sub(r"\n\s*\n", "\n", text) if spans else text.replace("\t", " "))
        if not verse and "br" not in inner:
            text = " ".join(text.split())
        if text:
            yield ("speaker" if "persona" in kinds else "verse" if verse else ""), text
        return
    for child in element:
        yield from paragraphs(child, kinds)


def laid_out(chapter: bytes, chance: random.Random) -> str:
    """Return a chapter as a file of plain text."""
    width = chance.randrange(60, 79)
    typeset, dashes = chance.random() < 0.2, chance.random() < 0.5
    speaks, indent = chance.choice(SPEAKERS), " " * chance.choice((0, 0, 0, 1, 2, 4, 5, 8))
    first = chance.choice(("", "", "", "  ", "    "))
    gap = chance.choice(("\n\n", "\n\n", "\n\n", "\n")) if first else "\n\n"
    parts, speaker = [], ""
    for kind, text in paragraphs(ET.fromstring(chapter)):  # nosec B314
        if not typeset:
            for sign, plain in ASCII.items():
                text = text.replace(sign, plain)
            if dashes:
                text = text.replace("\u2014", "--").replace("\u2013", "-")
        if kind == "speaker" and len(text) < 40 and "\n" not in text:
            speaker = text.upper() if "{0}\t" in speaks or "{0}\n" in speaks else text
            continue
        if speaker:
            text, speaker = speaks.format(speaker, text), ""
            in_lines = "\n" in text
            parts.append(text if in_lines else textwrap.fill(text, width, expand_tabs=False))
        elif "\n" in text or (kind == "verse" and len(text) < width):
            parts.append("\n".join(indent + line for line in text.split("\n")))
        else:
            parts.append(textwrap.fill(text, 10**9 if typeset else width, initial_indent=first))
    return gap.join(parts) + "\n"


def runs_of_words(text: bytes) -> set[int]:
    """Return what tells each run of RUN words, whatever stands between them, from others."""
    words = re.sub(rb"[^a-z]+", b" ", re.sub(rb"'|\xe2\x80\x99", b"", text.lower())).split()
    return {hash(tuple(words[at : at + RUN])) for at in range(len(words) - RUN + 1)}


@click.command()
@click.argument("repositories", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--without", multiple=True, type=click.Path(exists=True, path_type=Path))
def main(repositories: Path, folder: Path, without: tuple[Path, ...]) -> None:
    """Write the chapters of all books in REPOSITORIES to FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    measured = set().union(*(runs_of_words(path.read_bytes()) for path in without))
    for repository in sorted(repositories.iterdir()):
        book = repository.name
        if any(author in book for author in LEFT_OUT):
            continue
        size = 0
        for name, chapter in chapters(repository):
            chance = random.Random(hashlib.sha256(f"{book} {name}".encode()).digest())
            try:
                text = laid_out(chapter, chance)
            except ET.ParseError:
                continue
            if len(runs_of_words(text.encode()) & measured) > QUOTED:
                click.echo(f"left out, as it quotes what is measured: {book} {name}")
                continue
            if chance.random() < 0.15:
                text = text.replace("\n", "\r\n")
            if len(text) > LEAST:
                (folder / f"{book}-{name}.txt").write_bytes(text.encode())
                size += len(text)
        click.echo(f"{book}: {size:,}")


if __name__ == "__main__":
    main()
