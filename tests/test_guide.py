"""The guide is true: whoever follows its pages sees what they show, and no link leads nowhere."""

import re
from itertools import pairwise
from urllib.parse import unquote

import pytest
from guide_page import (
    DOCS,
    PAGES,
    find_twin,
    follow,
    is_shown,
    lay_over,
    read_blocks,
)
from markdown_it import MarkdownIt

ROOT = DOCS.parent
INDEX = DOCS / "README.md"
READMES = [ROOT / "README.md", INDEX]
TWINS = [*READMES, *PAGES, DOCS / "ci.md"]  # each has a twin in Chinese
ALL = [*TWINS, *map(find_twin, TWINS)]


def name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [*PAGES, find_twin(PAGES[0])], ids=name)
def test_whoever_follows_a_page_sees_what_it_shows(page, tmp_path):
    """`make docs` writes what is seen now; look at the difference before you commit it.

    The other pages in Chinese, which type the same, are followed by `make torture PROOFS=guide`.
    """
    home = tmp_path / "home"
    home.mkdir()
    assert follow(page, home) == page.read_text("utf-8")


@pytest.mark.parametrize(
    "page",
    [
        "Type:\n\n    mms-runner plan\n",
        "- first\n  ```console\n  $ mms-runner plan\n  ```\n",
        "```console\nmms-runner plan\n```\n",
        "```sh\nmms-runner plan\n```\n",
        "Such as:\n```yaml\ntitle: 中秋快乐\n```\n",
        "`moon.yaml`:\n\n```yaml\ntitle: 中秋快乐\n```\n",
    ],
    ids=["indented", "in a list", "without a prompt", "other shell", "no file", "file not above"],
)
def test_a_block_that_would_not_be_followed_is_refused(page):
    with pytest.raises(ValueError, match="line"):
        list(read_blocks(page))


def test_what_is_written_and_typed_has_its_effect(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    page = tmp_path / "page.md"
    page.write_text(
        "`a/list.csv`:\n```csv\none\n```\n\n"
        "```console\n$ cd a\n$ cat list.csv && false\nwrong\n$ echo $?\n1\n```\n\n"
        "```console\n$ pwd\n/home/mei/a\n```\n"
    )
    assert follow(page, home) == page.read_text("utf-8").replace("wrong", "one")


def test_a_part_takes_the_place_of_what_a_file_had_there_and_leaves_the_rest():
    file = "# first\ntitle: a\n\n# whom\nrecipients:\n  numbers: [1]\n  # these\n\n# the end\n"
    assert lay_over(file, "recipients: 2\nuntil: 3\n") == (
        "# first\ntitle: a\n\n# whom\nrecipients: 2\n\n# the end\nuntil: 3\n"
    )


@pytest.mark.parametrize(
    ("told", "lines", "same"),
    [
        (["one"], ["one"], True),
        (["one"], ["two"], False),
        ([], [], True),
        ([], ["one"], False),
        (["one", "…"], ["one"], True),
        (["…", "three"], ["one", "two", "three"], True),
        (["…", "three"], ["one", "two"], False),
        (["version …"], ["version 1.0"], True),
        (["at 2026-01-01 10:00"], ["at 2027-12-31 23:59"], True),
        (["at 2036-01-01 10:00"], ["at 2037-12-31 23:59"], False),
        (["a.b"], ["a+b"], False),
    ],
)
def test_what_a_page_tells_is_held_to_what_was_shown_but_for_what_varies(told, lines, same):
    assert is_shown(told, lines) is same


# ---- twins


def outline(page):
    """Give what a page has in every language, section by section, in its order.

    Headings, tables, lists, and blocks: what is typed without what it shows, files without remarks.
    """
    sections = [[]]
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")):
        if token.type == "heading_open":
            sections.append([token.tag])
        elif token.type in {"tr_open", "bullet_list_open", "list_item_open"}:
            sections[-1].append(token.type)
        elif token.info == "console":
            sections[-1] += re.findall(r"^\$ .*", token.content, re.MULTILINE)
        elif token.type in {"fence", "code_block"}:
            sections[-1].append(re.sub(r"\s+# .*", "", token.content))
    return sections


def names(page):
    """Give what stands in code and where links lead, section by section, sorted.

    A link to a page's twin counts as one to the page.
    """
    sections = [set()]
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")):
        if token.type == "heading_open":
            sections.append(set())
        for child in token.children or ():
            if child.type == "code_inline":
                sections[-1].add(child.content)
            elif child.type == "link_open" and child.attrs["href"] not in twins_of(page):
                sections[-1].add(child.attrs["href"].replace(".zh-CN.md", ".md").partition("#")[0])
    return [sorted(section) for section in sections]


def files(page):
    for block in read_blocks(page.read_text("utf-8")):
        yield block.path, block.whole


def twins_of(page):
    """Give the addresses by which a page and its twin lead to each other."""
    stem = page.name.partition(".")[0]
    return {f"{stem}.md", f"{stem}.zh-CN.md"}


@pytest.mark.parametrize("page", TWINS, ids=name)
def test_a_page_and_its_twin_have_the_same_sections_tables_and_blocks(page):
    assert outline(find_twin(page)) == outline(page)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_and_its_twin_write_the_same_files(page):
    assert list(files(find_twin(page))) == list(files(page))


@pytest.mark.parametrize("page", TWINS, ids=name)
def test_a_page_and_its_twin_name_and_link_the_same_in_each_section(page):
    assert names(find_twin(page)) == names(page)


@pytest.mark.parametrize("page", TWINS, ids=name)
def test_a_page_and_its_twin_lead_to_each_other_at_their_top(page):
    twin = find_twin(page)
    assert f"[中文]({twin.name})" in page.read_text("utf-8").splitlines()[:3]
    assert f"[English]({page.name})" in twin.read_text("utf-8").splitlines()[:3]


# ---- links


def anchors(page):
    """Give where links may lead in a page, as GitHub and GitLab name its headings."""
    tokens = MarkdownIt("commonmark").parse(page.read_text("utf-8"))
    titles = [
        "".join(child.content for child in after.children or ())
        for before, after in pairwise(tokens)
        if before.type == "heading_open"
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page):
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")):
        for child in token.children or ():
            if child.type == "link_open" and "://" not in child.attrs["href"]:
                yield unquote(child.attrs["href"])


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_link_leads_somewhere(page):
    lost = []
    for link in links(page):
        file, _, anchor = link.partition("#")
        path = page.parent / file if file else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            lost.append(link)
    assert lost == []


def test_the_index_leads_to_every_page():
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links(INDEX)}
    assert {page for page in DOCS.glob("*.md") if "zh-CN" not in page.name} - {INDEX} <= linked
