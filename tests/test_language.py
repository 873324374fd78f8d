"""What a person reads is in the language that was chosen; what is kept or logged is English."""

import os
import subprocess
import sys

import pytest

from runner.errors import WrongUsage
from runner.language import N_, choose_language, speak, translate

NO_SUCH_FILE = "there is no file {path}"
WAITS = "waits for its hours, which open at {time}"


@pytest.fixture(autouse=True)
def english_again():
    yield
    speak("en")


@pytest.mark.parametrize(
    ("named", "environment", "chosen"),
    [
        ("zh", {"MMS_RUNNER_LANG": "en", "LANG": "en_GB.UTF-8"}, "zh"),
        (None, {"MMS_RUNNER_LANG": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        (None, {"MMS_RUNNER_LANG": "", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        (None, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "fr_FR.UTF-8"}, "en"),
        (None, {}, "en"),
    ],
)
def test_the_language_is_the_named_one_then_the_environments_then_the_locales(
    named, environment, chosen
):
    assert choose_language(named, environment) == chosen


def test_a_sentence_stays_english_until_it_is_shown():
    told = N_(NO_SUCH_FILE).format(path="a.yaml")
    assert told == "there is no file a.yaml"
    speak("zh")
    assert translate(told) == "没有文件 a.yaml"


def test_the_words_of_an_error_are_still_a_sentence():
    error = WrongUsage(N_(NO_SUCH_FILE).format(path="two of them"))
    speak("zh")
    assert translate(str(error)) == "没有文件 two of them"


def test_a_sentence_of_which_only_the_text_was_kept_is_found_by_its_words():
    kept = "there is no file a.yaml"
    speak("zh")
    assert translate(kept) == "没有文件 a.yaml"


def test_a_sentence_within_a_kept_one_is_found_too():
    speak("zh")
    assert translate("no balance: there is no file a.yaml") == "未取得余额：没有文件 a.yaml"


def test_a_field_that_stands_twice_holds_the_same_twice():
    speak("zh")
    told = "{} has not begun: `mms-runner plan {}` shows its plan."
    assert "尚未开始" in translate(told.format("news", "news"))
    assert translate(told.format("news", "sale")) == told.format("news", "sale")


def test_clauses_that_were_kept_together_are_found_each():
    speak("zh")
    kept = "there is no file a.yaml; waits for its hours, which open at 08:00"
    assert translate(kept) == "没有文件 a.yaml；等待发送时段，08:00 开始"


@pytest.mark.parametrize(
    "words",
    [
        "the gateway says: busy",
        "paused",  # a campaign may be called so
        "wrong price: ask anna",  # no message is so vague
        "there is no file ",  # nothing is a field's value
    ],
)
def test_what_others_wrote_stays_as_it_is(words):
    speak("zh")
    assert translate(words) == words


def test_a_name_that_is_also_a_message_stays_a_name():
    told = N_("there is no campaign `{name}`").format(name="paused")
    speak("zh")
    assert translate(told) == "没有活动 `paused`"


def test_a_likely_message_is_found_though_others_might_say_the_same():
    kept = "by anna (cancel): the price is wrong"
    speak("zh")
    assert translate(kept) == kept
    assert translate(kept, "by {actor}: {reason}") == ("由 anna (cancel) 操作：the price is wrong")


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("`latest`: it is longer than ten years", "`latest`：时长超过十年"),
        ("`media` is a folder", "`media` 是文件夹"),
        ("`latest`: it is up to Anna", "`latest`: it is up to Anna"),
        ("`media` is mine", "`media` is mine"),
    ],
)
def test_a_message_that_says_little_itself_is_found_where_it_holds_another(kept, told):
    speak("zh")
    assert translate(kept) == told


@pytest.mark.parametrize("inner", [N_("nothing was changed"), "nothing was changed"])
def test_a_sentence_within_a_sentence_is_translated_too(inner):
    told = N_("no balance: {why}").format(why=inner)
    speak("zh")
    assert translate(told) == "未取得余额：未作任何更改"


def speaking(*words, **environment):
    """Run a command whose words and environment say which language it speaks."""
    return subprocess.run(
        [sys.executable, "-m", "runner", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "environment", "usage"),
    [
        ([], {}, "Usage: "),
        ([], {"LC_ALL": "zh_CN.UTF-8"}, "用法："),
        ([], {"LC_ALL": "zh_CN.UTF-8", "MMS_RUNNER_LANG": "en"}, "Usage: "),
        (["--lang", "zh"], {"MMS_RUNNER_LANG": "en"}, "用法："),
    ],
)
def test_a_command_speaks_the_language_that_was_chosen(words, environment, usage):
    told = speaking(*words, "run", "--help", **environment)
    assert told.stdout.startswith(usage)


def test_a_fault_in_the_command_itself_is_told_in_the_language_of_the_environment():
    told = speaking("--lnag", "zh", MMS_RUNNER_LANG="zh")
    assert (told.returncode, "没有选项 '--lnag'" in told.stderr) == (2, True)


OPENED = """
import sys
sys.addaudithook(lambda event, of: event == "open" and print(of[0]))
from runner.cli import main
main(["--help"])
"""


@pytest.mark.parametrize(("language", "reads_one"), [("en", False), ("zh", True)])
def test_english_reads_no_catalogue(language, reads_one):
    opened = subprocess.run(
        [sys.executable, "-c", OPENED],
        env={**os.environ, "MMS_RUNNER_LANG": language},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (".mo\n" in opened) is reads_one
