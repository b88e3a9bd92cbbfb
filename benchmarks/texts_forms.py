"""Records to train a network on, in the forms that programs write.

    python benchmarks/texts_forms.py TEXTS FOLDER

Lines of JSON, dumps of SQL and feeds of XML seldom come in a package. What they hold does:
bibliographies, tables, prose. Each file has the records of one file among TEXTS (of texts.py and
texts_books.py) in one form; paragraphs get numbers, names and times beside them.
"""

import csv
import io
import json
import random
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import click

LIMIT = 1 << 16  # bytes of a file
LEAST, MOST = 8, 300  # records of a file
MOST_COLUMNS = 40
ENTRY = re.compile(r"@(\w+)\s*\{\s*([^,\s]+)\s*,(.*?)\}\s*\n(?=\s*(?:[@%\n]|\Z))", re.DOTALL)
FIELD = re.compile(r"(\w+)\s*=\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\}|\"([^\"]*)\"|(\d+))")
REFER = {
    "author": "A", "title": "T", "journal": "J", "booktitle": "B", "publisher": "I", "address": "C",
    "volume": "V", "number": "N", "pages": "P", "month": "D", "year": "D", "keywords": "K",
    "editor": "E", "series": "S", "note": "O", "abstract": "X", "institution": "I", "school": "I",
}  # fmt: skip
"""Names of fields in the bibliographies of refer."""

RIS = {
    "author": "AU", "title": "TI", "journal": "JO", "booktitle": "T2", "publisher": "PB",
    "address": "CY", "volume": "VL", "number": "IS", "pages": "SP", "year": "PY", "keywords": "KW",
    "editor": "ED", "note": "N1", "abstract": "AB", "doi": "DO", "url": "UR", "isbn": "SN",
    "issn": "SN",
}  # fmt: skip

TEXTS = ("text", "body", "content", "message", "comment", "review", "answer", "description")
"""Names of the field that holds a paragraph."""

TABLES = ("items", "entries", "messages", "public.records", "data", "posts")
ELEMENTS = ("item", "entry", "record", "row", "node")

Random = random.Random
Record = dict[str, str]


def references(text: str) -> list[Record]:
    """The entries of a file of BibTeX, without its braces."""
    found = []
    for _, key, body in ENTRY.findall(text):
        record = {"key": key}
        for name, braced, quoted, number in FIELD.findall(body):
            value = re.sub(r"[{}]|\\[\"'`^~]", "", braced or quoted or number)
            record[name.lower()] = " ".join(value.split())
        if "title" in record and len(record) > 3:
            found.append(record)
    return found


def table(text: str) -> list[Record]:
    """The rows of a table whose first row names the columns."""
    rows = list(csv.reader(text.splitlines()))
    if len(rows) < LEAST or not 1 < len(rows[0]) <= MOST_COLUMNS:
        return []
    if not all(re.match("[A-Za-z_]", name) for name in rows[0]):
        return []
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if len(row) == len(rows[0])]


def passages(text: str, chance: Random) -> list[Record]:
    """The paragraphs of a text as messages, reviews or answers of somebody."""
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
    parts = [part for part in parts if 40 < len(part) < 2000]
    names = sorted(set(re.findall(r"(?<=\w )[A-Z][a-z]{3,9}", text))) or ["unknown"]
    time, number = chance.randrange(10**9, 1_800_000_000), chance.randrange(10**6)
    which = chance.sample(range(6), 6)[: chance.randrange(2, 6)]
    texts = chance.choice(TEXTS)
    records = []
    for part in parts:
        time, number = time + chance.randrange(9000), number + chance.randrange(1, 9)
        first, _, rest = part.partition(". ")
        values = (
            ("id", str(number)),
            ("user", chance.choice(names)),
            ("created_at", str(time)),
            ("title", first[:60]),
            ("score", str(chance.randrange(1, 6))),
            ("length", str(len(part))),
        )
        record = dict(values[i] for i in which)
        records.append(record | {texts: rest if "title" in record and rest else part})
    return records


def value_of(text: str) -> str | int | float | None:
    """A value as programs would have it."""
    if not text:
        return None
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,9}\.\d{1,9}", text):
        return float(text)
    return text


def in_json(records: list[Record], chance: Random) -> Iterator[str]:
    """Yield lines of JSON, or one array with indents."""
    values = [{name: value_of(value) for name, value in record.items()} for record in records]
    spaces = chance.choice([(",", ":"), (", ", ": ")])
    ascii_ = chance.random() < 0.5
    if chance.random() < 0.7:
        for value in values:
            yield json.dumps(value, separators=spaces, ensure_ascii=ascii_) + "\n"
    else:
        yield json.dumps(values, indent=chance.choice((1, 2, 4)), ensure_ascii=ascii_) + "\n"


def in_sql(records: list[Record], chance: Random) -> Iterator[str]:
    """Yield a dump: INSERTs of one row or many, or COPY."""
    names = list(records[0])
    name = chance.choice(TABLES)
    columns = chance.choice(("", " (" + ", ".join(names) + ")", " (`" + "`, `".join(names) + "`)"))
    rows = []
    for record in records:
        row = (record.get(name, "") for name in names)
        rows.append([v if isinstance(value_of(v), int | float) else sql_text(v) for v in row])
    style = chance.randrange(3)
    if style == 0:
        yield f"COPY {name} ({', '.join(names)}) FROM stdin;\n"
        for record in records:
            yield "\t".join(record.get(name) or "\\N" for name in names) + "\n"
        yield "\\.\n"
    for i, row in enumerate(rows if style else []):
        if style == 1:
            yield f"INSERT INTO {name}{columns} VALUES ({', '.join(row)});\n"
        else:
            yield f"INSERT INTO `{name}`{columns} VALUES\n" if i == 0 else ",\n"
            yield f"({','.join(row)})"


def sql_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'" if value else "NULL"


def in_xml(records: list[Record], chance: Random) -> Iterator[str]:
    """Yield elements with attributes or elements within."""
    name = chance.choice(ELEMENTS)
    indent = chance.choice(("  ", "\t", "", "    "))
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}s>\n'
    within = chance.random() < 0.6
    for record in records:
        fields = {re.sub(r"\W", "_", name): escape(value) for name, value in record.items()}
        if within:
            inside = "".join(f"{indent * 2}<{k}>{v}</{k}>\n" for k, v in fields.items())
            yield f"{indent}<{name}>\n{inside}{indent}</{name}>\n"
        else:
            inside = "".join(f' {k}="{v.replace(chr(34), "&quot;")}"' for k, v in fields.items())
            yield f"{indent}<{name}{inside}/>\n"
    yield f"</{name}s>\n"


def in_yaml(records: list[Record], chance: Random) -> Iterator[str]:
    """Yield a list of mappings."""
    for record in records:
        for i, (name, value) in enumerate(record.items()):
            plain = re.fullmatch(r"[\w][\w .,/()-]*", value)
            yield f"{'  ' if i else '- '}{name}: {value if plain else json.dumps(value)}\n"


def in_csv(records: list[Record], chance: Random) -> Iterator[str]:
    """Yield rows, some with all fields in quotation marks."""
    names, separator = list(records[0]), chance.choice(",,,\t;|")
    quoting = csv.QUOTE_ALL if chance.random() < 0.3 else csv.QUOTE_MINIMAL
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, quoting=quoting, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([record.get(name, "") for name in names] for record in records)
    yield written.getvalue()


def tagged(record: Record, tags: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the tags and values of a reference, authors one by one."""
    for name, value in record.items():
        if name in tags:
            for part in value.split(" and ") if name == "author" else (value,):
                yield tags[name], part


def in_refer(records: list[Record], chance: Random) -> Iterator[str]:
    """Yield entries of refer, a line for each field, a blank line between."""
    for record in records:
        if chance.random() < 0.3:
            yield f"%L {record['key']}\n"
        for tag, value in tagged(record, REFER):
            yield f"%{tag} {value}\n"
        yield "\n"


def in_ris(records: list[Record], chance: Random) -> Iterator[str]:
    """Yield entries of RIS."""
    for record in records:
        yield f"TY  - {chance.choice(('JOUR', 'JOUR', 'BOOK', 'CONF'))}\n"
        for tag, value in tagged(record, RIS):
            yield f"{tag}  - {value}\n"
        yield "ER  - \n\n"


Form = Callable[[list[Record], Random], Iterator[str]]
FORMS: dict[str, Form] = {
    "json": in_json, "sql": in_sql, "xml": in_xml, "yaml": in_yaml, "csv": in_csv,
}  # fmt: skip
OF_REFERENCES: dict[str, Form] = {"refer": in_refer, "ris": in_ris}


@click.command()
@click.argument("texts", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(texts: Path, folder: Path) -> None:
    """Write files of records to FOLDER, in forms chosen by chance, the same in every run."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(texts.glob("*/*")):
        chance = random.Random(zlib.crc32(path.name.encode()))
        kind = path.parent.name
        if kind not in ("bib", "csv", "books", "documents"):
            continue
        text = path.read_text("utf-8", "replace")
        if kind == "bib":
            records, forms = references(text), {**FORMS, **OF_REFERENCES}
        elif kind == "csv":
            records, forms = table(text), FORMS
        else:
            records, forms = passages(text, chance), FORMS
        for number, start in enumerate(range(0, len(records) - LEAST, MOST)):
            if kind == "bib":
                chosen = list(forms)
            else:
                chosen = chance.sample(list(forms), 1 if chance.random() < 0.6 else 0)
            for form in chosen:
                written = "".join(forms[form](records[start : start + MOST], chance))
                name = f"{path.stem[-60:].lstrip('-')}-{number}.{form}"
                (folder / name).write_text(written[:LIMIT], "utf-8")


if __name__ == "__main__":
    main()
