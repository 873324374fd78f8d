"""What people call our fields: in Chinese, in the singular, in camel case, a letter off."""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.workspace.suggest import nearest_word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

SCHEMAS = Path(__file__).parents[1] / "schemas"  # importlib.resources takes as long as YAML

_FEWEST = 3  # letters of a name of which one may be wrong

_CHINESE = {
    "title": "标题 题目 主题",
    "account": "账号 账户 帐号 帐户",
    "start": "开始 开始时间 发送时间 定时 时间",
    "until": "结束 结束时间 截止 截止时间",
    "hours": "时段 发送时段",
    "state": "状态",
    "frames": "帧 画面 屏 页",
    "duration": "时长 秒 秒数 停留 停留时间 持续时间",
    "text": "文本 文字 内容 正文 文案",
    "image": "图片 图 图像 照片",
    "parts": "部分",
    "recipients": "收件人 接收人 收信人 接收者 受众",
    "numbers": "号码 手机 手机号 手机号码 电话",
    "files": "文件 名单文件",
    "lists": "名单 列表",
    "exclude": "排除 剔除",
    "column": "列 列名",
    "expect": "预期 预计",
    "accounts": "账号 账户",
    "password": "密码 口令",
    "timezone": "时区",
}
_ENGLISH = {
    "title": "subject heading",
    "start": "start_time send_at",
    "until": "end end_time",
    "text": "content body message",
    "image": "picture photo pic img",
    "duration": "seconds secs",
    "recipients": "receivers to audience",
    "numbers": "phones mobiles phone mobile",
    "exclude": "excluded",
}


def find_meant(name: str, known: Collection[str]) -> tuple[str | None, bool]:
    """Say which known field a name stands for, and whether nothing else can be meant.

    known: the fields that may stand in the same mapping.
    """
    plain = _simplify(name)
    same = [field for field in known if _simplify(field) == plain or plain in _other_names(field)]
    if len(same) == 1:
        return same[0], True
    near = nearest_word(name, known)
    if near is None:
        return None, False
    close = [field for field in known if _is_one_letter_off(plain, _simplify(field))]
    return near, len(plain) >= _FEWEST and close == [near]


@cache
def written_names() -> tuple[str, ...]:
    """Give every name of a field and the Chinese ones that stand for it, the longest first."""
    fields = {name for path in SCHEMAS.glob("*.json") for name in _names_in(_read(path))}
    chinese = {name for names in _CHINESE.values() for name in names.split()}
    return tuple(sorted(fields | chinese, key=lambda name: (-len(name), name)))


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _names_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _names_in(each)
    elif isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        yield from _names_in(list(schema.values()))


@cache
def _other_names(field: str) -> frozenset[str]:
    names = f"{_CHINESE.get(field, '')} {_ENGLISH.get(field, '')}".split()
    singular = field.removesuffix("s")
    return frozenset(map(_simplify, (*names, singular, f"{field}s")))


def _simplify(name: str) -> str:
    """Write a name as it sounds: full-width letters, capitals, dashes and blanks tell nothing."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in plain if character not in "-_ \u200b\ufeff")


def _is_one_letter_off(word: str, known: str) -> bool:
    """Whether one letter is wrong, missing, too many, or has changed places with the next one."""
    if abs(len(word) - len(known)) > 1:
        return False
    start = next(
        (at for at, pair in enumerate(zip(word, known, strict=False)) if pair[0] != pair[1]), None
    )
    if start is None:
        return word != known
    rest, other = word[start:], known[start:]
    swapped = rest[:2] == other[1::-1] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]
