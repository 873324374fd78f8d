"""The words around the texts of a rule, in each language: headings, and what rules are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.model.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Headings. bad, good: with `{file}` for a path.

    groups: what rules may be about, in the order in which they are shown.
    """

    why: str
    remedy: str
    example: str
    bad: str
    good: str
    severities: Mapping[Severity, str]
    groups: Mapping[str, str]


_WORDS = {
    "en": Words(
        why="Why it matters",
        remedy="What to do",
        example="For example",
        bad="Wrong: {file}",
        good="Right: {file}",
        severities={Severity.ERROR: "error", Severity.WARNING: "warning"},
        groups={
            "file": "Files and paths",
            "yaml": "YAML",
            "field": "Fields",
            "time": "Times",
            "recipients": "Recipients and lists",
            "text": "Texts",
            "picture": "Pictures",
            "settings": "Accounts and settings",
            "comment": "Comments for this program",
        },
    ),
    "zh": Words(
        why="为什么要改",
        remedy="怎么改",
        example="例如",
        bad="错误写法：{file}",
        good="正确写法：{file}",
        severities={Severity.ERROR: "错误", Severity.WARNING: "警告"},
        groups={
            "file": "文件和路径",
            "yaml": "YAML 写法",
            "field": "字段",
            "time": "时间",
            "recipients": "收件人和名单",
            "text": "文字",
            "picture": "图片",
            "settings": "账号和设置",
            "comment": "写给本程序的注释",
        },
    ),
}

GROUPS = tuple(_WORDS["en"].groups)


def words_in(language: str) -> Words:
    """Give the words of a language: `en` or `zh`."""
    return _WORDS[language]
