"""The pages of the guide as a reader follows them: files to write and commands to type, in order.

A page is followed from its top, in a folder that is empty. Each of its blocks is one of these:

- ```console: what stands behind `$ ` is typed, in the folder where the block before ended; below it
  is what the command shows. `…` stands for what varies: a line of its own for any lines, within a
  line for any words. `mms-runner sandbox` stays, as it does in another terminal.
- another block whose line before is "`PATH`:" is that file.
- another block whose line before names a PATH and ends with a colon is a part of that file: each of
  its keys takes the place of what the file had there, or stands at the end.

`python -m guide_page` follows all pages and writes what their commands show today. One in Chinese
is followed by somebody who reads Chinese.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [DOCS / f"{name}.md" for name in ("getting-started", "campaigns", "recipients")]

_BIN = Path(sys.executable).parent
_HOME = "/home/mei"  # what the pages call the folder in which they are followed
_SANDBOX = "http://127.0.0.1:8888"
_IN_A_TEST = ("--port", "0", "--seed", "2036")  # a port that is free, and the same luck every time
_PATIENCE = "120"  # seconds
_FILE = re.compile(r"`(?P<path>[^`]+)`[:：]")
_PART = re.compile(r"[^`]*`(?P<path>[^`]+\.ya?ml)`[^`]*[:：]")
_VARIES = (
    (re.compile(r"\b202\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?"), "TIME"),  # far ones are the files'
)
_OF_THE_MACHINE = "SQLite 3."  # with whose version `status` may find fault


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page.

    path: of the file that it is, or is a part of; None where it is typed.
    line: where its content begins in the page, counted from 0.
    """

    path: str | None
    whole: bool
    text: str
    line: int


def read_blocks(page: str) -> Iterator[Block]:
    """Give the blocks of a page; raises ValueError where nobody would know how to follow one."""
    lines = page.splitlines()
    for token in MarkdownIt("commonmark").parse(page):
        if token.type not in {"fence", "code_block"}:
            continue
        assert token.map
        first = token.map[0]
        before = lines[first - 1] if first else ""
        if token.type == "code_block" or token.level:
            raise ValueError(f"line {first + 1}: neither indented nor in a list")
        if token.info == "console":
            if not token.content.startswith("$ "):
                raise ValueError(f"line {first + 1}: it begins with a command")
            yield Block(None, False, token.content, first + 1)
        elif named := _FILE.fullmatch(before) or _PART.fullmatch(before):
            yield Block(named["path"], named.re is _FILE, token.content, first + 1)
        else:
            raise ValueError(f"line {first + 1}: which file is it?")


def read_steps(block: Block) -> list[tuple[str, list[str]]]:
    """Give what is typed, each with the lines below it."""
    steps: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


class Reader:
    """Somebody who follows a page, with a folder, terminals and what an engineer has set up."""

    def __init__(self, home: Path, language: str) -> None:
        self._home = home.resolve()
        self._language = language
        self._where = self._home
        self._sandbox = "http://127.0.0.1:9"  # nobody is there
        self._terminals = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._terminals.close()

    def write(self, block: Block) -> None:
        """Write the file of a block, or its part."""
        assert block.path
        path = self._where / block.path
        path.parent.mkdir(parents=True, exist_ok=True)
        text = block.text if block.whole else lay_over(path.read_text("utf-8"), block.text)
        path.write_text(text, "utf-8")

    def type(self, block: Block) -> Iterator[tuple[str, list[str]]]:
        """Type the commands of a block, and give each with what it shows."""
        steps = read_steps(block)
        if steps[0][0].startswith("mms-runner sandbox"):
            [(command, lines)] = steps
            yield command, self._open_sandbox(command, len(lines))
            return
        commands = [command for command, _ in steps]
        for command, output in zip(commands, self._run(commands), strict=True):
            yield command, self._show(output)

    def _open_sandbox(self, command: str, count: int) -> list[str]:
        """Start it in a terminal of its own, and give the first lines that it shows."""
        process = self._terminals.enter_context(
            subprocess.Popen(
                ["timeout", _PATIENCE, *shlex.split(command), *_IN_A_TEST],
                cwd=self._where,
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
            )
        )
        self._terminals.callback(process.terminate)
        assert process.stdout
        output = "".join(process.stdout.readline() for _ in range(max(count, 1)))
        found = re.search(r"http://[\d.:]+", output)
        assert found, output
        self._sandbox = found[0]
        return self._show(output)

    def _run(self, commands: Sequence[str]) -> list[str]:
        """Run commands in one shell, where the last one ended, and give what each showed."""
        ended = self._home.parent / "where"
        lines = [
            f"eval {shlex.quote(each)}; status=$?; printf '\\0'; (exit $status)"
            for each in commands
        ]
        script = "\n".join([*lines, f"pwd > {shlex.quote(str(ended))}"])
        done = subprocess.run(
            ["timeout", _PATIENCE, "bash", "--noprofile", "--norc", "-c", script],
            cwd=self._where,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=True,
        )
        self._where = Path(ended.read_text("utf-8").strip())
        return done.stdout.split("\0")[:-1]

    def _show(self, output: str) -> list[str]:
        """Give lines as the page shows them."""
        output = output.replace(str(self._home), _HOME).replace(self._sandbox, _SANDBOX)
        lines = (line.rstrip() for line in output.splitlines())
        return [line for line in lines if _OF_THE_MACHINE not in line]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{_BIN}:{os.environ['PATH']}",
            "HOME": str(self._home),
            "LC_ALL": "C.UTF-8",
            "MMS_RUNNER_LANG": self._language,
            "PIP_NO_INDEX": "1",  # pip finds that the program is there
            "SANDBOX": self._sandbox,
            # the real gateway, as an engineer has set it up: here it is the sandbox too
            "MMS_URL": self._sandbox,
            "MMS_USERID": "12",
            "MMS_ACCOUNT": "sandbox",
            "MMS_PASSWORD": "sandbox",
        }


def lay_over(text: str, part: str) -> str:
    """Put each key of a part in the place of that key of a YAML file, or at its end."""
    head, *sections = _split(text)
    kept = {_key(section): section for section in sections}
    for section in _split(part)[1:]:
        key = _key(section)
        behind = re.search(r"(?:^(?:#.*)?\n)*\Z", kept.get(key, ""), re.MULTILINE)
        kept[key] = section.rstrip("\n") + "\n" + (behind[0] if behind else "")
    return head + "".join(kept.values())


def _split(text: str) -> list[str]:
    return re.split(r"^(?=\w+:)", text, flags=re.MULTILINE)


def _key(section: str) -> str:
    return section.partition(":")[0]


def is_shown(told: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether what a page tells is what a command showed."""
    pattern = "\n".join(re.escape(_steady(line)) for line in told) + "\n"
    pattern = re.sub(r"^…\n", "(?:.*\n)*", pattern, flags=re.MULTILINE).replace("…", ".*")
    shown = "".join(f"{_steady(line)}\n" for line in lines) or "\n"
    return bool(re.fullmatch(pattern, shown))


def _steady(line: str) -> str:
    for varying, name in _VARIES:
        line = varying.sub(name, line)
    return line


def follow(page: Path, home: Path) -> str:
    """Follow a page, and give it as it should be: what it tells, or what the commands showed."""
    text = page.read_text("utf-8")
    lines = text.splitlines()
    grown = 0
    written: list[str] = []
    with Reader(home, language_of(page)) as reader:
        for block in read_blocks(text):
            if block.path:
                try:
                    reader.write(block)
                except FileNotFoundError as error:
                    error.add_note("\n".join(["What was seen last:", *written]))
                    raise
                continue
            answers = list(reader.type(block))
            written = []
            for (command, told), (_, shown) in zip(read_steps(block), answers, strict=True):
                written += [f"$ {command}", *(told if is_shown(told, shown) else shown)]
            first, length = block.line + grown, len(block.text.splitlines())
            lines[first : first + length] = written
            grown += len(written) - length
    return "\n".join(lines) + "\n"


def find_twin(page: Path) -> Path:
    """Give where a page stands in Chinese."""
    return page.with_name(f"{page.stem}.zh-CN.md")


def language_of(page: Path) -> str:
    """Give the language in which a page is written, and its reader reads: `en` or `zh`."""
    return "zh" if page.stem.endswith(".zh-CN") else "en"


def _record() -> None:
    for page in (*PAGES, *map(find_twin, PAGES)):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            home.mkdir()
            page.write_text(follow(page, home), "utf-8")


if __name__ == "__main__":
    _record()
