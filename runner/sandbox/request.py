"""A POST to the gateway, read strictly: which call it is, and the fields of its form.

Source: gateway interface, 概述 (POST, UTF-8) and the address of each interface.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from runner.sandbox.faults import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

SEND_PATH = "/sendmms.aspx"
REPORT_PATH = "/mmsStatusApi.aspx"

_FORM_TYPE = re.compile(
    r'application/x-www-form-urlencoded\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE
)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One POST. fields: empty where the form cannot be read; body: as received."""

    call: Call
    fields: Mapping[str, str]
    body: bytes


def read_request(path: str, content_type: str, body: bytes) -> Request:
    """Read a POST to one of the gateway's addresses; another address is the call `OTHER`."""
    try:
        fields = _read_form(content_type, body)
    except ValueError:
        fields = {}
    return Request(call=_call(path, fields), fields=fields, body=body)


def without_password(body: bytes) -> bytes:
    """Empty the value of `password` in a form, and leave every other byte."""
    return re.sub(rb"(^|&)(password=)[^&]*", rb"\1\2", body)


def _call(path: str, fields: Mapping[str, str]) -> Call:
    if path == REPORT_PATH:
        return Call.REPORT
    if path != SEND_PATH:
        return Call.OTHER
    return Call.BALANCE if fields.get("action") == "overage" else Call.SEND


def _read_form(content_type: str, body: bytes) -> dict[str, str]:
    if not _FORM_TYPE.fullmatch(content_type):
        raise ValueError("not a form in UTF-8")
    pairs = [_read_pair(pair) for pair in body.split(b"&")]
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _read_pair(pair: bytes) -> tuple[str, str]:
    name, equals, value = pair.partition(b"=")
    if not equals:
        raise ValueError("a field without =")
    return _unescape(name), _unescape(value)


def _unescape(raw: bytes) -> str:
    if _BROKEN_ESCAPE.search(raw):
        raise ValueError("a % without two hexadecimal digits")
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
