"""Settings outside of git: what only they may say, what both files say, and how they are found."""

import json
import os
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from workspaces import SETTINGS, shop

from runner.cli import main
from runner.errors import FaultyFiles, WrongUsage
from runner.workspace.load import load_settings

__all__ = ["shop"]

ACCOUNTS = SETTINGS.removeprefix("name: shop\n")
LISTS = "lists:\n  optout: {file: optout.csv}\n  staff: {file: /srv/staff.csv}\n"


@pytest.fixture
def server(shop):
    """A server with its settings beside the workspace, which has none of its own."""
    shop.write("runner.yaml", "name: shop\n")
    shop.apart = shop.root.parent / "etc" / "settings.yaml"
    shop.apart.parent.mkdir()
    shop.apart.write_text(ACCOUNTS)
    return shop


def load(server):
    return load_settings(server.root, server.apart)


def refuse(server):
    with pytest.raises(FaultyFiles) as error:
        load(server)
    return error.value.diagnostics


def run(server, *words, **environment):
    words = [f"--settings={server.apart}", *words] if not environment else words
    unset = {"MMS_RUNNER_SETTINGS": None, "NO_COLOR": None}
    return CliRunner().invoke(main, ["-C", str(server.root), *words], env={**unset, **environment})


# what they say


def test_accounts_lists_and_state_come_from_the_file(server):
    server.apart.write_text(f"state: /var/lib/mms/state.db\n{ACCOUNTS}{LISTS}")
    settings = load(server)
    assert (settings.state, list(settings.accounts)) == ("/var/lib/mms/state.db", ["main"])
    assert settings.lists["staff"].file == "/srv/staff.csv"


def test_relative_paths_start_at_the_folder_of_the_file(server):
    text = ACCOUNTS.replace("{env: MMS_PASSWORD}", "{file: secrets/password}")
    server.apart.write_text(f"state: state.db\n{text}    ca_file: ca.pem\n{LISTS}")
    settings = load(server)
    account, folder = settings.accounts["main"], server.apart.parent
    paths = [settings.state, account.password.name, account.ca_file, settings.lists["optout"].file]
    names = ["state.db", "secrets/password", "ca.pem", "optout.csv"]
    assert paths == [str(folder / name) for name in names]


def test_a_file_that_is_a_symlink_has_its_paths_beside_the_symlink(server):
    """So are the files that Kubernetes projects into a container."""
    text = ACCOUNTS.replace("{env: MMS_PASSWORD}", "{file: password}")
    (server.root.parent / "real.yaml").write_text(text)
    server.apart.unlink()
    server.apart.symlink_to("../real.yaml")
    folder = server.apart.parent
    assert load(server).accounts["main"].password.name == str(folder / "password")


@pytest.mark.parametrize(
    ("own", "apart", "name"),
    [("name: own", "name: apart", "own"), ("{}", "name: apart", "apart"), ("{}", "{}", "shop")],
)
def test_the_workspace_s_own_name_goes_before_that_of_the_file(server, own, apart, name):
    server.write("runner.yaml", f"{own}\n")
    server.apart.write_text(f"{apart}\n{ACCOUNTS}".replace("{}\n", ""))
    assert load(server).name == name


@pytest.mark.parametrize(
    ("own", "apart", "zone"),
    [
        ("timezone: Asia/Tokyo", "timezone: Europe/Berlin", "Asia/Tokyo"),
        ("name: shop", "timezone: Europe/Berlin", "Europe/Berlin"),
        ("name: shop", "name: shop", "Asia/Shanghai"),
    ],
)
def test_the_workspace_s_own_zone_goes_before_that_of_the_file(server, own, apart, zone):
    server.write("runner.yaml", f"{own}\n")
    server.apart.write_text(f"{apart}\n{ACCOUNTS}")
    assert load(server).zone == ZoneInfo(zone)


def test_the_start_of_a_campaign_is_meant_in_the_zone_of_the_file(server):
    server.apart.write_text(f"timezone: Europe/Berlin\n{ACCOUNTS}")
    server.campaign("start: 2035-09-16 09:00\n")
    start = server.load(server.apart).campaigns["news"].start
    assert start.tzinfo == ZoneInfo("Europe/Berlin")


def test_both_files_may_exclude_people_always(server):
    """Whoever edits campaigns may spare people, and cannot reach those that the server spares."""
    server.write("runner.yaml", "name: shop\nalways_exclude: [staff, optout]\n")
    server.apart.write_text(f"{ACCOUNTS}{LISTS}always_exclude: [optout]\n")
    assert load(server).always_exclude == ("optout", "staff")


def test_an_unknown_list_is_told_in_the_file_that_names_it(server):
    server.write("runner.yaml", "name: shop\nalways_exclude: [stuff]\n")
    server.apart.write_text(f"always_exclude: [optuot]\n{ACCOUNTS}{LISTS}")
    assert [(fault.file, fault.rule, fault.hint) for fault in refuse(server)] == [
        (str(server.apart), "unknown-list", "did you mean `optout`?"),
        ("runner.yaml", "unknown-list", "did you mean `staff`?"),
    ]


def test_a_list_always_excluded_that_is_no_list_is_told_in_the_file_that_names_it(server):
    server.apart.write_text(f"{ACCOUNTS}{LISTS}always_exclude: [optout]\n")
    (server.apart.parent / "optout.csv").mkdir()
    [fault] = server.load(server.apart).diagnostics
    assert (fault.file, fault.rule, fault.span.line) == (str(server.apart), "not-a-file", 10)


# what the workspace may not say


@pytest.mark.parametrize("line", ["accounts: {}", "lists: {}", "state: /tmp/state.db"])
def test_what_is_set_apart_is_an_error_in_the_workspace(server, line):
    """Else an edit of the workspace could send the password elsewhere."""
    server.write("runner.yaml", f"name: shop\n{line}\n")
    fault = next(fault for fault in refuse(server) if fault.rule == "set-elsewhere")
    assert (fault.file, server.marked(fault)) == ("runner.yaml", line.split(":")[0])
    assert str(server.apart) in fault.message
    assert "redirect passwords" in fault.hint


def test_accounts_in_both_files_are_never_mixed(server):
    other = ACCOUNTS.replace("mms.example.cn", "evil.example.cn")
    server.write("runner.yaml", other)
    server.campaign()
    workspace = server.load(server.apart)
    assert (workspace.settings, [fault.rule for fault in workspace.errors]) == (
        None,
        ["set-elsewhere"],
    )


@pytest.mark.parametrize("place", ["{root}/password", "../shop/password"])
def test_no_secret_may_lie_in_the_workspace(server, place):
    path = place.format(root=server.root)
    server.apart.write_text(ACCOUNTS.replace("{env: MMS_PASSWORD}", f"{{file: {path}}}"))
    [fault] = refuse(server)
    assert (fault.file, fault.rule) == (str(server.apart), "secret-in-workspace")


def test_accounts_are_missed_in_the_file_and_not_in_the_workspace(server):
    server.apart.write_text("name: shop\n")
    [fault] = refuse(server)
    assert (fault.file, fault.rule) == (str(server.apart), "missing-field")


def test_campaigns_are_checked_against_accounts_and_lists_of_the_file(server):
    server.apart.write_text(f"{ACCOUNTS}    message_limit: 20\n{LISTS}")
    recipients = "recipients:\n  lists: [stuff]\n"
    server.campaign("account: mian\n", recipients=recipients)
    rules = [fault.rule for fault in server.load(server.apart).diagnostics]
    assert rules == ["unknown-account", "unknown-list"]


def test_a_fault_in_either_file_does_not_silence_the_campaigns(server):
    server.campaign("start: soon\n")
    server.apart.write_text("accounts: [")
    found = {fault.file: fault.rule for fault in server.load(server.apart).diagnostics}
    assert found == {str(server.apart): "unclosed-bracket", "news.yaml": "wrong-time"}


# how they are found


@pytest.mark.parametrize("by", ["option", "environment"])
def test_the_file_is_named_by_an_option_or_the_environment(server, by):
    environment = {"MMS_RUNNER_SETTINGS": str(server.apart)} if by == "environment" else {}
    result = run(server, "plan", **environment)
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_relative_name_starts_at_the_current_folder(server, monkeypatch):
    monkeypatch.chdir(server.apart.parent)
    result = run(server, "plan", MMS_RUNNER_SETTINGS="settings.yaml")
    assert (result.exit_code, result.stderr) == (0, "")


def test_without_it_the_missing_accounts_point_to_it(server):
    result = run(server, "status", MMS_RUNNER_SETTINGS=None)
    assert result.exit_code == 2
    assert "--settings FILE" in result.stderr


@pytest.mark.parametrize("words", [("validate",), ("plan",), ("status",), ("run",)])
def test_a_file_that_is_not_there_is_wrong_usage(server, words):
    server.apart.unlink()
    result = run(server, *words)
    assert result.exit_code == 2
    assert f"there is no settings file {server.apart}" in result.stderr


def test_a_folder_and_a_pipe_are_wrong_usage(server):
    os.mkfifo(server.apart.parent / "pipe")
    for name in (".", "pipe"):
        with pytest.raises(WrongUsage, match="no regular file"):
            load_settings(server.root, server.apart.parent / name)


def test_a_fault_of_the_file_is_shown_with_its_path_and_masked(server):
    server.apart.write_text(ACCOUNTS.replace("{env: MMS_PASSWORD}", "hunter2"))
    result = run(server, "status")
    assert result.exit_code == 2
    assert f"--> {server.apart}:6:15" in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(server, mode):
    """Who writes it decides who is sent the password."""
    server.apart.chmod(mode)
    [fault] = refuse(server)
    assert (fault.file, fault.rule) == (str(server.apart), "writable-by-others")
    assert fault.hint == f"take that right away: chmod go-w {server.apart}"


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_a_file_in_a_folder_that_others_may_write_is_refused(server, mode):
    """They could put another file in its place."""
    server.apart.parent.chmod(mode)
    [fault] = refuse(server)
    assert fault.rule == "writable-by-others"
    assert f"may change {server.apart.parent}," in fault.message


def test_a_file_behind_a_link_is_refused_where_the_folder_of_either_is_not_safe(server):
    """So a link in a safe folder does not hide it, nor one in an unsafe folder."""
    behind = server.root.parent / "srv" / "settings.yaml"
    behind.parent.mkdir()
    server.apart.rename(behind)
    server.apart.symlink_to(behind)
    assert load(server).accounts
    for folder in (server.apart.parent, behind.parent):
        folder.chmod(0o777)
        [fault] = refuse(server)
        assert f"everybody on this machine may change {folder}," in fault.message
        folder.chmod(0o755)


def test_a_sticky_folder_is_safe(server):
    """Nobody may replace there what is another's: /tmp, and what Kubernetes mounts."""
    server.apart.parent.chmod(0o1777)
    assert load(server).accounts


@pytest.mark.parametrize(("command", "status"), [("validate", 1), ("plan", 2), ("status", 2)])
def test_every_command_refuses_settings_that_others_may_write(server, command, status):
    server.apart.chmod(0o646)
    result = run(server, command)
    said = result.stdout + result.stderr
    assert (result.exit_code, "chmod go-w" in said) == (status, True)


def test_the_workspace_s_own_settings_are_refused_where_everybody_may_write_them(server):
    """A group may share a checkout: its members are those who edit it."""
    server.write("runner.yaml", f"name: shop\n{ACCOUNTS}")
    own = server.root / "runner.yaml"
    own.chmod(0o664)
    assert load_settings(server.root).accounts
    for path, mode in ((own, 0o646), (server.root, 0o777)):
        before = path.stat().st_mode
        path.chmod(mode)
        with pytest.raises(FaultyFiles) as error:
            load_settings(server.root)
        [fault] = error.value.diagnostics
        assert (fault.file, fault.rule) == ("runner.yaml", "writable-by-others")
        assert fault.hint == f"take that right away: chmod o-w {path}"
        path.chmod(before)


def test_a_workspace_without_accounts_may_be_anybody_s(server):
    """The file of `--settings` alone decides where passwords go."""
    (server.root / "runner.yaml").chmod(0o666)
    assert load(server).accounts


def test_validate_tells_the_faults_of_the_file(server):
    server.apart.write_text(f"{ACCOUNTS}    batch_size: 0\n")
    result = run(server, "validate", "--format", "json")
    [fault] = json.loads(result.stdout)
    assert (result.exit_code, fault["rule"], fault["file"]) == (
        1,
        "out-of-range",
        os.path.relpath(server.apart),
    )
