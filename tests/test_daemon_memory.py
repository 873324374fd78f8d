"""A daemon holds no memory that it does not use."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

# Large things between small ones that stay: the small ones keep the pages of the large ones.
WASTEFUL = """
import resource
from pathlib import Path
from runner.daemon.memory import give_memory_back

def hold():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

large, small = [], []
for _ in range(1000):
    large.append(bytearray(60_000))
    small.append(bytearray(1_000))
del large
before = hold()
give_memory_back()
print(before - hold())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not glibc")
def test_what_lies_free_between_things_in_use_is_given_back() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WASTEFUL], capture_output=True, check=True, encoding="utf-8"
    )
    assert int(ran.stdout) > 30_000_000
