"""The README is true: its campaign is the example's, and its output is what the commands print."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runner.sandbox import Sandbox, SandboxSettings, parse_fault

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SETTINGS = """\
name: readme
accounts:
  main: {{url: "{url}", userid: "12", account: sandbox, password: {{env: MMS_PASSWORD}},
         concurrency: 1}}
"""  # one request at a time, so that the fault of the second is always batch 2's
# A new run has another time.
VARIABLE = ((r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d\S*)?", "TIME"), (r" +\n", "\n"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The example workspace with an address of its own."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "campaigns", folder / "campaigns")
    manners = SandboxSettings(
        report_delay=0.2, failed_share=0.03, seed=2035, faults=(parse_fault("send:2=7"),)
    )
    with Sandbox(manners) as sandbox:
        settings = folder / "campaigns" / "runner.yaml"
        settings.write_text(SETTINGS.format(url=sandbox.url), "utf-8")
        yield folder / "campaigns"


def run(shop, *words):
    """Run a command as a user would, and give what a terminal shows of both streams."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONUTF8": "1",
        "MMS_PASSWORD": "sandbox",
        "XDG_STATE_HOME": str(shop.parent / "state"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "runner", *words],
        cwd=shop,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def shown(command):
    """Give what the README shows below a command."""
    block = re.search(rf"```console\n\$ {re.escape(command)}\n(.*?)```", README, re.DOTALL)
    assert block, f"the README does not show `{command}`"
    return block[1]


def steady(text):
    """Take out what differs from run to run; lines sorted, since two streams are mixed."""
    for pattern, name in VARIABLE:
        text = re.sub(pattern, name, text)
    return sorted(line.rstrip() for line in text.splitlines() if line.strip())


def test_the_campaign_on_the_first_screen_is_the_example():
    block = re.search(r"```yaml\n# campaigns/new-shop.yaml\n(.*?)```", README, re.DOTALL)[1]
    example = (ROOT / "campaigns" / "new-shop.yaml").read_text("utf-8")
    lines = [re.sub(r"\s+#.*", "", line) for line in example.splitlines()]
    assert block.splitlines() == [line for line in lines if line and not line.startswith("#")]


def test_validate_prints_what_the_readme_shows(shop):
    campaign = shop / "new-shop.yaml"
    good = campaign.read_text("utf-8")
    faulty = good.replace("text: 开业", "txt: 开业")
    faulty = faulty.replace("media/shop.jpg", "media/shops.jpg").replace("88号", "88号🎉")
    campaign.write_text(faulty, "utf-8")
    try:
        assert steady(run(shop, "validate")) == steady(shown("mms-runner validate"))
    finally:
        campaign.write_text(good, "utf-8")


def test_plan_prints_what_the_readme_shows(shop):
    assert steady(run(shop, "plan", "new-shop")) == steady(shown("mms-runner plan new-shop"))


def test_run_prints_what_the_readme_shows(shop):
    command = ("run", "new-shop", "--wait", "60s")
    assert steady(run(shop, *command)) == steady(shown(f"mms-runner {' '.join(command)}"))
