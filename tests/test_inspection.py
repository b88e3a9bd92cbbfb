"""The page: right in its figures, safe with any content, and at work in a real browser."""

import base64
import io
import json
import math
import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Counts

import arzip
from arzip.analysis import inspection
from arzip.analysis.inspection import Inspection, Sample, inspect, page, read_sample

ODD = b'<script>document.title = "owned"</script> &amp; <b>"bold"</b>\n'
DATA = (ODD + b"plain text, plain text, plain text \xc3\xa9\xff\0\n") * 8
NAME = "odd <script>alert(1)</script> {{planes}} name"


def inspected(data: bytes = DATA, name: str = NAME) -> Inspection:
    model = arzip.load_model("swift")
    return inspect(model, name, Sample(data, len(data), (0,)), lambda done: None)


def part(text: str, identity: str) -> str:
    """What an element of the page holds."""
    found = re.search(f'id="{identity}">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return found[1]


def test_figures_are_those_of_eval() -> None:
    facts = json.loads(part(page(inspected()), "facts"))
    report = arzip.evaluate(DATA, model="swift")
    assert (facts["shown"], facts["size"], facts["model"]) == (len(DATA), len(DATA), "swift")
    # Compressing also tells a decoder that all is text, in 0.1 bits.
    assert 0 < (report.nll_nats - facts["nats"]) / math.log(2) < 0.1
    assert facts["bitsPerByte"] == pytest.approx(facts["nats"] / math.log(2) / len(DATA))
    assert facts["perplexity"] == pytest.approx(2 ** facts["bitsPerByte"])
    assert facts["order0"] == pytest.approx(report.entropy_order0)


def test_planes_hold_every_byte_and_what_was_expected() -> None:
    looked = inspected()
    n = len(DATA)
    planes = zlib.decompress(base64.b64decode(part(page(looked), "planes")))
    assert len(planes) == n * (2 + 2 * 5)
    assert planes[:n] == DATA
    bits = np.frombuffer(planes[n : 2 * n], dtype=np.uint8) / 10
    assert bits.sum() / n == pytest.approx(arzip.evaluate(DATA, model="swift").cross_entropy, 0.03)
    assert planes[2 * n : 3 * n] == looked.explanation.values[:, 0].tobytes()
    odds = np.frombuffer(planes[7 * n :], dtype=np.uint8).reshape(5, n).astype(int)
    odds[1:] *= -1
    p = 1 / (1 + np.exp(-(odds.cumsum(axis=0) - 128) / 8))
    assert pytest.approx(looked.explanation.freq / 2**24, rel=0.07, abs=1e-6) == p.T


def test_no_content_becomes_markup() -> None:
    text = page(inspected())
    assert text.count("<script") == text.count("</script>") == 3, "the page's own"
    assert "alert(1)<" not in text
    assert json.loads(part(text, "facts"))["name"] == NAME


def test_the_page_names_no_other_place() -> None:
    text = page(inspected(b"abc", "name"))
    places = set(re.findall(r"[a-z]+://[^\s\"']+", text)) - {"http://www.w3.org/2000/svg"}
    assert places == set()
    assert "default-src 'none'" in text


def test_any_model_can_be_looked_at(model: Counts) -> None:
    looked = inspect(model, "name", Sample(b"abcabc" * 50, 300, (0,)), lambda done: None)
    expected = arzip.evaluate(b"abcabc" * 50, model=model).cross_entropy
    facts = json.loads(part(page(looked), "facts"))
    assert facts["bitsPerByte"] == pytest.approx(expected, rel=1e-3)


def test_progress_reaches_the_end() -> None:
    reached: list[int] = []
    data = bytes(range(256)) * 130
    inspect(arzip.load_model("swift"), "", Sample(data, len(data), (0,)), reached.append)
    assert reached == sorted(set(reached)) and reached[-1] == len(data) and len(reached) > 1


@pytest.mark.parametrize("size", [1, 999, 1000])
def test_a_small_file_is_looked_at_whole(size: int) -> None:
    data = np.random.default_rng(0).bytes(size)
    assert read_sample(io.BytesIO(data), 1000) == Sample(data, size, (0,))


@pytest.mark.parametrize("size", [1001, 5000, 100_000])
def test_of_a_large_file_excerpts_are_looked_at(size: int) -> None:
    data = np.random.default_rng(0).bytes(size)
    sample = read_sample(io.BytesIO(data), 1000)
    length = len(sample.data) // len(sample.starts)
    assert 900 < len(sample.data) <= 1000 and sample.size == size
    assert sample.starts[0] == 0 and sample.starts[-1] == size - length
    assert sample.data == b"".join(data[start : start + length] for start in sample.starts)


def test_what_cannot_be_positioned_is_read_whole() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert read_sample(Pipe(b"abc")) == Sample(b"abc", 3, (0,))


WIDE, HIGH = 40, 30


def picture() -> bytes:
    """A BMP, whose first row is the lowest, smooth but for noise in its upper left corner."""
    rng = np.random.default_rng(4)
    shades = np.add.outer(2 * np.arange(HIGH), np.arange(WIDE))[..., None] + np.array([9, 30, 60])
    shades[: HIGH // 2, : WIDE // 2] += rng.integers(0, 60, (HIGH // 2, WIDE // 2, 3))
    header = struct.pack("<2sIII IiiHHI", b"BM", 0, 0, 54, 40, WIDE, HIGH, 1, 24, 0) + bytes(20)
    return header + shades[::-1].astype(np.uint8).tobytes()


def test_a_picture_is_shown_as_it_is_coded() -> None:
    data = picture()
    looked = inspected(data)
    facts = json.loads(part(page(looked), "facts"))["picture"]
    assert (facts["width"], facts["height"], facts["pixel"], facts["row"]) == (WIDE, HIGH, 3, 120)
    planes = zlib.decompress(base64.b64decode(part(page(looked), "planes")))
    assert len(planes) == 12 * len(data) + 120 * HIGH
    bits = np.frombuffer(planes[12 * len(data) :], dtype=np.uint8).reshape(HIGH, 120) / 10
    assert bits.sum() / (WIDE * HIGH) == pytest.approx(facts["bitsPerPixel"], rel=0.05)
    noisy, rest = bits[: HIGH // 2, :60], bits[HIGH // 2 :, 60:]
    assert noisy.mean() > 2 * rest.mean(), "the top row comes first"
    all_bits = 8 * len(arzip.compress(data, model="swift"))
    assert bits.sum() < all_bits


def test_what_is_no_picture_or_not_whole_has_none() -> None:
    assert json.loads(part(page(inspected()), "facts"))["picture"] is None
    sample = read_sample(io.BytesIO(picture()), 320)
    looked = inspect(arzip.load_model("swift"), "large", sample, lambda done: None)
    assert looked.picture is None


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, with a log of what it fetches."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("there is no chromium with its chromedriver (Debian: chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1200,1000"):
        options.add_argument(f"--{argument}")
    options.add_argument("--disable-dev-shm-usage")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    started = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield started
    started.quit()


def opened(browser: Any, path: Path, looked: Inspection) -> Any:
    """The browser, when the page has drawn itself."""
    path.write_text(page(looked), encoding="utf-8")
    browser.get_log("performance")
    browser.get(path.as_uri())
    from selenium.webdriver.support.ui import WebDriverWait

    ready = "return document.documentElement.dataset.ready === 'yes'"
    WebDriverWait(browser, 20).until(lambda _: browser.execute_script(ready))
    return browser


def figure(browser: Any, identity: str) -> str:
    return str(browser.find_element("id", identity).text)


def test_a_browser_shows_totals_and_fetches_nothing(browser: Any, tmp_path: Path) -> None:
    looked = inspected()
    opened(browser, tmp_path / "page.html", looked)
    facts = json.loads(part(page(looked), "facts"))
    assert figure(browser, "bytes") == str(len(DATA))
    assert figure(browser, "bits-per-byte") == f"{facts['bitsPerByte']:.4f} bits/byte"
    assert figure(browser, "perplexity").startswith(f"{facts['perplexity']:.3f}")
    assert figure(browser, "order0").startswith(f"{facts['order0']:.4f}")
    assert figure(browser, "name") == NAME
    assert not browser.find_element("id", "sampled").is_displayed()
    assert browser.find_elements("css selector", "#strip path")
    assert browser.find_elements("css selector", "#histogram rect")
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    fetched = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in fetched if not url.startswith("data:")] == [
        (tmp_path / "page.html").as_uri()
    ]
    assert browser.get_log("browser") == [], "no error, and nothing that the policy refused"


def test_a_browser_draws_a_picture(browser: Any, tmp_path: Path) -> None:
    opened(browser, tmp_path / "page.html", inspected(picture()))
    canvas = browser.find_element("id", "picture")
    assert canvas.is_displayed()
    assert figure(browser, "picture-key").startswith(f"{WIDE} x {HIGH} pixels, ")
    colours = browser.execute_script(
        "return Array.from(arguments[0].getContext('2d').getImageData(0, 0, 40, 30).data)", canvas
    )
    shown = np.array(colours).reshape(HIGH, WIDE, 4)
    assert (shown[..., 3] == 255).all()
    assert shown[:15, :20].std() > shown[15:, 20:].std()
    assert browser.get_log("browser") == []


def test_a_browser_does_not_obey_the_file(browser: Any, tmp_path: Path) -> None:
    opened(browser, tmp_path / "page.html", inspected())
    assert browser.title == f"{NAME} · arzip"
    first = browser.find_element("css selector", ".row")
    shown = first.find_elements("css selector", "b")
    assert "".join(cell.text or " " for cell in shown) == ODD[:-1].decode() + "↵"
    assert browser.find_elements("css selector", "#rows script") == []


def test_a_browser_shows_the_predictions_at_a_byte(browser: Any, tmp_path: Path) -> None:
    from selenium.webdriver import ActionChains, Keys

    looked = inspected()
    opened(browser, tmp_path / "page.html", looked)
    tip = browser.find_element("id", "tip")
    assert not tip.is_displayed()
    at = len(ODD) + 6
    ActionChains(browser).move_to_element(
        browser.find_element("css selector", f'[data-i="{at}"]')
    ).perform()
    assert tip.is_displayed()
    assert tip.text.startswith(f"t 74 at {at}") and DATA[at] == 0x74
    rows = [row.text.split() for row in tip.find_elements("css selector", "tr")]
    expected = looked.explanation.values[at].tolist()
    assert [row[-3] for row in rows] == [f"{value:02x}" for value in expected]
    assert rows[0][-1] == "%"
    browser.find_element("id", "map").send_keys(Keys.ARROW_RIGHT)
    assert tip.is_displayed()
    browser.find_element("id", "as-hex").click()
    assert browser.find_element("css selector", '[data-i="0"]').text == f"{DATA[0]:02x}"


def test_a_browser_says_what_is_sampled(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = read_sample(io.BytesIO(DATA * 20), 320)
    looked = inspect(arzip.load_model("swift"), "large", sample, lambda done: None)
    opened(browser, tmp_path / "page.html", looked)
    said = figure(browser, "sampled")
    assert "16 excerpts of 20 bytes" in said and f"{len(DATA) * 20:,} bytes" in said
    assert figure(browser, "bytes") == f"320 of {len(DATA) * 20:,}"
    assert inspection.MOST == 1 << 20
