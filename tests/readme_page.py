"""What the READMEs show below their commands: `python -m readme_page` writes it anew.

The commands are typed in the example workspace, with an address of its own; before `validate` three
mistakes are made in it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from runner.sandbox import Sandbox, SandboxSettings, parse_fault

_ROOT = Path(__file__).parents[1]

READMES = {"en": _ROOT / "README.md", "zh": _ROOT / "README.zh-CN.md"}

_SETTINGS = """\
name: readme
accounts:
  main: {{url: "{url}", userid: "12", account: sandbox, password: {{env: MMS_PASSWORD}},
         concurrency: 1}}
"""  # one request at a time, so that the fault of the second is always batch 2's
_MANNERS = SandboxSettings(
    report_delay=0.2, failed_share=0.03, seed=2035, faults=(parse_fault("send:2=7"),)
)
_MISTAKES = {"text: 开业": "txt: 开业", "media/shop.jpg": "media/shops.jpg", "88号": "88号🎉"}
_BLOCK = re.compile(r"(?<=^```console\n)\$ (?P<command>.*)\n(?P<told>(?:.*\n)*?)(?=```$)", re.M)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")


def write_page(language: str, folder: Path) -> str:
    """Give a README as it should be: with what it tells, or with what its commands print.

    folder: an empty one, for the workspace.
    """
    shop = folder / "campaigns"
    shutil.copytree(_ROOT / "campaigns", shop)

    def look(block: re.Match[str]) -> str:
        printed = _type(block["command"], shop, language)
        told = block["told"]
        return f"$ {block['command']}\n{told if _steady(told) == _steady(printed) else printed}"

    readme = READMES[language].read_text("utf-8")
    with Sandbox(_MANNERS) as sandbox:
        (shop / "runner.yaml").write_text(_SETTINGS.format(url=sandbox.url), "utf-8")
        page, looks = _BLOCK.subn(look, readme)
    assert looks == readme.count("```console"), "each block is one command and what it prints"
    return page


def _type(command: str, shop: Path, language: str) -> str:
    """Type a command as a user would, and give what a terminal shows of both streams."""
    campaign = shop / "new-shop.yaml"
    good = campaign.read_text("utf-8")
    if command == "mms-runner validate":
        faulty = good
        for right, wrong in _MISTAKES.items():
            faulty = faulty.replace(right, wrong)
        campaign.write_text(faulty, "utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONUTF8": "1",
        "MMS_RUNNER_LANG": language,
        "MMS_PASSWORD": "sandbox",
        "XDG_STATE_HOME": str(shop.parent / "state"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "runner", *shlex.split(command)[1:]],
        cwd=shop,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    campaign.write_text(good, "utf-8")
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def _steady(text: str) -> list[str]:
    """Take out what differs from run to run; lines sorted, since two streams are mixed."""
    return sorted(line for line in _TIME.sub("TIME", text).splitlines() if line)


if __name__ == "__main__":
    for spoken, page in READMES.items():
        with tempfile.TemporaryDirectory() as empty:
            page.write_text(write_page(spoken, Path(empty)), "utf-8")
