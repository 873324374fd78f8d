"""The log of the daemon: one line a fact, in two forms, and what may never stand in it."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
import warnings
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runner.daemon.log import LogFormat, tell, writing_log
from runner.daemon.mask import Mask
from runner.daemon.outlet import Outlet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
FULL = Path("/dev/full")  # a disk without room
LEVELS = (logging.INFO, logging.WARNING, logging.ERROR)


@pytest.fixture
def mask() -> Mask:
    return Mask()


@pytest.fixture
def lines(tmp_path: Path, mask: Mask) -> Callable[..., list[str]]:
    """Write a log while something happens, and give its lines."""

    def log(happen: Callable[[], object], form: LogFormat = LogFormat.TEXT, **options) -> list[str]:
        with (tmp_path / "log").open("w+", encoding="utf-8", newline="\n") as file:
            with writing_log(form, file, mask, **options):
                happen()
            file.seek(0)
            return file.read().split("\n")[:-1]

    return log


@pytest.fixture
def said(lines: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Give the messages alone."""
    return lambda *given, **options: [
        line.split(" ", 1)[1].partition(" ")[2].lstrip() for line in lines(*given, **options)
    ]


@pytest.fixture
def facts(lines: Callable[..., list[str]]) -> Callable[..., list[dict[str, Any]]]:
    """Give what JSON says."""
    return lambda happen: [json.loads(line) for line in lines(happen, LogFormat.JSON)]


def begin() -> None:
    tell(
        logging.INFO,
        "campaign mid-autumn: scheduled -> running: begin",
        campaign="mid-autumn",
        recipients=2000,
    )


def test_a_line_for_people_has_time_level_and_message(lines):
    [line] = lines(begin)
    assert re.fullmatch(f"{TIME} info  campaign mid-autumn: scheduled -> running: begin", line)


def test_a_line_for_programs_has_the_parts_too(lines):
    [line] = lines(begin, LogFormat.JSON)
    fact = json.loads(line)
    assert list(fact) == ["at", "level", "message", "campaign", "recipients"]
    assert re.fullmatch(TIME, fact.pop("at"))
    assert fact == {
        "level": "info",
        "message": "campaign mid-autumn: scheduled -> running: begin",
        "campaign": "mid-autumn",
        "recipients": 2000,
    }


def test_the_time_is_utc(facts):
    before = datetime.now(UTC)
    [fact] = facts(begin)
    assert before.replace(microsecond=0) <= datetime.fromisoformat(fact["at"]) <= datetime.now(UTC)


def test_chinese_stays_readable_in_both_forms(lines):
    for form in LogFormat:
        [line] = lines(lambda: tell(logging.INFO, "中秋快乐", title="中秋"), form)
        assert "中秋快乐" in line


def test_a_part_can_be_any_value(facts):
    moment = datetime(2035, 9, 16, 1, tzinfo=UTC)
    [fact] = facts(
        lambda: tell(
            logging.INFO,
            "parts",
            name="x",
            start=moment,
            nothing=None,
            share=0.5,
            odd=float("nan"),
            many=(1, True),
            size=2**40,
            counts={"pending": 1},
        )
    )
    del fact["at"], fact["level"], fact["message"]
    assert fact == {
        "name": "x",
        "start": "2035-09-16T01:00:00+00:00",
        "nothing": None,
        "share": 0.5,
        "odd": "nan",
        "many": [1, True],
        "size": 2**40,
        "counts": {"pending": 1},
    }


def test_a_part_cannot_pass_for_what_every_line_has(facts):
    [fact] = facts(lambda: tell(logging.WARNING, "true", level="info", message="false", at="never"))
    assert (fact["level"], fact["message"]) == ("warning", "true")
    assert re.fullmatch(TIME, fact["at"])


def test_per_cent_signs_are_left_alone(said):
    assert said(lambda: tell(logging.INFO, "90% delivered, %s")) == ["90% delivered, %s"]


def test_a_quiet_log_has_only_what_went_wrong(said):
    def happen() -> None:
        for level in LEVELS:
            tell(level, logging.getLevelName(level))

    assert said(happen, level=logging.WARNING) == ["WARNING", "ERROR"]


def test_libraries_are_heard_from_a_warning_upward(said):
    library = logging.getLogger("apscheduler.executors.default")

    def happen() -> None:
        for level in LEVELS:
            library.log(level, "job %s", logging.getLevelName(level))

    assert said(happen) == ["job WARNING", "job ERROR"]


def test_warnings_of_python_are_lines_too(said):
    def happen() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("13800138000 is old", DeprecationWarning, stacklevel=1)

    [message] = said(happen)
    assert "DeprecationWarning: 138****8000 is old" in message


def raise_with(text: str) -> None:
    raise ValueError(text)


def test_an_error_is_one_line_with_its_kind_and_place_and_without_its_words(said):
    def happen() -> None:
        try:
            raise_with("a body that was sent")
        except ValueError:
            logging.getLogger("apscheduler").exception("job failed")

    [message] = said(happen)
    calls = rf"{__name__}:\d+ > {__name__}:\d+"
    assert re.fullmatch(f"job failed: ValueError at {calls}", message)


def test_a_thread_that_dies_is_one_line(said):
    def happen() -> None:
        thread = threading.Thread(target=raise_with, args=["x"], name="pump")
        thread.start()
        thread.join()

    [message] = said(happen)
    assert re.fullmatch(r"the thread pump ended: ValueError at threading:.*", message)


def test_after_the_block_everything_is_as_it_was(lines, tmp_path):
    loggers = [logging.getLogger(), logging.getLogger("runner")]
    before = [(logger.level, list(logger.handlers)) for logger in loggers]
    hooks = (threading.excepthook, warnings.showwarning)
    lines(begin, level=logging.ERROR)
    assert [(logger.level, logger.handlers) for logger in loggers] == before
    assert (threading.excepthook, warnings.showwarning) == hooks
    tell(logging.ERROR, "nobody listens any more")
    assert (tmp_path / "log").read_text("utf-8") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to 13800138000.", "to 138****8000."),
        ("+8613800138000", "138****8000"),
        ("8613800138000", "138****8000"),
        ("008613800138000", "138****8000"),
        ("13800138000,19912345678", "138****8000,199****5678"),
        ("tel13800138000x", "tel138****8000x"),
        ("mobiles=%2B8613800138000%2C13800138001", "mobiles=%2B138****8000%2C138****8001"),
        ("a=%2013800138000", "a=%20138****8000"),
        ("１３８００１３８０００", "１３８****８０００"),
    ],
)
def test_phone_numbers_are_masked(mask, text, shown):
    assert mask.clean(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "task 27349872349823",
        "113800138000",
        "138001380001",
        "12800138000",
        "2035-09-16 09:00:00.123456",
        "5,164 recipients in 3 requests, 102400 bytes",
    ],
)
def test_other_numbers_are_left_alone(mask, text):
    assert mask.clean(text) == text


def test_phone_numbers_are_masked_in_every_part(facts):
    def happen() -> None:
        tell(
            logging.INFO,
            "x",
            mobile=13800138000,
            many=["13800138000"],
            states={"13800138000": "failed"},
            error=ValueError("13800138000"),
        )

    [fact] = facts(happen)
    del fact["at"], fact["level"], fact["message"]
    assert fact == {
        "mobile": "138****8000",
        "many": ["138****8000"],
        "states": {"138****8000": "failed"},
        "error": "138****8000",
    }


SECRET = "p+ss w/rd&密"


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        quote(SECRET, safe="").lower(),
        b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_a_secret_is_covered_in_each_of_its_spellings(mask, spelling):
    mask.hide(SECRET)
    shown = mask.clean(f"sent <{spelling}>")
    assert "***" in shown
    assert spelling not in shown


def test_a_secret_with_quotes_is_covered_as_python_shows_it(mask):
    secret = "a'b\\c\"d"
    mask.hide(secret)
    assert mask.clean(f"{[secret]}") == "['***']"


@pytest.mark.parametrize("user", ["", "u", "us", "use", "user"])
@pytest.mark.parametrize("encode", [b64encode, lambda data: b64encode(data, altchars=b"-_")])
def test_a_secret_is_covered_in_the_base64_of_a_longer_text(mask, user, encode):
    secret = "hunter2~~?~~>"
    mask.hide(secret)
    shown = mask.clean(encode(f"{user}:{secret}:more".encode()).decode())
    assert "***" in shown
    assert len(shown) <= len("***") + len(encode(f"{user}:".encode())) + len(encode(b":more"))


def test_secrets_are_covered_in_what_libraries_say(said, mask):
    mask.hide("hunter2")
    library = logging.getLogger("apscheduler.scheduler")
    assert said(lambda: library.warning("retrying %s", "/?password=hunter2&x")) == [
        "retrying /?password=***&x"
    ]


def test_secrets_are_covered_in_every_part_but_not_in_the_time_and_the_level(facts, mask):
    for secret in ("hunter2", "info", str(datetime.now(UTC).year)):
        mask.hide(secret)
    [fact] = facts(lambda: tell(logging.INFO, "x", why={"hunter2": ["info"]}))
    assert fact["why"] == {"***": ["***"]}
    assert fact["level"] == "info"
    assert re.fullmatch(TIME, fact["at"])


def test_a_short_secret_is_covered_only_as_a_word(mask):
    mask.hide("12")
    assert mask.clean("userid=12, 120 of 512") == "userid=***, 120 of 512"


def test_a_count_stays_a_number_where_a_short_secret_is_the_same(facts, mask):
    mask.hide("12")
    [fact] = facts(lambda: tell(logging.INFO, "x", recipients=12))
    assert fact["recipients"] == 12


def test_the_longer_of_two_secrets_is_covered_whole(mask):
    mask.hide("hunter")
    mask.hide("hunter2secret")
    assert mask.clean("x hunter2secret hunter") == "x *** ***"


def test_a_secret_inside_of_a_phone_number_does_not_show_the_rest_of_it(mask):
    mask.hide("1380")
    mask.hide("80013")
    assert mask.clean("13800138000") == "138****8000"


def test_a_phone_number_inside_of_a_secret_does_not_show_the_rest_of_it(mask):
    mask.hide("13800138000-hunter2")
    assert mask.clean("13800138000-hunter2") == "***"


def test_no_secret_covers_nothing(mask):
    mask.hide("")
    assert mask.clean("as - it  was") == "as - it  was"


def test_a_secret_that_is_no_unicode_is_covered(mask):
    secret = b"hunter\xff2".decode(errors="surrogateescape")
    mask.hide(secret)
    assert mask.clean(f"x {secret}") == "x ***"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x1b[31mred\x00\x7f", "\\x1b[31mred\\x00\\x7f"),
        ("next\x85line\u2028separated\u2029", "next\\x85line\\u2028separated\\u2029"),
        ("turned\u202eround\u2066", "turned\\u202eround\\u2066"),
        ("half \udcff", "half \\udcff"),
        ("全角　空格 é 🎑", "全角　空格 é 🎑"),
    ],
)
def test_what_would_steer_a_terminal_or_begin_a_line_is_escaped(mask, text, shown):
    assert mask.clean(text) == shown


@pytest.mark.parametrize("form", LogFormat)
def test_a_fact_is_one_line_whatever_stands_in_it(lines, form):
    written = lines(lambda: tell(logging.INFO, "a\nb\u2028c", why="d\re\x85f"), form)
    assert len(written) == 1
    assert written[0].splitlines() == written


@hypothesis_settings(deadline=None)
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(max_size=10))
def test_no_phone_number_survives_whatever_stands_around_it(mobile, around):
    text = re.sub(r"\d", "", around)
    assert mobile not in Mask().clean(f"{text}{mobile}{text}")


@hypothesis_settings(deadline=None, max_examples=30)  # a pattern of all spellings is made for each
@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="*\\"), min_size=4, max_size=12
    ),
    st.text(max_size=10),
)
def test_no_secret_survives_whatever_stands_around_it(secret, around):
    mask = Mask()
    mask.hide(secret)
    assert secret not in mask.clean(f"{around}{secret}{around}")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe: where it is read, and where it is written."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def fill(write: int) -> int:
    """Write to a pipe until nothing more goes in; give the number of bytes."""
    os.set_blocking(write, False)
    written = 0
    try:
        while True:
            written += os.write(write, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(write, True)
    return written


def empty(read: int, size: int) -> None:
    while size:
        size -= len(os.read(read, size))


def rest(read: int) -> str:
    """Give what is in a pipe by now; nothing in it is an error."""
    os.set_blocking(read, False)
    return os.read(read, 65536).decode()


def note(outlet: Outlet, text: str) -> None:
    outlet.handle(logging.makeLogRecord({"msg": text}))


def test_a_reader_that_sleeps_holds_nobody_up_and_misses_nothing(pipe, mask):
    read, write = pipe
    size = fill(write)
    with os.fdopen(os.dup(write), "w") as stream, writing_log(LogFormat.TEXT, stream, mask):
        for number in range(100):
            tell(logging.INFO, f"fact {number}")
        empty(read, size)
    text = rest(read)
    assert re.findall(r"fact (\d+)\n", text) == [str(number) for number in range(100)]


def test_what_finds_no_room_is_counted_and_told(pipe):
    read, write = pipe
    size = fill(write)
    outlet = Outlet(write, room=2)
    for number in range(9):
        note(outlet, f"fact {number}")
    empty(read, size)
    outlet.close()
    lines = rest(read).splitlines()
    facts = [line for line in lines if line.startswith("fact")]
    [loss] = [line for line in lines if not line.startswith("fact")]
    assert loss == f"lines of the log that were lost: {9 - len(facts)}"
    assert 2 <= len(facts) <= 3  # one may be on its way to the pipe


def test_a_record_that_cannot_be_put_in_words_is_counted_and_told(pipe):
    read, write = pipe
    outlet = Outlet(write)
    outlet.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
    note(outlet, "next")
    outlet.close()
    assert rest(read) == "lines of the log that were lost: 1\nnext\n"


def test_losses_at_the_very_end_are_told_too(pipe):
    read, write = pipe
    outlet = Outlet(write)
    outlet.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
    outlet.close()
    assert rest(read) == "lines of the log that were lost: 1\n"


def test_a_reader_that_has_gone_stops_nothing(mask):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream, writing_log(LogFormat.TEXT, stream, mask):
        begin()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_stops_nothing(mask):
    with FULL.open("w") as stream, writing_log(LogFormat.TEXT, stream, mask):
        begin()


def test_a_process_ends_though_nobody_reads_its_log():
    script = (
        "import logging, sys\n"
        "from runner.daemon.log import LogFormat, tell, writing_log\n"
        "from runner.daemon.mask import Mask\n"
        "with writing_log(LogFormat.TEXT, sys.stderr, Mask()):\n"
        "    for _ in range(5000):\n"
        "        tell(logging.INFO, 'x' * 100)\n"
    )
    environment = {k: value for k, value in os.environ.items() if k != "PYTHONUNBUFFERED"}
    read, write = os.pipe()
    with os.fdopen(read), os.fdopen(write, "w") as stderr:
        done = subprocess.run(
            [sys.executable, "-c", script],
            stderr=stderr,
            env=environment,
            timeout=30,
            check=False,
        )
    assert done.returncode == 0
