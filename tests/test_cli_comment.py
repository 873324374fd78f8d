"""`mms-runner plan --format markdown`: a comment for a merge request, whatever the files hold."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from checkouts import commit_all
from cli_workspace import numbers, opening_office
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from runner.cli.markdown import code, code_lines, prose, table

if TYPE_CHECKING:
    from cli_workspace import Office

office = pytest.fixture(opening_office)

FUTURE = "start: 2035-09-16 09:00\n"
OURS = {"h3", "h4", "p", "table", "thead", "tbody", "tr", "th", "td"}
OURS |= {"ul", "ol", "li", "strong", "code", "br", "details", "summary"}
HOSTILE = [
    "# heading",
    "[here](https://example.cn)",
    "![](https://example.cn/pixel.gif)",
    "<img src=x onerror=alert(1)>",
    "</details><script>alert(1)</script>",
    "a | b",
    "a \\| b",
    "`code` and ``more`",
    "**bold** _em_ ~~gone~~",
    "@everybody please",
    "fixes #1, !2, &3, ~bug, %4",
    "/close",
    "<!-- hidden",
    "https://example.cn www.example.cn",
    "&lt;b&gt; &#64;all",
    "trailing \\",
    "- item\n\n/merge\n\n# heading",
]


class Page(HTMLParser):
    """What a browser makes of a comment: its tags, and its text outside of code and within."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.plain: list[str] = []
        self.spans: list[str] = []
        self._within = 0
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "code":
            self._within += 1
            self.spans.append("")

    def handle_endtag(self, tag: str) -> None:
        self._within -= tag == "code"

    def handle_comment(self, data: str) -> None:
        self.tags.add("comment")

    def handle_data(self, data: str) -> None:
        if self._within:
            self.spans[-1] += data
        else:
            self.plain.append(data)


def comment(office: Office, *words: str) -> str:
    ran = office.run("plan", "--format", "markdown", *words)
    assert ran.status in (0, 1, 3), ran.err
    return ran.out


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_the_comment_says_what_is_sent_to_how_many_when_and_from_where(office: Office) -> None:
    office.settings(account="batch_size: 2")
    office.campaign(people=5, more=FUTURE, title="中秋快乐")

    text = comment(office)

    assert "1 campaign, 5 recipients" in text
    row = next(line for line in text.splitlines() if line.startswith("| `news`"))
    start, people, requests, size, account = (cell.strip() for cell in row.split("|")[2:-1])
    assert (start, people, requests) == ("2035-09-16 09:00+08:00", "5", "3")
    assert (size, account) == ("37 of 102,400", "`main`")
    assert "- title: `中秋快乐`" in text
    assert "- not checked: balance" in text
    assert "`【某店】你好，拒收请回复R`" in text


def test_a_warning_stands_in_the_comment_and_is_the_exit_status(office: Office) -> None:
    office.campaign(more=f"{FUTURE}expect: {{recipients: 10-20}}\n")

    ran = office.run("plan", "--format", "markdown")

    assert ran.status == 3
    assert "- **warning** `expect` says 10" in ran.out


def test_since_a_revision_it_shows_what_is_another(office: Office) -> None:
    office.campaign(people=5, more=FUTURE)
    office.campaign("old")
    commit_all(office.folder)
    office.campaign(people=4, more="start: 2035-09-17 10:00\n")
    (office.root / "old.yaml").unlink()

    text = comment(office, "--since", "HEAD")

    assert "| `news` | changed |" in text
    assert "| `old` | removed |" in text
    assert "- **changed** start: `2035-09-16 09:00` → `2035-09-17 10:00`" in text
    assert "- **changed** recipients: `5` → `4`, 0 come and 1 go" in text


def test_a_file_that_was_sent_already_is_an_error_at_the_top(office: Office) -> None:
    office.campaign(more="start: 2024-09-16 09:00\n")
    commit_all(office.folder)
    office.campaign(title="another", more=FUTURE)

    text = comment(office, "--since", "HEAD")

    assert text.index("- **error** news\\.yaml") < text.index("| campaign |")
    assert "`mms-runner copy news NEW`" in text or "mms\\-runner copy news NEW" in text


def test_numbers_are_masked(office: Office) -> None:
    office.write(
        "news.yaml",
        "title: 致电13800138000\nframes: [{duration: 3, text: 客服13800138001}]\n"
        "recipients: {numbers: ['13800138002']}\n",
    )

    text = comment(office)

    assert "138****8000" in text
    assert not re.search(r"1380013800\d", text)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_title_or_text_becomes_markup(office: Office, hostile: str) -> None:
    line = hostile.split("\n", maxsplit=1)[0]
    block = "".join(f"      {part}\n" for part in hostile.split("\n"))
    office.write(
        "news.yaml",
        f"title: {quoted(line)}\nframes:\n  - duration: 3\n    text: |\n{block}"
        "recipients: {numbers: ['13800138000']}\n",
    )

    text = comment(office)

    page = Page(text)
    assert page.tags <= OURS
    assert line in page.spans
    assert not any(sign in "".join(page.plain) for sign in ("@", "#", "example"))
    assert not any(row.lstrip("- ").startswith("/") for row in text.splitlines())


@pytest.mark.parametrize(
    "hostile", [each for each in HOSTILE if "/" not in each and "\n" not in each]
)
def test_no_file_name_becomes_markup(office: Office, hostile: str) -> None:
    office.campaign(f"x{hostile}", more=FUTURE, title="news")

    page = Page(comment(office))

    assert page.tags <= OURS
    assert f"x{hostile}".replace("|", "｜") in page.spans
    assert not any("@" in text for text in page.plain)


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("`")
@example("`a``b`@c")
@example("\\`@c`")
def test_every_word_of_others_is_read_letter_by_letter(text: str) -> None:
    cells = table(["a", "b"], [[code(text), prose(text)], [code_lines(text), ""]])
    for markdown in (f"- {prose(text)}", f"- x {code(text)} y", cells):
        page = Page(markdown)
        assert page.tags <= OURS
        assert not re.search(r"[@#!]\w", "".join(page.plain))


def test_a_text_is_shown_as_it_was_typed(office: Office) -> None:
    office.write(
        "news.yaml",
        "title: 中秋\nframes: [{duration: 3, text: 山·月——茶}]\n"
        "recipients: {numbers: ['13800138002']}\n",
    )

    assert "`山·月——茶`" in comment(office)


def test_a_comment_is_never_longer_than_a_forge_takes(office: Office) -> None:
    for number in range(30):
        office.write(
            f"news{number}.yaml",
            f"title: news{number}\nframes:\n"
            + "".join(f"  - {{duration: 3, text: {'啊' * 600}{frame}}}\n" for frame in range(12))
            + "recipients: {numbers: ['13800138000']}\n",
        )

    text = comment(office)

    assert len(text) < 65_536
    assert "No room is left for" in text
    assert text.count("| `news") == 30


def test_json_and_its_short_form_are_the_same(office: Office) -> None:
    office.campaign(people=numbers(3), more=FUTURE)

    assert office.run("plan", "--format", "json").json == office.run("plan", "--json").json
