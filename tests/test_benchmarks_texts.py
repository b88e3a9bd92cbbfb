"""Texts to train on: sorted by kind, and nothing that arzip is measured on among them."""

import gzip
import io
import json
import random
import tarfile
import zipfile
from pathlib import Path

import texts
import texts_logs

C = b'static void f(void) { printk("device %s is %d of %d"); } /* a comment that is long */\n' * 4
PROSE = b"It was the best of times, it was the worst of times, it was the age of wisdom.\n" * 4
MAIL = b"Received: from a by b\nSubject: hello\n\n" + PROSE
LOG = b"".join(b"2024-01-%02d 10:11:12 one thing happened\n" % day for day in range(1, 29))


def archive_of(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def package_of(folder: Path, files: dict[str, bytes]) -> Path:
    package = folder / "package.orig.tar.gz"
    package.write_bytes(gzip.decompress(archive_of(files)))
    return package


def test_files_are_sorted_by_kind(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inside.java", C)
    files = {
        "a/device.c": C,
        "a/read.txt.gz": gzip.compress(PROSE),
        "a/1234": MAIL,
        "a/messages": LOG,
        "a/etc/daemon": PROSE,
        "a/sources.zip": packed.getvalue(),
        "a/picture.c": bytes(1000),
        "a/short.c": b"int x;\n",
        "a/unknown.xyz": PROSE,
        "a/damaged.zip": b"PK",
    }
    sizes = texts.take(package_of(tmp_path, files), tmp_path / "texts", set())
    assert sizes == {
        "c": len(C),
        "documents": len(PROSE),
        "mail": len(MAIL),
        "logs": len(LOG),
        "configuration": len(PROSE),
        "languages": len(C),
    }
    (document,) = (tmp_path / "texts" / "documents").iterdir()
    assert document.read_bytes() == PROSE


def test_what_is_measured_is_left_out(tmp_path: Path) -> None:
    lines = b"".join(b"line number %d of the benchmark, rather long\n" % k for k in range(40))
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "corpus.txt").write_bytes(lines)
    left_out = texts.measured((tmp_path / "bench",))
    files = {"a/copy.txt": b"A title\n" + lines, "a/other.txt": PROSE}
    sizes = texts.take(package_of(tmp_path, files), tmp_path / "texts", left_out)
    assert sizes == {"documents": len(PROSE)}
    packed = tmp_path / "bench.tar"
    packed.write_bytes(gzip.decompress(archive_of({"corpus.txt": lines})))
    assert texts.measured((packed,)) == left_out


def test_a_part_of_a_package(tmp_path: Path) -> None:
    files = {f"a/{k}.txt": b"%03d " % k + b"word " * 200_000 for k in range(9)}
    sizes = texts.take(package_of(tmp_path, files), tmp_path / "texts", set())
    assert texts.PART - 1_000_004 < sizes["documents"] <= texts.PART


def test_logs_are_made_of_what_programs_say(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "device.c").write_bytes(C)
    said = texts_logs.messages(tmp_path)
    assert said == ["device %s is %d of %d"]
    lines = []
    for style in range(len(texts_logs.LINES)):
        machine = texts_logs.Machine(random.Random(style), said * 3, ["word", "thing"])
        lines.append([machine.line(style) for _ in range(5)])
    assert all("device" in line and "%" not in line for style in lines[:10] for line in style)
    assert json.loads(lines[6][0])["msg"].startswith("device ")
    machine = texts_logs.Machine(random.Random(0), said * 3, ["word", "thing"])
    assert [machine.line(0) for _ in range(5)] == lines[0]
