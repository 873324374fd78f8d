"""Form bodies of the three calls, byte for byte what ``urllib.parse.urlencode`` would give.

A send is spliced from parts that exist already, since its content is the same for every batch.
Source: gateway interface, 参数说明 of 彩信下发接口, 余额查询接口 and 状态报告接口.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

from runner.codec.digest import digest_of
from runner.model.account import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.codec.content import PackedMessage

_NOBODY = Credentials(url="", userid="", account="", password="")


def join_numbers(mobiles: Iterable[int]) -> str:
    """Name people as a submission does."""
    people = tuple(mobiles)
    return ",".join(["%d"] * len(people)) % people  # half the time of a `str` for each


def send_body(
    message: PackedMessage,
    numbers: str,
    credentials: Credentials,
    *,
    starttime: str = "",
    extno: str | None = None,
) -> bytes:
    """Build the body that submits a batch.

    numbers: 1 to 2000 of 11 digits, joined by commas.
    starttime: `YYYY-MM-DD HH:MM:SS` in China Standard Time, empty for at once.
    extno: digits, or None to leave the field out.
    """
    pieces = [
        _credential_fields("send", credentials),
        b"&mobile=",
        numbers.encode().replace(b",", b"%2C"),  # three times as fast as in a `str`
        b"&title=",
        message.title,
        b"&starttime=",
        quote_plus(starttime).encode(),
        b"&content=",
        message.content,
    ]
    if extno is not None:
        pieces += [b"&extno=", quote_plus(extno).encode()]
    return b"".join(pieces)


def measure_send(message: PackedMessage, numbers: str, *, starttime: str = "") -> tuple[int, str]:
    """Give the size and digest of a batch's body with empty credentials and without extno.

    numbers, starttime: as for `send_body`. No digest is made over a secret, so that a plan can be
    shown to anybody.
    """
    body = send_body(message, numbers, _NOBODY, starttime=starttime)
    return len(body), digest_of(body)


def balance_body(credentials: Credentials) -> bytes:
    """Build the body that asks what is left."""
    return _credential_fields("overage", credentials)


def query_body(credentials: Credentials, page: int) -> bytes:
    """Build the body that fetches up to `page` delivery reports (1 to 10000)."""
    return _credential_fields("query", credentials) + b"&statusNum=%d" % page


@lru_cache(maxsize=64)  # the same for every request of an account
def _credential_fields(action: str, credentials: Credentials) -> bytes:
    fields = {
        "action": action,
        "userid": credentials.userid,
        "account": credentials.account,
        "password": credentials.password,
    }
    return urlencode(fields).encode()
