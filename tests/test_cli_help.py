"""What a reader who goes away is told: nothing, and the command ends well."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["explain", "E201"]])
def test_a_pipe_that_closes_is_no_error(words: list[str]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        [sys.executable, "-c", "from wetprint.cli import main; main()", *words],
        stdout=writes,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writes)
    assert (done.returncode, done.stderr) == (0, b"")
