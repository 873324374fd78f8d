"""A workspace that is begun in Chinese explains itself in Chinese, and is the same in all else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from chinese import COMMANDS, find_english
from click.testing import CliRunner

from runner.cli import main
from runner.cli.width import display_width
from runner.language import LANGUAGES, speak
from runner.workspace.load import load_workspace
from runner.workspace.starter import CI_SYSTEMS, start_campaign, start_ci, start_workspace

BIN = Path(sys.executable).parent  # where `mms-runner` is
WORDS = {*COMMANDS, "welcome", "rehearse", "shop", "cd", "Code"}
OTHERS = [language for language in LANGUAGES if language != "en"]

COMMENT = re.compile(r"(?:^|\s)#(.*)$", re.MULTILINE)
FIELDS = re.compile(r"\b\w+:|[{[][^]}]*[]}]")  # that are commented out
TYPED = re.compile(r"`[^`]*`")
# What a script does: no comment, and no sentence that it refuses with.
SAID = re.compile(r'^#.*$|(?<=refuse )".*"$|(?<=echo ).*?(?=\$1)', re.MULTILINE)


@pytest.fixture(autouse=True)
def english_again():
    yield
    speak("en")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words, language="zh"):
    names = ("STATE_DIRECTORY", "MMS_RUNNER_WORKSPACE", "MMS_RUNNER_SETTINGS", "MMS_RUNNER_LANG")
    unset = dict.fromkeys(names)
    result = CliRunner().invoke(
        main, ["--lang", language, *words], env=unset, prog_name="mms-runner"
    )
    assert "a defect of the program" not in result.stderr, result.stderr
    return result


def texts(language):
    files = start_workspace("shop", language)
    return {name: data.decode() for name, data in files.items() if not name.endswith(".jpg")}


@pytest.fixture(params=OTHERS)
def other(request):
    return texts(request.param)


@pytest.mark.parametrize("file", ["runner.yaml", "welcome.yaml"])
def test_the_files_say_the_same_to_the_program(other, file):
    assert yaml.safe_load(other[file]) == yaml.safe_load(texts("en")[file])


@pytest.mark.parametrize("file", ["runner.yaml", "welcome.yaml", "README.md"])
def test_the_files_name_the_same_things_to_type(other, file):
    assert set(TYPED.findall(other[file])) == set(TYPED.findall(texts("en")[file]))


@pytest.mark.parametrize("language", OTHERS)
def test_a_new_campaign_says_the_same_to_the_program(tmp_path, language):
    written = [
        start_campaign(tmp_path, "news.yaml", spoken, title=None, account="main").decode()
        for spoken in (language, "en")
    ]
    assert yaml.safe_load(written[0]) == yaml.safe_load(written[1])
    assert set(TYPED.findall(written[0])) == set(TYPED.findall(written[1]))


def test_a_rehearsal_does_the_same(other):
    script, english = other["rehearse"], texts("en")["rehearse"]
    assert script != english
    assert lines_of(SAID.sub("", script)) == lines_of(SAID.sub("", english))


def lines_of(text):
    return [line for line in text.splitlines() if line]


def test_git_ignores_the_same(other):
    assert patterns(other[".gitignore"]) == patterns(texts("en")[".gitignore"])


def patterns(text):
    return [line for line in lines_of(text) if not line.startswith("#")]


def test_whatever_explains_the_files_is_chinese(desk):
    assert run("init", "shop").exit_code == 0
    assert run("-C", "shop", "add", "spring/openday").exit_code == 0
    files = [desk / "shop" / name for name in ("runner.yaml", "welcome.yaml", "rehearse")]
    files += [desk / "shop" / ".gitignore", desk / "shop" / "spring" / "openday.yaml"]
    told = {file.name: "\n".join(COMMENT.findall(file.read_text("utf-8"))) for file in files}
    told["README.md"] = (desk / "shop" / "README.md").read_text("utf-8")
    left = {name: find_english(FIELDS.sub("", text), *WORDS) for name, text in told.items()}
    assert left == {name: [] for name in told}


def test_comments_fit_a_window_of_100_columns(other):
    lines = [line for text in ("runner.yaml", "welcome.yaml") for line in lines_of(other[text])]
    assert max(map(display_width, lines)) <= 100


def test_what_init_and_add_say_is_chinese(desk):
    ran = run("init", "shop")
    assert find_english(ran.stderr, *WORDS) == [], ran.stderr
    ran = run("-C", "shop", "add", "news")
    assert find_english(ran.stderr, "news", *WORDS) == [], ran.stderr


@pytest.mark.parametrize("system", CI_SYSTEMS)
def test_its_ci_system_comments_in_chinese(system):
    [chinese], [english] = (start_ci(system, ".", name).values() for name in ("zh", "en"))
    jobs, wanted = yaml.safe_load(chinese), yaml.safe_load(english)
    variables = wanted["env"] if system == "github" else wanted[".mms"]["variables"]
    variables["MMS_RUNNER_LANG"] = "zh"
    assert jobs == wanted


def test_a_workspace_begun_in_chinese_has_no_faults(desk):
    run("init", "shop")
    run("-C", "shop", "add", "spring/openday")
    assert load_workspace(desk / "shop").diagnostics == ()


def test_a_rehearsal_that_would_send_is_refused_in_chinese(desk):
    run("init", "shop")
    settings = desk / "shop" / "runner.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("{env: MMS_URL}", "http://127.0.0.1:9"), "utf-8")
    ran = subprocess.run(
        ["./rehearse", "run", "welcome"],
        cwd=desk / "shop",
        env={"PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 2
    assert find_english(ran.stderr, *WORDS) == [], ran.stderr
