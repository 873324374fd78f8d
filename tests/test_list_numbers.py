"""What takes the numbers out of many lines at once says what a reading row by row would say.

The slow reading stands here: every row by the csv module, every cell on its own.
"""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model.recipient import parse_mobile
from runner.workspace.csv_rows import BrokenQuotes, LineTooLong, Rows, read_lines
from runner.workspace.list_numbers import read_numbers

A, B = "13800138000", "13900139000"
BLOCK = 131_072  # characters that are read at once

_numbers = st.sampled_from(
    [
        *(
            A,
            B,
            f"+86{A}",
            f"0086 {B}",
            f"86-{A}",
            f" {B}\t",
            "138 0013 8000",
            "１３８００１３８０００",
        ),
        "１３８００１３８０００",
        *(f'"{A}"', f'" +86{B}"', f'"{A} "'),
    ]
)
_others = st.sampled_from(
    [
        *(
            "",
            " ",
            "张三",
            "12",
            "1280013800",
            f"{A}0",
            f"+1{A}",
            f"+{A}",
            f"8686{A}",
            "1_3800138000",
        ),
        *(
            '"a,b"',
            '"say ""a"""',
            '""',
            f'"{A},{B}"',
            'five"',
            f'{A}"',
            f"\ufeff{A}",
            f"{A}\x85",
            "a\0b",
        ),
        *('"two\nlines"', f'"\n{A}\n"', f'"{A}\r\n"', f'"{A}\r{B}"', f'"{A},\n{B}"'),
        *(f"a\r{B}", f"a\u2028{B}", f"a\x0b{B}", "㐀𠀀é"),
    ]
)
_broken = st.sampled_from([f'"{A}', '"', f'"{A}"x', f'"a" ,{A}'])
_ends = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r\n", "\r"])


@st.composite
def _lists(draw, cells, widest=4):
    """Give a text with such cells, headings first; widest: the most cells of a row."""
    index = draw(st.integers(0, min(2, widest - 1)))
    headings = [f"x{column}" if column != index else "mobile" for column in range(index + 1)]
    row = st.tuples(st.lists(cells, min_size=1, max_size=widest), _ends)
    rows = draw(st.lists(row, max_size=12))
    return ",".join(headings) + "\n" + "".join(",".join(row) + end for row, end in rows)


def read_at_once(text):
    """Give the numbers, and each faulty cell with its place and line; or the fault of the whole."""
    faults = []
    source = io.StringIO(text, newline="")
    try:
        mobiles = read_numbers(
            source, "list.csv", None, lambda cell, place: faults.append((cell, *place()))
        )
    except (BrokenQuotes, LineTooLong) as fault:
        return type(fault), fault.line
    return list(mobiles), [(cell, span) for cell, span, _, _ in faults]


def read_row_by_row(text):
    mobiles, faults = [], []
    rows = Rows(read_lines(io.StringIO(text, newline=""), 1))
    try:
        each = iter(rows)
        index = next(each).index("mobile")
        for cells in each:
            cell = cells[index] if index < len(cells) else ""
            mobile = parse_mobile(cell)
            if mobile is None:
                faults.append((cell, rows.locate(index)[0]))
            else:
                mobiles.append(mobile)
    except (BrokenQuotes, LineTooLong) as fault:
        return type(fault), fault.line
    return mobiles, faults


@given(_lists(_numbers | _others))
def test_a_list_is_read_as_if_row_by_row(text):
    assert read_at_once(text) == read_row_by_row(text)


@given(_lists((_numbers | _others).filter(lambda cell: '"' not in cell), widest=1))
def test_a_list_of_numbers_alone_is_read_as_if_row_by_row(text):
    assert read_at_once(text) == read_row_by_row(text)


@given(_lists((_numbers | _others).filter(lambda cell: '"' not in cell)))
def test_a_list_without_any_quotes_is_read_as_if_row_by_row(text):
    assert read_at_once(text) == read_row_by_row(text)


@given(_lists(_numbers | _others | _broken))
def test_broken_quotes_are_told_as_if_row_by_row(text):
    assert read_at_once(text) == read_row_by_row(text)


@settings(max_examples=10, deadline=None)
@given(_lists(_numbers | _others), _lists(_numbers), st.integers(0, 40))
def test_where_one_block_ends_makes_no_difference(mixed, sound, shift):
    """Blocks of sound lines, and of lines that need care, one after the other."""
    heading, _, rows = mixed.partition("\n")
    _, _, sound_rows = sound.partition("\n")
    plenty = BLOCK // max(1, len(sound_rows))
    text = f"{heading}\n{'x' * shift}\n" + (rows + sound_rows * plenty) * 2 + rows
    assert read_at_once(text) == read_row_by_row(text)


@pytest.mark.parametrize("row", [f'"{A}\n{B}\n{A}"', f"{A}\r\n", f"+86{A}\r"])
@pytest.mark.parametrize("shift", range(0, 30, 3))
def test_a_row_may_lie_across_the_end_of_a_block(row, shift):
    before = "\n" * shift + f"{A}\n" * ((BLOCK - 30) // 12)
    text = f"mobile\n{before}{row},x\n{B}\n12\n"
    assert read_at_once(text) == read_row_by_row(text)


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("before", [0, 3, BLOCK // 12])
def test_a_line_is_too_long_wherever_it_stands(before, length):
    line = f"{A},".ljust(length - 1, "x")
    text = "mobile\n" + f"{A}\n" * before + f"{line}\n{B}\n"
    expected = (
        (LineTooLong, before + 2) if length > 65_536 else ([int(A)] * (before + 1) + [int(B)], [])
    )
    assert read_at_once(text) == expected
