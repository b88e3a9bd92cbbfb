"""The determinism matrix, as far as it needs no other interpreters."""

import matrix
import pytest


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_setting_codes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["matrix", "--quick"])
    assert matrix.main() == 0
