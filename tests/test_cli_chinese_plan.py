"""What would be sent is shown in Chinese: to a person, to a reviewer, and in sentences to scripts.

Left as they are: the words of the files, what is typed, and the keys and actions of JSON.
"""

import subprocess

import pytest
from chinese import COMMANDS, find_english
from cli_workspace import opening_office, opening_sandboxes

from runner.changes import Kind
from runner.cli.names import name_action, name_change
from runner.cli.person import name_person
from runner.cli.width import display_width
from runner.language import speak
from runner.plan import Action

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)

FUTURE = "start: 2035-09-18 10:00\n"
NAMES = ("news", "other", "members", "shop")


@pytest.fixture(autouse=True)
def english_again():
    yield
    speak("en")


@pytest.fixture
def history(office):
    """A workspace in git, as it was before."""
    office.write("lists/members.csv", "mobile\n13800138000\n13800138001\n")
    office.campaign(people=2, more=FUTURE)
    office.campaign("gone")
    commit(office)
    return office


def commit(office):
    author = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("add", "-A"), (*author, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *words], cwd=office.root, check=True)


def plan(office, *words):
    ran = office.run("plan", *words, MMS_RUNNER_LANG="zh")
    assert ran.status in {0, 1, 3}, ran.err
    return ran


@pytest.mark.parametrize("action", Action)
def test_each_action_has_a_name(action):
    speak("zh")
    assert not name_action(action).isascii()


@pytest.mark.parametrize("kind", [*Kind, "duration", "text", "image", "order"])
def test_each_kind_of_change_has_a_name(kind):
    speak("zh")
    assert not name_change(kind).isascii()


def test_a_plan_with_everything_that_it_can_show_is_chinese(office):
    office.settings(account="hours: 08:00-21:00\npace: 5000/min")
    office.write("lists/members.csv", "mobile\n13800138000\n13800138001\n")
    more = "hours: 09:00-20:00\nuntil: 2035-09-19 18:00\nagain: nobody\n"
    office.campaign(more=f"{FUTURE}{more}")
    office.campaign("other", more=f"{FUTURE}starts_at_gateway: true\nexpect: {{recipients: 9}}\n")
    text = office.root / "news.yaml"
    text.write_text(f"{text.read_text('utf-8')}  files: [lists/members.csv]\n", "utf-8")

    ran = plan(office)

    assert find_english(ran.out, "nobody", *NAMES, *COMMANDS) == [], ran.out
    for words in ("排期，将在开始时间发出", "有意重复", "每分钟 5,000 人", "也会收到同时开始的"):
        assert words in ran.out


def test_the_labels_of_a_plan_are_aligned_by_their_width(office):
    office.campaign(more=FUTURE)
    lines = plan(office).out.splitlines()[1:]
    values = [("标题", "news"), ("开始时间", "2035"), ("人数", "3"), ("未检查", "余额")]
    columns = {
        display_width(line[: line.index(value)])
        for label, value in values
        for line in lines
        if line.startswith(f"  {label}")
    }
    assert len(columns) == 1


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_a_change_changes_is_chinese(history, form):
    history.campaign(
        people=3, more="start: 2035-09-19 10:00\nexpect: {recipients: 3}\n", title="新"
    )
    history.campaign("other", more="start: now\n")
    (history.root / "gone.yaml").unlink()

    ran = plan(history, "--since", "HEAD", "--format", form)

    assert find_english(ran.out + ran.err, "gone", *NAMES, *COMMANDS) == [], ran.out + ran.err
    for words in ("新增", "删除", "修改", "标题", "预期人数", "新增 1 人，减少 0 人", "立即"):
        assert words in ran.out


def test_a_file_that_was_sent_and_is_used_again_is_refused_in_chinese(office):
    office.campaign(more="start: now\n")
    commit(office)
    office.campaign(more="start: now\n", title="新")

    ran = plan(office, "--since", "HEAD", "--format", "markdown")
    [problem] = plan(office, "--since", "HEAD", "--json").json["problems"]

    assert ran.status == 1
    assert problem.startswith("news.yaml: 文件原来写着 `start: now`")
    assert "因此应该已经发送" in ran.out
    assert find_english(ran.out, *NAMES, *COMMANDS) == [], ran.out


def test_what_became_of_a_campaign_is_chinese(office, open_sandbox):
    person, _command = name_person("run").split()
    open_sandbox()
    office.campaign("news", more="start: now\n")
    office.run("run", "news", "--wait", "30s")
    office.campaign("other", more=FUTURE, people=2)
    office.run("pause", "other")
    office.campaign("news", more="start: now\n", title="新")

    told = plan(office, "--balance").out

    assert find_english(told, person, *NAMES, *COMMANDS) == [], told
    assert "内容不符" in told


def test_json_keeps_keys_and_words_for_scripts_in_english_and_says_sentences_in_chinese(history):
    history.campaign(more=f"{FUTURE}expect: {{recipients: 9}}\n")

    [campaign] = plan(history, "--since", "HEAD", "--json").json["campaigns"]

    assert campaign["action"] == "held"
    assert campaign["not_checked"] == ["balance"]
    assert campaign["change"]["kind"] == "changed"
    assert campaign["warnings"][0].startswith("`expect` 写明 9 位收件人")
