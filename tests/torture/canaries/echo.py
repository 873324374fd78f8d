"""Ways in which a peer repeats the body of a request, as web servers, proxies and logs write it."""

from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def undo(form: bytes) -> str:
    """Read the form as far as a page shows it: name=value&name=value, nothing escaped."""
    return unquote_plus(form.decode())


def _of_text(act: Callable[[str], str], charset: str = "utf-8") -> Callable[[bytes], bytes]:
    return lambda form: act(undo(form)).encode(charset, "xmlcharrefreplace")


def _in_lower_case(text: str) -> str:
    """Write escapes in lower case, as some servers do, and nothing else."""
    return "".join(
        quote(each, safe="").lower() if quote(each, safe="") != each else each for each in text
    )


def _twice(act: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: act(act(text))


def _in_base64(act: Callable[[bytes], bytes], shift: int) -> Callable[[bytes], bytes]:
    return lambda form: act(b"." * shift + form)


ECHOES: Mapping[str, Callable[[bytes], bytes]] = {
    "as sent": bytes,
    "plain": _of_text(str),
    "plain, in GB18030": _of_text(str, "gb18030"),
    "plain, in UTF-16": _of_text(str, "utf-16-le"),
    "percent": _of_text(lambda text: quote(text, safe="=&")),
    "percent, everything": _of_text(lambda text: quote(text, safe="")),
    "percent, in lower case": _of_text(_in_lower_case),
    "percent, twice": _of_text(_twice(quote_plus)),
    "HTML": _of_text(html.escape),
    "HTML, twice": _of_text(_twice(html.escape)),
    "HTML, in ASCII": _of_text(html.escape, "ascii"),
    "JSON": _of_text(json.dumps),
    "JSON, in JSON": _of_text(_twice(json.dumps)),
    "JSON, with its own characters": _of_text(lambda text: json.dumps(text, ensure_ascii=False)),
    "Python": lambda form: repr(undo(form).encode()).encode(),
    "backwards, as sent": lambda form: form[::-1],
    "backwards": _of_text(lambda text: text[::-1]),
    "hexadecimal": lambda form: undo(form).encode().hex().encode(),
    "hexadecimal, upper case, as sent": lambda form: form.hex().upper().encode(),
    **{f"base64, {shift} before it": _in_base64(base64.b64encode, shift) for shift in range(3)},
    **{
        f"base64 for URLs of what was meant, {shift} before it": lambda form, shift=shift: (
            base64.urlsafe_b64encode(b"." * shift + undo(form).encode())
        )
        for shift in range(3)
    },
    "base64, in lines": base64.encodebytes,
}
