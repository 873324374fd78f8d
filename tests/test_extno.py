"""The sub-number that tells a batch in a report: a prefix and an id of a fixed width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.codec.extno import read_extno, write_extno

PREFIXES = st.text("0123456789", min_size=1, max_size=12)
BATCHES = st.integers(1, 99_999_999)


def test_a_batch_s_id_follows_the_prefix_in_eight_digits():
    assert write_extno("81", 7) == "8100000007"


@given(PREFIXES, BATCHES)
def test_what_was_written_is_read_back(prefix, batch):
    assert read_extno(prefix, write_extno(prefix, batch)) == batch


@given(PREFIXES, BATCHES, PREFIXES, BATCHES)
def test_two_workspaces_with_prefixes_of_their_own_are_told_apart(prefix, batch, other, another):
    if prefix != other:
        assert read_extno(prefix, write_extno(other, another)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "81",
        "810000007",  # seven digits
        "81000000007",
        "00000007",
        "8000000007",
        "10698100000007",
        "8100000007 ",
        "81-0000007",
        "810000000a",
        "81٠٠٠٠٠٠٠٧",
        "81²0000007",
    ],
)
def test_anything_else_is_no_extno_of_ours(text):
    assert read_extno("81", text) is None


@given(st.text())
def test_whatever_a_gateway_writes_is_read_without_an_error(text):
    read_extno("81", text)
