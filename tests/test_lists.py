"""Lists of recipients: what is read, what is counted, and what is told about a broken one."""

import hashlib
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.account import NamedList
from runner.model.diagnostic import Span
from runner.workspace.audience import gather_audience
from runner.workspace.headings import HEADINGS
from runner.workspace.lists import (
    InlineNumber,
    ListFault,
    NumberList,
    read_inline,
    read_list,
)
from runner.workspace.row_place import RowPlace

A, B, C, D = 13800138000, 13900139000, 15000150000, 18600186000


@pytest.fixture
def read(tmp_path):
    """Write a list and read it: as a user's file, under the name list.csv."""

    def write_and_read(content: str | bytes, column: str | None = None) -> NumberList | ListFault:
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_list(path, name="list.csv", column=column)

    return write_and_read


@pytest.fixture
def numbers(read):
    """Read a list that has no fault, and return its numbers."""

    def read_numbers(content: str | bytes, column: str | None = None) -> list[int]:
        result = read(content, column)
        assert isinstance(result, NumberList), result
        assert result.diagnostics == ()
        return list(result.mobiles)

    return read_numbers


@pytest.mark.parametrize("heading", [*HEADINGS, "Mobile", " PHONE "])
def test_a_heading_names_the_column_of_the_numbers(numbers, heading):
    assert numbers(f"name,{heading},city\n张三,{A},上海\n李四,{B},北京\n") == [A, B]


def test_another_heading_is_named_by_the_campaign(numbers):
    assert numbers(f"mobile,联系方式\n{A},{B}\n", column="联系方式") == [B]


def test_a_list_without_headings_has_its_numbers_in_the_first_column(numbers):
    assert numbers(f"{A},张三\n+86 139-0013-9000,李四\n") == [A, B]


def test_a_list_that_begins_with_a_faulty_number_has_no_headings(read):
    result = read(f"1380013800,张三\n{B},李四\n")
    assert (list(result.mobiles), result.invalid, result.source.rows) == ([B], 1, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_is_found_out(numbers, encoding):
    assert numbers(f"姓名,手机号\n张三,{A}\n".encode(encoding)) == [A]


def test_the_whole_file_decides_about_its_encoding(numbers):
    ascii_rows = f"x,{A}\n" * 30_000
    assert numbers(f"name,mobile\n{ascii_rows}张三,{B}\n".encode("gb18030"))[-1] == B


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_line_ends_are_read_and_the_last_one_may_be_missing(numbers, end):
    assert numbers(f"mobile{end}{A}{end}{B}") == [A, B]


def test_a_heading_of_several_lines_is_read_as_one(numbers):
    assert numbers(f'"手机\n号码",name\n{A},张三\n') == [A]


def test_a_list_without_headings_needs_no_column(numbers):
    assert numbers(f"{A},{B}\n", column="tel") == [A]


def test_blank_lines_are_no_rows(read):
    result = read(f"\n\nmobile\n\n{A}\n   \n{B}\n\n")
    assert (list(result.mobiles), result.invalid, result.source.rows) == ([A, B], 0, 2)


def test_quoted_cells_may_hold_commas_quotes_and_line_ends(numbers):
    assert numbers(f'note,"mobile"\n"a, ""b""\r\nc","{A}"\n"",{B}\n') == [A, B]


def test_duplicates_stay_in_a_list_in_their_order(numbers):
    assert numbers(f"mobile\n{B}\n{A}\n{B}\n") == [B, A, B]


def test_a_source_says_the_rows_and_the_digest_of_the_bytes(read):
    content = f"\ufeffmobile\r\n{A}\r\n{A}\r\n无\r\n".encode()
    source = read(content).source
    assert (source.name, source.rows) == ("list.csv", 3)
    assert source.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_source_says_when_its_file_was_written_last(read, tmp_path):
    read(f"{A}\n")
    os.utime(tmp_path / "list.csv", (0, 1_700_000_000))
    source = read_list(tmp_path / "list.csv", name="list.csv").source
    assert source.modified == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert source.named is None


@pytest.mark.parametrize("seconds", [-10_000_000_000, 200_000_000_000])
def test_a_time_that_no_calendar_has_is_no_defect(read, tmp_path, seconds):
    read(f"{A}\n")
    os.utime(tmp_path / "list.csv", (0, seconds))
    source = read_list(tmp_path / "list.csv", name="list.csv").source
    assert source.modified - timedelta(days=3650) < source.modified + timedelta(days=3650)


def test_a_list_of_the_settings_has_their_name_and_its_rows_faults_its_path(tmp_path):
    path = tmp_path / "2035-09.csv"
    path.write_text(f"mobile\n{A}\n12\n")
    named = NamedList(name="members", file=str(path), min_rows=5)
    numbers = read_list(path, name="members", named=named)
    assert (numbers.source.name, numbers.source.named) == ("members", named)
    assert [fault.file for fault in numbers.diagnostics] == [str(path)]


def test_headings_alone_are_a_list_without_people(read):
    result = read("mobile,name\n")
    assert (list(result.mobiles), result.source.rows, result.diagnostics) == ([], 0, ())


def test_a_row_without_a_mobile_number_is_told_at_its_cell(read):
    (fault,) = read(f"姓名,手机号\n张三,{A}\n李四,12345,上海\n").diagnostics
    assert (fault.file, fault.rule) == ("list.csv", "invalid-number")
    assert fault.span == Span(line=3, column=4, end_line=3, end_column=9)
    assert fault.message == "this is no mobile number: it has 5 digits; a mobile number has 11"


def test_the_line_that_is_shown_has_nothing_but_its_separators(read):
    (fault,) = read(f"姓名,手机号\n李四,1380013800,上海\n{A},{A}\n").diagnostics
    assert fault.excerpt == "**,**********,**"


def test_a_place_is_right_below_a_cell_of_several_lines(read):
    (fault,) = read('note,mobile,city\r\n"one\r\ntwo","12\r\n3",x\r\n').diagnostics
    assert fault.span == Span(line=3, column=6, end_line=4, end_column=3)


@pytest.mark.parametrize(
    ("row", "column"), [("张三,,上海", 4), ("张三", 3), ("张三,", 4), (",", 2)]
)
def test_an_empty_or_missing_cell_is_told_where_it_should_stand(read, row, column):
    (fault,) = read(f"姓名,手机\n{row}\n王五,{A}").diagnostics
    assert fault.span == Span(line=2, column=column, end_line=2, end_column=column + 1)
    assert fault.message.endswith("it is empty")


def test_a_missing_cell_on_the_last_line_without_its_end_has_a_place(read):
    (fault,) = read("姓名,手机\n张三").diagnostics
    assert fault.span == Span(line=2, column=3, end_line=2, end_column=4)


def test_after_a_thousand_faults_the_rest_is_one(read):
    result = read("mobile\n" + "无\n" * 1500)
    assert result.invalid == 1500
    assert len(result.diagnostics) == 1001
    last = result.diagnostics[-1]
    assert (last.rule, last.span.line) == ("invalid-numbers", 1002)
    assert last.message.startswith("500 more rows")


def test_a_very_long_row_is_not_shown(read):
    (fault,) = read(f"mobile,note\n12,{'x' * 5000}\n").diagnostics
    assert fault.excerpt is None


@pytest.mark.parametrize(
    ("content", "rule", "words"),
    [
        (b"", "empty-list", "is empty"),
        (b"\xef\xbb\xbf", "empty-list", "is empty"),
        (b" \n\r\n", "empty-list", "is empty"),
        ("姓名,电话\n张三,1\n".encode(), "no-column", "`姓名`, `电话`"),
        (b"name,moblie\n", "no-column", "did you mean `moblie`?"),
        (b"name;mobile\n", "no-column", "other than a comma"),
        (b"name\tmobile\n", "no-column", "other than a comma"),
        (f"张三,{A}\n".encode(), "no-column", "has no headings"),
        (b"mobile,phone\n", "ambiguous-column", "`mobile`, `phone`"),
        (b"PK\x03\x04\x14\x00", "binary-file", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "binary-file", "spreadsheet"),
        (b"mobile\n\0\0\0\n", "binary-file", "NUL"),
        ("mobile\n".encode("utf-16"), "unknown-encoding", "UTF-16"),
        (b"mobile\n\xff\xff\n", "unknown-encoding", "neither UTF-8 nor GB18030"),
        (b"mobile\nx\n" + b"1" * 70_000, "line-too-long", "in line 3"),
        (b'mobile\n1\n"2\n3\n4\n', "broken-quotes", "in line 3"),
        (b'note,mobile\n"1"\n"a\nb","2"x,3\n', "broken-quotes", "in line 4"),
        (b'mobile\n1\n"' + b"2\n" * 200_000, "broken-quotes", "in line 3"),
        (b'"mobile\n', "broken-quotes", "in line 1"),
    ],
)
def test_a_file_that_is_no_list_is_one_fault(read, content, rule, words):
    fault = read(content)
    assert isinstance(fault, ListFault)
    assert fault.rule == rule
    assert words in fault.message
    assert "list.csv" in fault.message


def test_a_column_that_is_not_there_names_the_nearest(read):
    fault = read("name,contact\n", column="contcat")
    assert fault.rule == "no-column"
    assert "`contcat`" in fault.message
    assert "did you mean `contact`?" in fault.message


def test_no_fault_of_a_file_shows_a_person(read):
    fault = read(f"张三,{A},上海\n")
    assert str(A) not in f"{fault.message} {fault.hint}"
    assert "张三" not in f"{fault.message} {fault.hint}"


def test_a_missing_file_is_one_fault(tmp_path):
    fault = read_list(tmp_path / "none.csv", name="lists/none.csv")
    assert fault == ListFault(rule="missing-file", message="there is no file `lists/none.csv`")


def test_a_misspelt_file_names_the_nearest(tmp_path):
    (tmp_path / "members.csv").touch()
    fault = read_list(tmp_path / "member.csv", name="lists/member.csv")
    assert fault.hint == "did you mean `members.csv`?"


def test_a_folder_is_no_list(tmp_path):
    assert read_list(tmp_path, name="lists").message == "`lists` is a folder"


def test_a_fifo_is_refused_without_waiting_for_its_writer(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    fault = read_list(tmp_path / "pipe.csv", name="pipe.csv")
    assert fault.message == "`pipe.csv` is no regular file"


def test_a_file_that_the_system_refuses_is_one_fault(tmp_path):
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    fault = read_list(tmp_path / "loop.csv", name="loop.csv")
    assert fault.rule == "unreadable-file"


@given(st.binary(max_size=300) | st.text(alphabet='",\n\r1380手a ').map(str.encode))
def test_any_bytes_are_a_list_or_a_fault(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    result = read_list(path, name="any.csv")
    if isinstance(result, NumberList):
        assert result.source.rows == len(result.mobiles) + result.invalid
        lines = re.split("\r\n|\r|\n", path.read_bytes().decode("gb18030", "replace"))
        assert all(fault.span.line <= len(lines) for fault in result.diagnostics)


def test_a_million_numbers_stay_under_220_mib(tmp_path):
    """In a process of its own, since a peak of memory is never forgotten."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a process stands in /proc, which this system lacks")
    path = tmp_path / "million.csv"
    path.write_text("mobile\n" + "".join(f"{A + n}\n" for n in range(1_000_000)))
    script = r"""
import pathlib, re, sys
from runner.workspace.audience import gather_audience
from runner.workspace.lists import read_list
numbers = read_list(pathlib.Path(sys.argv[1]), name="million.csv")
audience = gather_audience([numbers], [numbers], skip_invalid=False).audience
# VmHWM begins anew with the program; the peak of getrusage may be that of the one that forked.
peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())[1]
print(audience.excluded, int(peak) // 1024)
"""
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    excluded, mebibytes = map(int, done.stdout.split())
    assert excluded == 1_000_000
    assert mebibytes < 220


def inline(*texts: str) -> NumberList:
    entries = [
        InlineNumber(
            text=text, place=lambda at=line: RowPlace(Span(line=at, end_line=at), '    - "***"')
        )
        for line, text in enumerate(texts, start=1)
    ]
    return read_inline(entries, file="spring.yaml")


def test_inline_numbers_are_read_like_those_of_a_list():
    numbers = inline("+86 138-0013-8000", "12")
    assert (list(numbers.mobiles), numbers.invalid, numbers.source) == ([A], 1, None)
    (fault,) = numbers.diagnostics
    assert (fault.file, fault.span.line, fault.excerpt) == ("spring.yaml", 2, '    - "***"')


def test_the_first_place_wins_and_the_rest_are_duplicates():
    gathered = gather_audience(
        [inline(str(B), str(A)), inline(str(A), str(C))], [], skip_invalid=False
    )
    assert list(gathered.audience.mobiles) == [B, A, C]
    assert (gathered.audience.given, gathered.audience.duplicates) == (4, 1)


def test_an_excluded_number_that_comes_twice_is_excluded_once_and_a_duplicate_once():
    audience = gather_audience(
        [inline(str(A), str(A), str(B))], [inline(str(A), str(D))], skip_invalid=False
    ).audience
    assert list(audience.mobiles) == [B]
    assert (audience.given, audience.duplicates, audience.excluded) == (3, 1, 1)


def test_an_invalid_number_is_an_error():
    gathered = gather_audience([inline(str(A), "12")], [], skip_invalid=False)
    assert [fault.span.line for fault in gathered.diagnostics] == [2]


def test_invalid_numbers_are_skipped_counted_and_named_where_the_campaign_says_so():
    gathered = gather_audience([inline(str(A), *["无"] * 30)], [], skip_invalid=True)
    assert gathered.diagnostics == ()
    assert (gathered.audience.given, gathered.audience.invalid) == (31, 30)
    assert gathered.audience.invalid_places == tuple(f"spring.yaml:{n}" for n in range(2, 22))


def test_an_invalid_exclusion_is_an_error_even_so():
    gathered = gather_audience([inline(str(A))], [inline("12")], skip_invalid=True)
    assert len(gathered.diagnostics) == 1
    assert gathered.audience.invalid == 0


def test_a_list_that_is_named_twice_tells_its_faults_once():
    twice = inline("12")
    assert len(gather_audience([twice, twice], [], skip_invalid=False).diagnostics) == 1


def test_the_sources_of_recipients_stand_before_those_of_exclusions(tmp_path):
    for name, mobile in [("a.csv", A), ("b.csv", B), ("out.csv", B)]:
        (tmp_path / name).write_text(f"{mobile}\n")
    a, b, out = (read_list(tmp_path / name, name=name) for name in ("a.csv", "b.csv", "out.csv"))
    audience = gather_audience([inline(), a, b], [out], skip_invalid=False).audience
    assert [source.name for source in audience.sources] == ["a.csv", "b.csv", "out.csv"]


_numbers = st.lists(st.sampled_from([str(A), str(B), str(C), str(D), "12", ""]))


@given(_numbers, _numbers, _numbers)
def test_the_counts_add_up(first, second, excluded):
    gathered = gather_audience(
        [inline(*first), inline(*second)], [inline(*excluded)], skip_invalid=True
    )
    audience = gathered.audience
    assert audience.given == len(first) + len(second)
    assert audience.given == audience.duplicates + audience.invalid + audience.excluded + len(
        audience.mobiles
    )
    assert len(set(audience.mobiles)) == len(audience.mobiles)
