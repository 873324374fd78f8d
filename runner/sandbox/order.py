"""The rules of a send: what the gateway takes, and the code that it gives where it does not.

Source: gateway interface, 彩信下发接口, 参数说明 and 返回值.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from runner.sandbox.china_time import read_time
from runner.sandbox.content import decode_content

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from runner.sandbox.content import Frame

MOST_NUMBERS = 2000
MOST_BYTES = 100 * 1024

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_EXTNO = re.compile(r"[0-9]*")


class Refusal(IntEnum):
    """Why a send is not taken: the codes that the rules themselves can give."""

    WRONG_PARAMETERS = 0  # 参数不对
    EMPTY_CREDENTIALS = 1  # 用户名或密码不能为空
    WRONG_CREDENTIALS = 2  # 用户名或密码错误
    NO_NUMBER = 3  # 号码为空
    NO_CONTENT = 4  # 内容为空
    TOO_MANY_NUMBERS = 5  # 单次提交号码不能超过2000个
    LOW_BALANCE = 6  # 余额不足
    TOO_LARGE = 9  # 彩信文件大于100K


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A send that keeps every rule but the balance's. starttime: None for at once."""

    mobiles: tuple[str, ...]
    title: str
    starttime: datetime | None
    extno: str
    frames: tuple[Frame, ...]

    @property
    def size(self) -> int:
        """Bytes of the title in UTF-8 and of the decoded content (说明 2)."""
        payloads = (len(part.payload) for frame in self.frames for part in frame.parts)
        return len(self.title.encode()) + sum(payloads)


def read_order(fields: Mapping[str, str]) -> Order | Refusal:
    """Judge the fields of a send whose credentials are right; the balance is judged later."""
    missing = _missing(fields)
    if missing is not None:
        return missing
    try:
        order = _read(fields)
    except ValueError:
        return Refusal.WRONG_PARAMETERS
    return Refusal.TOO_LARGE if order.size > MOST_BYTES else order


def split_mobiles(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Cut the field `mobile` at its commas, without a look at what stands between."""
    mobile = fields.get("mobile", "")
    return tuple(mobile.split(",")) if mobile else ()


def _missing(fields: Mapping[str, str]) -> Refusal | None:
    """Name the field that is empty, or the list that is too long."""
    if not fields.get("mobile"):
        return Refusal.NO_NUMBER
    if not fields.get("content"):
        return Refusal.NO_CONTENT
    if len(split_mobiles(fields)) > MOST_NUMBERS:
        return Refusal.TOO_MANY_NUMBERS
    return None


def _read(fields: Mapping[str, str]) -> Order:
    mobiles = split_mobiles(fields)
    if not all(map(_MOBILE.fullmatch, mobiles)):
        raise ValueError("not a mobile number")
    if "title" not in fields:
        raise ValueError("no title")
    extno = fields.get("extno", "")
    if not _EXTNO.fullmatch(extno):
        raise ValueError("extno holds digits")
    starttime = fields.get("starttime", "")
    return Order(
        mobiles=mobiles,
        title=fields["title"],
        starttime=read_time(starttime) if starttime else None,
        extno=extno,
        frames=decode_content(fields["content"]),
    )
