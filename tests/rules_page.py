"""The pages of the documentation that are made of the catalogue of rules, one in each language.

`python -m rules_page` writes them anew. A heading is the id of its rule and nothing else, so that
`#ID` leads to it.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from runner.cli.speech import clean_lines
from runner.model.diagnostic import Severity
from runner.rules import read_rules, show_example
from runner.rules.words import words_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.rules import Rule

_DOCS = Path(__file__).parents[1] / "docs"

PAGES = {"en": _DOCS / "rules.md", "zh": _DOCS / "rules.zh-CN.md"}

_HEADS = {
    "en": """\
# The rules of `validate`

[中文](rules.zh-CN.md)

What `mms-runner validate` looks for, each with what is wrong, why it matters and what to do; \
`mms-runner rules ID` shows the same on a terminal. With an error nothing is sent. A **warning** \
(marked so) can be meant: a comment `# runner: ignore[ID]` on its line, or alone on the line \
above, leaves it out; `validate --strict` lets the others fail too.

The files of an example are laid over a sound workspace; what is not shown is as it should be.

`make docs` writes this page from the catalogue in `runner/rules`.
""",
    "zh": """\
# `validate` 的检查规则

[English](rules.md)

这里列出 `mms-runner validate` 检查的每一条规则：错在哪里，为什么要改，怎么改。\
在命令行里运行 `mms-runner --lang zh rules 规则名`，看到的是同样的内容。\
只要有一处错误，就什么都不会发。标着“**警告**”的可以是有意为之：\
在那一行的末尾，或者单独在上面一行写注释 `# runner: ignore[规则名]`，就不再提示；\
`validate --strict` 会把其余的警告也当作不通过。

例子里的文件放进一个没有问题的工作区里来看；没有列出来的文件都没有问题。

本页由 `make docs` 根据 `runner/rules` 里的规则生成。
""",
}


def write_page(language: str) -> str:
    """Write the page of a language: `en` or `zh`."""
    words = words_in(language)
    groups = [
        (words.groups[group], list(rules))
        for group, rules in groupby(read_rules(language), lambda rule: rule.group)
    ]
    index = [line for title, rules in groups for line in _list(title, rules, language)]
    sections = [text for title, rules in groups for text in _explain(title, rules, language)]
    return "\n".join([_HEADS[language], *index, *sections])


def _list(title: str, rules: list[Rule], language: str) -> Iterator[str]:
    yield f"**{title}**\n"
    for rule in rules:
        label = words_in(language).severities[rule.severity]
        mark = f"**{label}** " if rule.severity is Severity.WARNING else ""
        yield f"- [`{rule.id}`](#{rule.id}) {mark}{rule.wrong}"
    yield ""


def _explain(title: str, rules: list[Rule], language: str) -> Iterator[str]:
    words = words_in(language)
    yield f"## {title}\n"
    for rule in rules:
        yield f"### {rule.id}\n"
        yield f"`{words.severities[rule.severity]}[{rule.id}]` {rule.wrong}\n"
        yield f"**{words.why}**\\\n{rule.why}\n"
        yield f"**{words.remedy}**\\\n{rule.remedy}\n"
        if rule.example:
            yield f"**{words.example}**\\\n{rule.example}\n"
        yield from _show_files(words.bad, rule.bad)
        yield from _show_files(words.good, rule.good)


def _show_files(title: str, files: Mapping[str, str]) -> Iterator[str]:
    for file, text in files.items():
        yield title.format(file=f"`{file}`")
        yield f"```{PurePosixPath(file).suffix[1:]}\n{clean_lines(show_example(text))}\n```\n"


if __name__ == "__main__":
    for spoken, page in PAGES.items():
        page.write_text(write_page(spoken), "utf-8")
