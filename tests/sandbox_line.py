"""A client of the sandbox that writes its bytes by hand, from the document alone."""

from __future__ import annotations

import base64
import http.client
import re
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.sandbox import Sandbox

JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF-and-so-on\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n-and-so-on"
GIF = b"GIF89a\x01\x00\x01\x00-and-so-on;"
FORM = "application/x-www-form-urlencoded"


class Answered(NamedTuple):
    status: int
    body: bytes
    headers: http.client.HTTPMessage


def b64(payload: bytes) -> str:
    return base64.b64encode(payload).decode()


def txt(text: str) -> str:
    return f"txt|{b64(text.encode('gb2312'))}"


def credentials(sandbox: Sandbox) -> dict[str, str]:
    settings = sandbox.settings
    return {
        "userid": settings.userid,
        "account": settings.account,
        "password": settings.password,
    }


def send_fields(sandbox: Sandbox, **changes: str) -> dict[str, str]:
    fields = {
        "action": "send",
        **credentials(sandbox),
        "mobile": "13800138000",
        "title": "中秋快乐",
        "starttime": "",
        "content": f"3,{txt('你好')},jpg|{b64(JPG)}",
    }
    return fields | changes


def exchange(
    sandbox: Sandbox,
    path: str,
    body: bytes | None,
    *,
    method: str = "POST",
    content_type: str = FORM,
) -> Answered:
    line = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    try:
        line.request(method, path, body, {"Content-Type": content_type} if body else {})
        answer = line.getresponse()
        return Answered(answer.status, answer.read(), answer.headers)
    finally:
        line.close()


def post(sandbox: Sandbox, path: str, fields: dict[str, str]) -> Answered:
    return exchange(sandbox, path, urlencode(fields).encode())


def send(sandbox: Sandbox, **changes: str) -> str:
    return post(sandbox, "/sendmms.aspx", send_fields(sandbox, **changes)).body.decode()


def balance(sandbox: Sandbox, **changes: str) -> str:
    fields = {"action": "overage", **credentials(sandbox)} | changes
    return post(sandbox, "/sendmms.aspx", fields).body.decode()


def query(sandbox: Sandbox, **changes: str) -> bytes:
    fields = {"action": "query", **credentials(sandbox)} | changes
    return post(sandbox, "/mmsStatusApi.aspx", fields).body


def boxes(answer: bytes) -> list[dict[str, str]]:
    """The whole boxes of a report answer, read without an XML parser."""
    text = answer.decode()
    whole = re.findall(r"<statusbox>(.*?)</statusbox>", text, re.DOTALL)
    return [dict(re.findall(r"<(\w+)>(.*?)</\1>", box)) for box in whole]


def get(sandbox: Sandbox, path: str) -> Answered:
    return exchange(sandbox, path, None, method="GET")


def until(happened: Callable[[], object]) -> None:
    """Wait for something that another thread does."""
    for _ in range(1000):
        if happened():
            return
        time.sleep(0.005)
    raise AssertionError("it never happened")
