"""What a terminal shows while something takes long."""

import io
import sys
import time

import pytest
from wetprint.backends.verbs import waiting as room
from wetprint.backends.verbs.waiting import waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_hears_after_a_while_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "QUIET_S", 0.4)
    monkeypatch.setattr(sys, "stderr", heard := Terminal())
    with waiting("measuring"):
        time.sleep(1.2)
    assert heard.getvalue().startswith("\rmeasuring, ") and heard.getvalue().endswith("\r\x1b[K")


def test_what_is_quick_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", heard := Terminal())
    with waiting("measuring"):
        pass
    assert heard.getvalue() == ""


def test_files_hear_nothing_and_errors_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "QUIET_S", 0.0)
    monkeypatch.setattr(sys, "stderr", heard := io.StringIO())
    with pytest.raises(ValueError, match="odd"), waiting("measuring"):
        time.sleep(0.7)
        raise ValueError("odd")
    assert heard.getvalue() == ""
