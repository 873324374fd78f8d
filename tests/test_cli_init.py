"""`mms-runner init` and `add`: what a newcomer gets works at once, and nothing is overwritten."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from click.testing import CliRunner

from runner import __version__
from runner.cli import main
from runner.cli.sandbox import command as sandbox_command
from runner.sandbox import Sandbox, SandboxSettings
from runner.workspace.load import load_workspace

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent  # where `mms-runner` is


class Ran(NamedTuple):
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str


class Desk:
    """A folder in which somebody types commands."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.go = monkeypatch.chdir
        self.environment = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(folder / "states"),
            "PYTHONUTF8": "1",
        }

    def runner(self, *words: str) -> Ran:
        """Run a command of ours, in this process."""
        self.go(self.folder)
        unset = dict.fromkeys(("STATE_DIRECTORY", "MMS_RUNNER_WORKSPACE", "MMS_RUNNER_SETTINGS"))
        result = CliRunner().invoke(
            main, words, env={**unset, **self.environment}, prog_name="mms-runner"
        )
        assert "a defect of the program" not in result.stderr, result.stderr
        return Ran(result.exit_code, result.stdout, result.stderr)

    def type(self, line: str, **environment: str) -> Ran:
        """Run whatever a shell takes, in one of its own."""
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "a defect of the program" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def files(self) -> dict[str, bytes]:
        """What lies here, but for states."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and "states" not in path.parts
        }


@pytest.fixture
def desk(tmp_path, monkeypatch):
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(folder, monkeypatch)


@pytest.fixture
def shop(desk):
    """A workspace, in which one types."""
    assert desk.runner("init", "shop").status == 0
    desk.folder /= "shop"
    return desk


def commands(text):
    """Give the commands that a text says to type."""
    lines = re.findall(r"^  ((?:cd|mms-runner|\./rehearse) .*)$", text, re.MULTILINE)
    return [re.sub(r"  +#.*", "", line) for line in lines]


def test_a_new_workspace_has_no_faults_at_once(shop):
    assert load_workspace(shop.folder).diagnostics == ()
    ran = shop.runner("validate")
    assert (ran.status, ran.out, ran.err) == (0, "", "1 campaign, no faults\n")


def test_what_was_written_is_listed_on_stdout(desk):
    ran = desk.runner("init", "shop")
    assert ran.out.splitlines() == sorted(desk.files())


def test_a_folder_that_is_there_and_empty_is_filled(desk):
    ran = desk.runner("init", ".")
    assert ran.status == 0
    assert "\n  cd " not in ran.err
    assert desk.runner("validate").status == 0
    assert load_workspace(desk.folder).settings.name == "desk"


def test_every_command_that_it_says_to_type_next_works(desk):
    """With a sandbox of this test in the place of the one that stands in another terminal."""
    told = commands(desk.runner("init", "my shop").err)
    assert told[0] == "cd 'my shop'"
    desk.folder /= "my shop"
    told.remove("mms-runner sandbox")
    with Sandbox(SandboxSettings(report_delay=0.0)) as sandbox:
        ran = {line: desk.type(line, SANDBOX=sandbox.url) for line in told[1:]}
    assert {line: each.status for line, each in ran.items()} == dict.fromkeys(told[1:], 0)
    assert len(ran) == 4
    assert re.search(
        r"welcome +finished .* 3 +0 +0 +3 ", ran["./rehearse run welcome --wait 30s"].out
    )


def test_a_rehearsal_goes_to_where_the_sandbox_listens_as_the_account_that_it_has(shop):
    script = (shop.folder / "rehearse").read_text("utf-8")
    defaults = {option.name: option.default for option in sandbox_command.params}
    assert f"http://{defaults['host']}:{defaults['port']}" in script
    for name in ("userid", "account", "password"):
        assert f"MMS_{name.upper()}={defaults[name]}\n" in script.replace(" ", "\n") + "\n"


def test_a_rehearsal_knows_nothing_of_a_server_and_leaves_no_trace_in_the_real_state(shop):
    with Sandbox(SandboxSettings(report_delay=0.0)) as sandbox:
        ran = shop.type(
            "./rehearse run welcome --wait 30s",
            SANDBOX=sandbox.url,
            MMS_URL="http://127.0.0.1:9",
            MMS_RUNNER_SETTINGS="/nowhere/settings.yaml",
            MMS_RUNNER_WORKSPACE="/nowhere",
        )
    assert ran.status == 0, ran.err
    assert (shop.folder / ".rehearsal" / "state.db").exists()
    assert not (shop.folder / "states").exists()
    assert "welcome: draft" in shop.runner("plan", "welcome").out


@pytest.mark.parametrize(
    "address",
    [
        "url: {url}",
        '"url": {url}',
        "url : {url}",
        "url: {file: /etc/mms/url}",
        "url:\n      env: MMS_URL",
        "url: {env: MMS_URL_OF_THE_OPERATOR}",
    ],
)
def test_an_address_that_is_the_real_one_is_not_rehearsed_with(shop, address):
    """What is rehearsed is in no state but the rehearsal's, so it would be sent a second time."""
    settings = shop.folder / "runner.yaml"
    text = settings.read_text("utf-8")
    with Sandbox(SandboxSettings()) as real:
        address = address.replace("{url}", real.url)
        settings.write_text(text.replace("url: {env: MMS_URL}", address), "utf-8")
        ran = shop.type("./rehearse run welcome", MMS_URL_OF_THE_OPERATOR=real.url)
        assert not real.requests
    assert ran.status == 2
    assert "url: {env: MMS_URL}" in ran.err


@pytest.mark.parametrize("state", ["state: s.db", '"state": s.db', "state : {path: s.db}"])
def test_a_state_that_the_settings_name_is_not_rehearsed_in(shop, state):
    """What was rehearsed would count as sent there."""
    settings = shop.folder / "runner.yaml"
    settings.write_text(f"{settings.read_text('utf-8')}{state}\n", "utf-8")
    with Sandbox(SandboxSettings()) as sandbox:
        ran = shop.type("./rehearse run welcome", SANDBOX=sandbox.url)
        assert not sandbox.requests
    assert ran.status == 2
    assert "would count as sent" in ran.err
    assert not (shop.folder / "s.db").exists()


@pytest.mark.parametrize("there", ["runner.yaml", "media/tea.jpg", "media", ".gitlab-ci.yml"])
def test_a_file_that_is_there_is_named_and_nothing_is_written(desk, there):
    path = desk.folder / "shop" / there
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    before = desk.files()
    ran = desk.runner("init", "shop")
    assert ran.status == 2
    assert f"where these are already: {there}\n" in ran.err
    assert desk.files() == before


def test_a_workspace_that_is_there_stays_as_it_is(shop):
    before = shop.files()
    ran = shop.runner("init", ".")
    assert ran.status == 2
    assert re.search(
        r"already: runner.yaml, welcome.yaml, lists/members.csv and \d more\n", ran.err
    )
    assert shop.files() == before


def test_a_readme_and_a_gitignore_of_a_repository_stay_as_they_are(desk):
    for name in ("README.md", ".gitignore"):
        (desk.folder / name).write_text("mine")
    ran = desk.runner("init", ".")
    assert ran.status == 0
    assert "README.md was there, and is left as it was" in ran.err
    assert desk.files()["README.md"] == desk.files()[".gitignore"] == b"mine"
    assert "README.md" not in ran.out


def test_other_yaml_files_would_be_campaigns_and_are_refused(desk):
    (desk.folder / "compose.yaml").write_text("services: {}\n")
    ran = desk.runner("init", ".")
    assert ran.status == 2
    assert "where these would be campaigns: compose.yaml" in ran.err
    assert list(desk.files()) == ["compose.yaml"]


def test_a_folder_in_another_workspace_is_refused(shop):
    ran = shop.runner("init", "spring/shop")
    assert ran.status == 2
    assert f"lies in the workspace {shop.folder}" in ran.err
    assert not (shop.folder / "spring").exists()


@pytest.mark.parametrize("name", [".shop", "a\\b", "x" * 65, os.fsdecode(b"\xff")])
def test_a_folder_whose_name_a_workspace_cannot_have_is_refused(desk, name):
    ran = desk.runner("init", name)
    assert ran.status == 2
    assert "cannot be that of a workspace" in ran.err
    assert desk.files() == {}


@pytest.mark.parametrize("name", ["NO", "2036", "春 #1", "a: b", "'x'"])
def test_whatever_the_folder_is_called_is_the_name_of_the_workspace(desk, name):
    assert desk.runner("init", name).status == 0
    workspace = load_workspace(desk.folder / name)
    assert workspace.diagnostics == ()
    assert workspace.settings.name == name


def test_a_file_is_no_folder(desk):
    (desk.folder / "shop").write_text("mine")
    ran = desk.runner("init", "shop")
    assert (ran.status, ran.err) == (2, f"mms-runner: {desk.folder / 'shop'} is no folder\n")


def test_without_a_folder_it_says_how_to_name_one(desk):
    ran = desk.runner("init")
    assert ran.status == 2
    assert "mms-runner init DIR" in ran.err


def test_settings_that_everybody_might_change_are_not_written(desk):
    """validate would refuse them."""
    assert desk.type("umask 0; mms-runner init shop").status == 0
    assert desk.runner("-C", "shop", "validate").status == 0


@pytest.mark.parametrize(
    ("words", "place", "workspace"),
    [
        ((), ".gitlab-ci.yml", "sms/campaigns"),
        (("--ci", "github"), ".github/workflows/campaigns.yml", "sms/campaigns"),
    ],
)
def test_the_ci_file_is_at_the_top_of_the_repository_and_is_the_recipe_for_this_workspace(
    desk, words, place, workspace
):
    """Each line of the recipes is run in test_ci_recipes.py."""
    (desk.folder / ".git").mkdir()
    assert desk.runner("init", workspace, *words).status == 0
    jobs = yaml.safe_load((desk.folder / place).read_text("utf-8"))
    named = jobs["env"] if "env" in jobs else jobs[".mms"]["variables"]
    assert named["MMS_RUNNER_WORKSPACE"] == workspace
    assert named["MMS_RUNNER"] == f"mms-campaign-runner=={__version__}"
    assert desk.type("mms-runner validate", **named).status == 0


def test_no_ci_file_where_none_is_wanted(desk):
    assert desk.runner("init", "shop", "--ci", "none").status == 0
    assert not [name for name in desk.files() if "ci" in name or "github" in name]


def test_where_the_ci_file_is_taken_it_says_how_to_do_without(desk):
    (desk.folder / ".git").mkdir()
    (desk.folder / ".gitlab-ci.yml").write_text("mine")
    ran = desk.runner("init", "shop")
    assert ran.status == 2
    assert "--ci none" in ran.err
    assert list(desk.files()) == [".gitlab-ci.yml"]


def test_schemas_of_another_version_are_noticed_and_renewed(shop):
    schema = shop.folder / "schemas" / "campaign.schema.json"
    schema.write_text('{"title": "old"}')
    (shop.folder / "schemas" / "settings.schema.json").unlink()
    noticed = shop.runner("validate")
    assert noticed.status == 0
    assert "`mms-runner init --schemas` renews them" in noticed.err
    renewed = shop.runner("init", "--schemas")
    assert renewed.status == 0
    assert renewed.out.splitlines() == [
        f"schemas/{name}.schema.json" for name in ("campaign", "defaults", "frame", "settings")
    ]
    for path in (ROOT / "schemas").iterdir():
        assert (shop.folder / "schemas" / path.name).read_bytes() == path.read_bytes()
    assert shop.runner("validate").err == "1 campaign, no faults\n"


def test_schemas_whose_lines_end_otherwise_are_the_same_ones(shop):
    schema = shop.folder / "schemas" / "campaign.schema.json"
    schema.write_bytes(schema.read_bytes().replace(b"\n", b"\r\n"))
    assert shop.runner("validate").err == "1 campaign, no faults\n"


def test_a_workspace_without_schemas_gets_them(shop):
    for path in (shop.folder / "schemas").iterdir():
        path.unlink()
    (shop.folder / "schemas").rmdir()
    assert shop.runner("validate").err == "1 campaign, no faults\n"
    shop.folder = shop.folder.parent
    assert shop.runner("init", "--schemas", "shop").status == 0
    assert (shop.folder / "shop" / "schemas" / "campaign.schema.json").exists()


def only_campaign(shop, name):
    workspace = load_workspace(shop.folder)
    assert workspace.diagnostics == ()
    return workspace.campaigns[name]


def first_line(file):
    return file.read_text("utf-8").partition("\n")[0]


@pytest.mark.parametrize("name", ["openday", "2036/spring/openday", "2036/春/开放 日"])
def test_a_new_campaign_is_a_draft_without_faults(shop, name):
    ran = shop.runner("add", name)
    assert (ran.status, ran.out) == (0, f"{name}.yaml\n")
    assert only_campaign(shop, name).start is None


def test_the_first_line_leads_an_editor_to_the_schemas(shop):
    shop.runner("add", "2036/spring/openday")
    file = shop.folder / "2036" / "spring" / "openday.yaml"
    path = first_line(file).removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / path).resolve() == shop.folder / "schemas" / "campaign.schema.json"


def test_schemas_beside_the_workspace_are_found(shop):
    (shop.folder / "schemas").rename(shop.folder.parent / "schemas")
    shop.runner("add", "openday")
    assert first_line(shop.folder / "openday.yaml").endswith(
        "$schema=../schemas/campaign.schema.json"
    )


def test_without_schemas_there_is_no_such_line_but_a_word_on_how_to_get_them(shop):
    (shop.folder / "schemas").rename(shop.folder / "elsewhere")
    ran = shop.runner("add", "openday")
    assert "mms-runner init --schemas" in ran.err
    assert "yaml-language-server" not in (shop.folder / "openday.yaml").read_text("utf-8")


def test_every_command_that_a_new_campaign_asks_for_works(shop):
    told = commands(shop.runner("add", "2036/spring/open day").err)
    assert len(told) == 2
    assert [shop.type(line).status for line in told] == [0, 0]


def test_from_elsewhere_those_commands_name_the_workspace(shop):
    shop.folder = shop.folder.parent
    ran = shop.runner("-C", "shop", "add", "openday")
    assert ran.out == "shop/openday.yaml\n"
    assert [shop.type(line).status for line in commands(ran.err)] == [0, 0]


@pytest.mark.parametrize("title", ["中秋: 快乐 #1", "NO", "12", "'", '"', "好" * 60, "- a"])
def test_a_title_is_written_so_that_it_is_read_as_it_was_given(shop, title):
    assert shop.runner("add", "openday", "--title", title).status == 0
    workspace = load_workspace(shop.folder)
    assert workspace.errors == ()  # that one is long is a warning
    assert workspace.campaigns["openday"].message.title == title


def test_a_title_that_cannot_be_sent_is_told_at_its_place(shop):
    ran = shop.runner("add", "openday", "--title", "中秋\n快乐")
    assert ran.status == 1
    assert "a title is one line of text" in ran.err
    assert "openday.yaml:3:" in ran.err


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("_x", "what begins with `_` or `.` is no campaign"),
        (".x", "what begins with `_` or `.` is no campaign"),
        ("_2036/x", "what begins with `_` or `.` is no campaign"),
        ("runner", "runner.yaml holds the settings"),
        ("2036/runner", "runner.yaml holds the settings"),
        ("/x", "it leaves the workspace"),
        ("a//b", "a name is missing"),
        ("../x", "it leaves the workspace"),
        ("a/", "a name is missing"),
        (" ", "a name is missing"),
        ("", "a name is missing"),
        ("2036\\x", "`/` between them, not a backslash"),
        ("a\tb", "it is not UTF-8 or holds control characters"),
        (os.fsdecode(b"\xff"), "it is not UTF-8 or holds control characters"),
        ("to-13800138000", "it holds a phone number, and names stand in plans"),
    ],
)
def test_a_name_that_the_workspace_would_not_read_is_refused(shop, name, why):
    before = shop.files()
    ran = shop.runner("add", name)
    assert (ran.status, ran.out) == (2, "")
    assert why in ran.err
    assert "13800138000" not in ran.err
    assert shop.files() == before


@pytest.mark.parametrize("name", ["welcome", "Welcome", "welcome.yaml", "WELCOME.yml"])
def test_a_name_that_is_taken_in_any_case_is_refused(shop, name):
    before = shop.files()
    ran = shop.runner("add", name)
    assert ran.status == 2
    assert "there is a campaign welcome.yaml already" in ran.err
    assert shop.files() == before


def test_a_name_that_a_file_of_the_other_suffix_has_is_refused(shop):
    (shop.folder / "welcome.yaml").rename(shop.folder / "welcome.yml")
    ran = shop.runner("add", "welcome")
    assert "there is a campaign welcome.yml already" in ran.err


def test_a_folder_that_leads_out_of_the_workspace_is_refused(shop):
    (shop.folder / "out").symlink_to(shop.folder.parent)
    ran = shop.runner("add", "out/x")
    assert ran.status == 2
    assert "`out` is no folder of the workspace" in ran.err


def second_account(shop):
    settings = shop.folder / "runner.yaml"
    text = settings.read_text("utf-8")
    own = "{url: http://a.example.cn, userid: 1, account: a, password: {env: P}}"
    text = text.replace("accounts:\n", f"accounts:\n  promo: {own}\n")
    settings.write_text(text, "utf-8")
    shop.folder.joinpath("welcome.yaml").unlink()


def test_where_there_are_several_accounts_one_must_be_named(shop):
    second_account(shop)
    ran = shop.runner("add", "openday")
    assert ran.status == 2
    assert "name one with --account" in ran.err
    assert "promo, main" in ran.err
    assert not (shop.folder / "openday.yaml").exists()
    assert shop.runner("add", "openday", "--account", "promo").status == 0
    assert only_campaign(shop, "openday").account == "promo"


def test_an_account_that_nobody_has_is_refused_with_the_nearest(shop):
    ran = shop.runner("add", "openday", "--account", "mian")
    assert ran.status == 2
    assert "did you mean `main`?" in ran.err


def test_where_there_is_one_account_nothing_is_said_of_it(shop):
    shop.runner("add", "openday")
    assert "account:" not in (shop.folder / "openday.yaml").read_text("utf-8")


def test_without_a_workspace_there_is_nothing_to_add_to(desk):
    ran = desk.runner("add", "openday")
    assert ran.status == 2
    assert "no workspace here" in ran.err
