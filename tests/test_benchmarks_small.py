"""The corpus `small`: what Debian still has of it is copied, and the rest is named."""

import csv
import hashlib
from pathlib import Path

import click
import pytest

import small


def listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three files in a manifest: one as it says, one since changed, one gone."""
    manifest = folder / "small.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["corpus", "file", "bytes", "sha256", "source"])
        for name in ("same", "changed", "gone"):
            digest = hashlib.sha256(name.encode()).hexdigest()
            writer.writerow(["small", f"kind/{name}", len(name), digest, folder / name])
    (folder / "same").write_text("same")
    (folder / "changed").write_text("as updated")
    monkeypatch.setattr(small, "MANIFEST", manifest)
    return folder / "corpus"


def test_files_of_another_version_are_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = listed(tmp_path, monkeypatch)
    small.copy(corpus)
    assert [path.name for path in corpus.rglob("*") if path.is_file()] == ["same"]
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "changed" in said[0] and "gone" in said[1]


def test_a_machine_without_any_of_them_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = listed(tmp_path, monkeypatch)
    (tmp_path / "same").unlink()
    with pytest.raises(click.ClickException, match="none of 3"):
        small.copy(corpus)
