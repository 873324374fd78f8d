"""Judges of what is made of a user's files: YAML, settings, a campaign, a list."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from runner.cli.diagnostics import Format, render_diagnostics
from runner.workspace.lists import ListFault, read_list
from runner.workspace.load import load_workspace
from runner.workspace.strict_yaml import read_yaml
from torture.fuzzing.target import Target, hold

if TYPE_CHECKING:
    from runner.model.diagnostic import Diagnostic

_SOUND = Path(__file__).parents[2] / "faulty" / "sound"
_STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def _judge_yaml(data: bytes) -> None:
    """What is accepted is what PyYAML reads; every fault lies in the file."""
    document = read_yaml(data, file="a.yaml", as_written=[("n", "*")], times=[("t",)])
    lines = document.source.lines
    for fault in document.diagnostics:
        _judge_place(fault, lines)
    hold(document.root or document.diagnostics, "neither a tree nor a fault")
    plain = read_yaml(data, file="a.yaml")
    if not plain.diagnostics:
        expected = yaml.load(data, Loader=yaml.CSafeLoader)
        hold(plain.data == expected, f"{plain.data!r}, but PyYAML reads {expected!r}")
        hold(repr(plain.data) == repr(expected), "a value is of another type than for PyYAML")


def _judge_place(fault: Diagnostic, lines: list[str]) -> None:
    span = fault.span
    hold(1 <= span.line <= span.end_line <= len(lines), f"{fault.rule} lies below the file")
    hold(1 <= span.column <= len(lines[span.line - 1]) + 1, f"{fault.rule} lies beside its line")
    hold(span.end_column <= len(lines[span.end_line - 1]) + 1, f"{fault.rule} ends beside its line")
    hold(
        (span.line, span.column) <= (span.end_line, span.end_column),
        f"{fault.rule} ends before it begins",
    )


def _judge_settings(data: bytes) -> None:
    _judge_workspace("runner.yaml", data)


def _judge_campaign(data: bytes) -> None:
    _judge_workspace("campaign.yaml", data)


def _judge_workspace(file: str, data: bytes) -> None:
    """A file is sound, or has an error; what is told of it steers no terminal."""
    root = _make_workspace(file)
    (root / file).write_bytes(data)
    workspace = load_workspace(root)
    if file == "runner.yaml":
        hold(workspace.settings or workspace.errors, "settings are lost without a word")
    else:
        hold(workspace.campaigns.get("campaign") or workspace.errors, "a campaign is lost")
        hold(workspace.settings, "the settings are lost by a campaign")
    for form in Format:
        shown = render_diagnostics(workspace.diagnostics, root, form)
        hold(not _STEERING.search(shown), f"{form} steers the terminal")


@cache
def _make_workspace(file: str) -> Path:
    """Copy the sound workspace once for this process."""
    root = Path(_make_folder().name) / file.partition(".")[0]
    shutil.copytree(_SOUND, root)
    (root / "sound.yaml").unlink()
    return root.resolve()


@cache
def _make_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="mms-runner-fuzz-")


def _judge_list(data: bytes) -> None:
    """Every plain number of the column is read in its order, and every row is counted."""
    path = Path(_make_folder().name) / "list.csv"
    path.write_bytes(data)
    read = read_list(path, name="list.csv")
    if isinstance(read, ListFault):
        hold(read.message.isprintable(), "a fault of a list steers the terminal")
        return
    hold(all(_MOBILE.fullmatch(str(mobile)) for mobile in read.mobiles), "a number is none")
    for fault in read.diagnostics:
        hold(not re.search(r"[0-9]{7}", f"{fault.message}{fault.excerpt}"), "a number is shown")
    rows = _read_simple_rows(data)
    if rows is None:
        return
    if not re.search(r"[0-9]", rows[0]):
        rows = rows[1:]
    hold(len(rows) == len(read.mobiles) + read.invalid, "a row is not counted")
    plain = [int(row) for row in rows if _MOBILE.fullmatch(row)]
    rest = iter(read.mobiles)
    hold(all(mobile in rest for mobile in plain), "a plain number is lost, or out of its order")


def _read_simple_rows(data: bytes) -> list[str] | None:
    """Give the rows of a list of one column without quotes; None for any other."""
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("ascii")
    except UnicodeDecodeError:
        return None
    if not re.fullmatch(r"[a-z0-9 +\n-]+", text):
        return None
    return [line for line in text.split("\n") if line.strip()] or None


_INDICATORS = tuple(b"%c" % character for character in b"-?:,[]{}#&*!|>'\"%@`~<=\t\r\n")
_YAML_WORDS = (
    *_INDICATORS,
    *(b"- ", b": ", b"<<: ", b"&a ", b"*a", b"!!python/object/apply:os.system", b"---", b"..."),
    *(b"%YAML 1.1", b"true", b"null", b"NO", b"0123", b"0x1f", b"1_000", b".inf", b"12:30:00"),
    *(b"2035-09-16", b"1.50", b"1e3", b"\xef\xbb\xbf", b"\0", "\u2028".encode(), b"\xc2\x85"),
)
_SETTINGS = b"""\
timezone: Europe/Berlin
state: {path: /var/lib/state.db}
accounts:
  main:
    url: https://mms.example.cn/a
    userid: 0012
    account: zhouyang
    password: {credential: mms}
    timeout: {connect: 5s, total: 1m}
    retry: {tries: 5, first: 2s, most: 60s}
    reports: {every: 60s, page: 500}
    hours: 08:00-21:00
    pace: 5000/min
lists:
  optout: {file: lists/members.csv, max_age: 3d, min_rows: 1}
always_exclude: [optout]
"""
_CAMPAIGN = """\
title: "\\u4e2d秋"
account: main
start: 2035-09-16 09:00
until: 2035-09-17 09:00+08:00
hours: 22:00-06:00
frames:
  - {duration: 3, text: 拒收请回复R, image: media/moon.jpg}
recipients: {numbers: ["13800138000", 13800138001], exclude: [lists/members.csv], invalid: skip}
expect: {recipients: 1-3}
again: [other]
""".encode()
_KEYS = (
    *(b"title: ", b"account: ", b"start: ", b"until: ", b"hours: ", b"latest: ", b"state: "),
    *(b"frames:", b"duration: ", b"text: ", b"image: ", b"parts:", b"recipients:", b"numbers: "),
    *(b"files: ", b"lists: ", b"exclude: ", b"column: ", b"invalid: skip", b"expect:", b"again: "),
    *(b"../", b"/etc/passwd", b"/dev/zero", b"\\e[2J", b"\\u202e", b"\\x9b", b"\\0", b"\\ud800"),
)
_SETTING_KEYS = (
    *(
        b"name: ",
        b"timezone: ",
        b"state: ",
        b"path: ",
        b"id: ",
        b"accounts:",
        b"url: ",
        b"userid: ",
    ),
    *(b"password: {env: A}", b"{file: a}", b"{credential: a}", b"batch_size: ", b"pace: 5000/min"),
    *(
        b"timeout:",
        b"retry:",
        b"reports:",
        b"hours: 08:00-21:00",
        b"limits:",
        b"proxy: ",
        b"lists:",
    ),
    *(b"max_age: 3d", b"min_rows: ", b"always_exclude: ", b"extno: ", b"on_code_8: retry", b"\\e["),
)

FILES = {
    "yaml": Target(
        judge=_judge_yaml,
        seeds=(
            b"title: moon\nn: [0123, 1.25, -0.1]\nt: 2035-09-16 09:00\n",
            b"a:\n  - b: 'c'\n    d: \"e\\n\"\n  - |\n    f\n    g\n",
            b"{a: [1, -2, true, null, 1.375], b: {}}\n",
            "# 注释\n标题: 中秋 😀\n? x\n: y\n".encode(),
        ),
        words=_YAML_WORDS,
        runs=10_000,
        longest=256,
    ),
    "settings": Target(
        judge=_judge_settings,
        seeds=((_SOUND / "runner.yaml").read_bytes(), _SETTINGS),
        words=(*_SETTING_KEYS, *_YAML_WORDS),
        runs=1_500,
        longest=1024,
    ),
    "campaign": Target(
        judge=_judge_campaign,
        seeds=((_SOUND / "sound.yaml").read_bytes(), _CAMPAIGN),
        words=(*_KEYS, *_YAML_WORDS),
        runs=1_000,
        longest=1024,
    ),
    "list": Target(
        judge=_judge_list,
        seeds=(
            b"mobile,name\n13800138000,a\n+86 138-0013-8001,b\n",
            b"13800138000\n13800138001\nnobody\n",
            "手机号\r\n13800138000\r\n".encode("gb18030"),
            b'"mobile"\n"13800138000"\n"1380013\n8000"\n',
        ),
        words=(b"mobile", b"phone", b'"', b'""', b",", b"\n", b"\r\n", b"13800138002", b"\0", b";"),
        runs=20_000,
        longest=256,
    ),
}
