"""Whoever reads Chinese reads nothing else: help, results, errors and what to do next."""

import os
import subprocess
import sys
from contextlib import contextmanager

import click
import pytest
from chinese import COMMANDS, WIDEST, find_english
from cli_workspace import opening_office, opening_sandboxes
from daemons import daemon_at_work

from runner.cli import main
from runner.cli.names import name_state, say_state
from runner.cli.width import display_width
from runner.language import speak
from runner.lifecycle import AccountState, BatchState, CampaignState, RecipientState
from runner.store.journal import EntryState

office = pytest.fixture(opening_office)


@pytest.fixture(autouse=True)
def english_again():
    yield
    speak("en")


def list_commands():
    """Give the words of each command, and of each in it."""
    context = click.Context(main)
    for name in COMMANDS:
        yield (name,)
        command = main.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.list_commands(context))


@pytest.mark.parametrize("words", [(), *list_commands()], ids=" ".join)
def test_the_help_of_a_command_is_chinese_and_fits_a_terminal(office, words):
    told = office.run("--lang", "zh", *words, "--help", COLUMNS=str(WIDEST))
    # Parameters without a text of their own have a name that click makes of their type.
    typed = ("TEXT", "INTEGER", "RANGE", "DIRECTORY")
    inner = ("apply", "export", "show", "adopt", "new")
    typed_choices = ("stdout", "full", "text", "gitlab")
    assert find_english(told.out, *typed, *COMMANDS, *inner, *typed_choices) == []
    chinese = [line for line in told.out.splitlines() if not line.isascii()]
    assert max(map(display_width, chinese)) <= WIDEST


def test_the_help_is_in_the_language_of_now(office):
    """A process that spoke English before, as a test does."""
    assert "Show this message" in office.run("--lang", "en", "plan", "--help").out
    assert "Show this message" not in office.run("--lang", "zh", "plan", "--help").out
    assert "Show this message" in office.run("--lang", "en", "plan", "--help").out


@pytest.mark.parametrize(
    "state",
    [
        *(state for states in (CampaignState, BatchState, AccountState) for state in states),
        *(*RecipientState, *EntryState, "paused"),
    ],
)
def test_each_state_has_a_name(state):
    speak("zh")
    assert find_english(name_state(state) + say_state(state)) == []


@pytest.mark.parametrize(
    "words",
    [
        ("sned",),
        ("run", "--wait"),
        ("cancel", "nope", "--yes"),
        ("pause",),
        ("pause", "--all", "--account", "main"),
        ("resolve", "1", "--accepted"),
        ("resolve", "one"),
        ("resolve", "1", "--accepted", "--not-sent"),
        ("reload",),
        ("reports", "show", "7"),
        ("reports", "--all", "apply"),
        ("sandbox", "--failed-share", "2"),
        ("run", "--fail-under", "most"),
        ("plan", "nope"),
        ("plan", "--since", "HEAD"),
        ("report", "nope"),
        ("add", "../news"),
        ("add", "13800138000"),
        ("add", "a\\b"),
        ("add", "_drafts/news"),
        ("add", "runner"),
        ("add", "news", "--account", "somebody"),
        ("copy", "nope", "news"),
        ("schema", "nonsense"),
        ("init",),
    ],
    ids=" ".join,
)
def test_what_is_wrong_with_a_command_is_told_in_chinese(office, words):
    ran = office.run(*words, MMS_RUNNER_LANG="zh")
    assert ran.status == 2
    assert find_english(ran.err, *COMMANDS) == []


def test_columns_with_chinese_are_aligned(office):
    table = office.run("status", MMS_RUNNER_LANG="zh").out.splitlines()
    head, row = table[-2:]
    state = [
        display_width(line[: line.index(word)]) for line, word in ((head, "状态"), (row, "正常"))
    ]
    assert state[0] == state[1]


def test_the_keys_and_states_of_json_are_english(office):
    office.run("pause", "--account", "main", MMS_RUNNER_LANG="zh")
    [account] = office.run("status", "--json", MMS_RUNNER_LANG="zh").json["accounts"]
    assert (account["name"], account["state"]) == ("main", "paused")


FAULTY = """\
title: 中秋
start: 2035-09-16
frames:
  - {duration: 3, txt: 【某店】拒收请回复R}
recipients: {numbers: ["1380013800"]}
"""
WORDS_OF_A_FAULT = (
    *("error", "unknown", "field", "wrong", "time", "invalid", "number", "validate"),
    *("news", "yaml", "title", "start", "frames", "duration", "txt", "recipients", "numbers"),
    *("skip", "rules", "failure", "testsuite", "testsuites", "testcase", "system", "out", "xml"),
)


@pytest.mark.parametrize("form", ["full", "concise", "junit"])
def test_faults_are_told_in_chinese_by_rules_with_english_names(office, form):
    office.write("news.yaml", FAULTY)
    ran = office.run("validate", "--format", form, MMS_RUNNER_LANG="zh")
    assert ran.status == 1
    assert "没有字段 `txt`，是不是想写 `text`？" in ran.out
    assert "error[unknown-field]" in ran.out
    assert find_english(ran.out, *WORDS_OF_A_FAULT) == []
    assert find_english(ran.err, *WORDS_OF_A_FAULT) == []


@pytest.mark.parametrize(
    ("form", "message"), [("json", "message"), ("gitlab", "description"), ("sarif", "text")]
)
def test_only_the_sentences_of_a_document_are_chinese(office, form, message):
    office.write("news.yaml", FAULTY)

    def facts(document):
        """Give it without its sentences."""
        if isinstance(document, list):
            return [facts(each) for each in document]
        if isinstance(document, dict):
            texts = {message, "hint", "text"}
            return {key: facts(value) for key, value in document.items() if key not in texts}
        return document

    ran = [office.run("validate", "--format", form, MMS_RUNNER_LANG=each) for each in ("zh", "en")]
    chinese, english = (each.json for each in ran)
    assert "没有字段" in ran[0].out
    assert facts(chinese) == facts(english)


def test_what_was_mended_is_told_in_chinese(office):
    office.write("news.yaml", FAULTY.replace("2035-09-16", "2035/9/16 9:00"))
    shown = office.run("validate", "--diff", MMS_RUNNER_LANG="zh")
    assert "（改正后）" in shown.out
    ran = office.run("validate", "--fix", MMS_RUNNER_LANG="zh")
    assert "已改正 1 个文件中的 2 处问题" in ran.err
    assert find_english(ran.err, *WORDS_OF_A_FAULT) == []


def test_a_secret_that_is_missing_is_told_in_chinese(office):
    office.campaign()
    ran = office.run("balance", MMS_RUNNER_LANG="zh", MMS_PASSWORD="")
    assert "没有设置" in ran.err
    assert find_english(ran.err, "password") == []


def test_what_is_kept_of_a_command_is_english_and_shown_in_either_language(office):
    office.campaign()
    office.run("cancel", "news", "--yes", "--reason", "价格写错了", MMS_RUNNER_LANG="zh")
    [english] = office.campaign_status()["problems"]
    told = office.run("status", "--json", MMS_RUNNER_LANG="zh").json
    [chinese] = told["campaigns"][0]["problems"]
    assert english.startswith("cancelled: by ")
    assert chinese.startswith("已取消：由 ")
    assert english.endswith("价格写错了")
    assert chinese.endswith("价格写错了")


def test_the_demo_speaks_one_language_from_start_to_end(office):
    told = subprocess.run(
        [sys.executable, "-m", "runner", "--lang", "zh", "demo"],
        env={**os.environ, "TMPDIR": str(office.folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "沙箱网关正在监听" in told.stderr
    assert "已送达" in told.stdout
    assert told.stdout.count("主要流程到此完成") == 1


def test_a_daemon_answers_in_chinese_and_logs_in_english(office):
    with contextmanager(opening_sandboxes)(office) as open_sandbox:
        open_sandbox()
        with daemon_at_work(office, environment={"MMS_RUNNER_LANG": "zh"}) as daemon:
            second = office.run("daemon", "--log-format", "xml", MMS_RUNNER_LANG="zh")
            # What the command line says in its own words reaches the log where files are refused.
            office.settings(head="name: shop\nstate: ~nobody-of-that-name/state.db\n")
            daemon.refuse_files("there is no home folder for the state")
            office.settings()
    assert "'--log-format' 的值无效" in second.err
    assert daemon.log.isascii()
