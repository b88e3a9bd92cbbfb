"""CPython's own tests of the standard library's lzma, run against arzip.

They are those of the Python that runs this, taken as they are from its installed `test` package.
There `lzma` is an adapter: arzip's classes under lzma's names, to which all of lzma's formats are
arzip's, and its data arzip's frames of the same content.
"""

import importlib.util
import lzma
import sys
import unittest
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import arzip

MODEL = "swift"
SEGMENT = 150  # bytes: half a frame then restores to some data, as half an .xz file does

OPTIONS = "checks how lzma refuses a format, check, preset or filter; arzip has none of them"
JUNK = "lzma ignores what follows the last stream; arzip refuses it, as the program xz does"
FORMATS = "decodes data of one of lzma's formats as another; arzip has one"
UNMADE = "calls an object of C's that was never initialised, which once crashed"

SKIPPED = {
    "CompressDecompressFunctionTestCase.test_bad_args": OPTIONS,
    "CompressorDecompressorTestCase.test_bad_filter_spec": OPTIONS,
    "CompressorDecompressorTestCase.test_simple_bad_args": OPTIONS,
    "FileTestCase.test_init_bad_check": OPTIONS,
    "FileTestCase.test_init_bad_filter_spec": OPTIONS,
    "FileTestCase.test_init_bad_preset": OPTIONS,
    "FileTestCase.test_init_with_preset_and_filters": OPTIONS,
    "CompressDecompressFunctionTestCase.test_decompress_multistream_trailing_junk": JUNK,
    "CompressDecompressFunctionTestCase.test_decompress_trailing_junk": JUNK,
    "FileTestCase.test_read_multistream_trailing_junk": JUNK,
    "FileTestCase.test_read_trailing_junk": JUNK,
    "CompressDecompressFunctionTestCase.test_decompress_bad_input": FORMATS,
    "CompressorDecompressorTestCase.test_decompressor_bad_input": FORMATS,
    "CompressorDecompressorTestCase.test_decompressor_bug_28275": FORMATS,
    "CompressorDecompressorTestCase.test_uninitialized_LZMADecompressor_crash": UNMADE,
}

CLASSES = (
    "FileTestCase",
    "OpenTestCase",
    "CompressorDecompressorTestCase",
    "CompressDecompressFunctionTestCase",
)


def segments(mode: object) -> dict[str, int]:
    """The option that says how large they are, for the modes that take it."""
    return {} if str(mode).startswith("r") else {"segment_size": SEGMENT}


class Compressor(arzip.ArzipCompressor):
    def __init__(self, format: Any = None, check: Any = None, preset: Any = None, filters: Any = 0):
        super().__init__(MODEL, segment_size=SEGMENT)


class Decompressor(arzip.ArzipDecompressor):
    check = 0

    def __init__(self, format: Any = None, memlimit: int | None = None, filters: Any = None):
        super().__init__(max_memory=memlimit)


class File(arzip.ArzipFile):
    def __init__(self, filename: Any, mode: str = "r", *, format: Any = None, filters: Any = None):
        super().__init__(filename, mode, model=MODEL, **segments(mode))

    @property
    def _fp(self) -> Any:
        return self._file


def compress(data: bytes, format: Any = None, preset: Any = None, filters: Any = None) -> bytes:
    if len(data) > 100_000:
        return arzip.compress(data, model=MODEL)
    compressor = Compressor()
    return compressor.compress(data) + compressor.flush()


def decompress(
    data: bytes, format: Any = None, memlimit: int | None = None, filters: Any = None
) -> bytes:
    return arzip.decompress(data, max_memory=memlimit)


def open_file(filename: Any, mode: str = "rb", *, format: Any = 0, filters: Any = 0, **text: Any):
    return arzip.open(filename, mode, model=MODEL, **segments(mode), **text)


def adapter() -> ModuleType:
    """What stands in the place of lzma."""
    module = ModuleType("lzma")
    for name, value in vars(lzma).items():
        if name.isupper():
            setattr(module, name, 0 if name.startswith("CHECK_") else value)
    module.LZMACompressor, module.LZMADecompressor = Compressor, Decompressor
    module.LZMAFile, module.LZMAError = File, arzip.ArzipError
    module.compress, module.decompress, module.open = compress, decompress, open_file
    return module


def load() -> ModuleType:
    """CPython's tests, with the adapter for lzma and arzip's frames for what lzma compressed."""
    spec = importlib.util.find_spec("test.test_lzma")
    if spec is None or spec.loader is None:
        pytest.skip("this Python comes without its own tests", allow_module_level=True)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "lzma", adapter())
        spec.loader.exec_module(module)
    for name in dir(module):
        if name.startswith("COMPRESSED_") and name != "COMPRESSED_BOGUS":
            setattr(module, name, compress(module.INPUT))
    module.ISSUE_21872_DAT = compress(lzma.decompress(module.ISSUE_21872_DAT))
    return module


def cases() -> list[unittest.TestCase]:
    tests = load()
    loader = unittest.TestLoader()
    return [case for name in CLASSES for case in loader.loadTestsFromTestCase(getattr(tests, name))]


def name_of(case: unittest.TestCase) -> str:
    return ".".join(case.id().split(".")[-2:])


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_of_cpython(
    case: unittest.TestCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name_of(case) in SKIPPED:
        pytest.skip(SKIPPED[name_of(case)])
    monkeypatch.chdir(tmp_path)
    result = unittest.TestResult()
    case.run(result)
    for _, reason in result.skipped:
        pytest.skip(reason)
    assert not [trace for _, trace in result.failures + result.errors]
    assert result.testsRun == 1
