"""The catalogue of rules: each is explained, and its example shows what it says.

The files of an example are laid over the sound workspace of the corpus of faulty files.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rules_page import PAGES, write_page
from test_faulty import CASES, CORPUS, NOW, rules_of_the_program

from runner.cli.width import display_width
from runner.language import LANGUAGES
from runner.rules import list_rules, read_rule, read_rules
from runner.rules.words import GROUPS, words_in
from runner.workspace.load import load_workspace

RULES = list_rules()
OF_CHANGES = {"sent-file-reused"}  # told by `plan --since`: see test_cli_since.py
WITH_FILES = [rule for rule in RULES if read_rule(rule, "en").bad]
FULL_STOPS = {"en": ".", "zh": "。"}


def rules_that_are_broken(files, folder):
    root = shutil.copytree(CORPUS / "sound", folder / "shop").resolve()
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    return {fault.rule for fault in load_workspace(root, now=NOW).diagnostics}


def test_the_catalogue_has_the_rules_of_the_program_and_no_others():
    assert set(RULES) == rules_of_the_program() | OF_CHANGES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_explained_in_every_language_with_an_example(rule):
    for language in LANGUAGES:
        told = read_rule(rule, language)
        assert told.group in GROUPS
        stop = FULL_STOPS[language]
        assert all(text.endswith(stop) for text in (told.wrong, told.why, told.remedy))
        assert not re.search(r"\. |。.", told.wrong), "what is wrong is said in one sentence"
        assert bool(told.bad) == bool(told.good)
        assert bool(told.example) != bool(told.bad)
    assert told.bad or rule in {*CASES, *OF_CHANGES}, (
        "what no text can show is in the corpus of faulty files"
    )


@pytest.mark.parametrize("rule", WITH_FILES)
def test_the_bad_example_of_a_rule_breaks_it_and_nothing_else(rule, tmp_path):
    assert rules_that_are_broken(read_rule(rule, "en").bad, tmp_path) == {rule}


@pytest.mark.parametrize("rule", WITH_FILES)
def test_the_good_example_of_a_rule_is_sound(rule, tmp_path):
    assert rules_that_are_broken(read_rule(rule, "en").good, tmp_path) == set()


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "runner", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_rules_are_about_has_a_name_in_every_language():
    assert all(tuple(words_in(language).groups) == GROUPS for language in LANGUAGES)


def test_the_command_lists_all_rules_by_what_they_are_about_and_explains_one():
    lines = run("rules").stdout.splitlines()
    assert re.findall(r"^  (\S+)", "\n".join(lines), re.MULTILINE) == [
        rule.id for rule in read_rules("en")
    ]
    assert [line for line in lines if re.match(r"\S", line)] == list(words_in("en").groups.values())
    told = run("rules", "duplicate-key").stdout
    assert "error[duplicate-key]" in told
    assert "title: 秋季新品" in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [60, 80, 100])
def test_the_list_fits_the_terminal(language, columns):
    done = run("--lang", language, "rules", COLUMNS=str(columns))
    lines = done.stdout.splitlines()
    assert max(map(display_width, lines)) <= columns
    assert not [line for line in lines if re.match(r"\s*[，。；：、）”]", line)]


def test_a_warning_is_marked_in_the_list():
    marked = re.findall(r"^  (\S+) +\[warning\]", run("rules").stdout, re.MULTILINE)
    assert marked == [rule.id for rule in read_rules("en") if rule.severity == "warning"]


def test_a_tab_in_an_example_can_be_seen():
    assert "duration:→3" in run("rules", "tab").stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_the_rules_is_the_one_that_the_catalogue_makes(language):
    page = PAGES[language].read_text("utf-8")
    assert page == write_page(language), "make docs"
    assert sorted(re.findall(r"^### (.+)$", page, re.MULTILINE)) == RULES


def test_a_rule_that_is_misspelt_is_suggested():
    done = run("rules", "duplicated-key")
    assert done.returncode == 2
    assert "did you mean `duplicate-key`?" in done.stderr


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (["--lang", "zh"], {}),
        ([], {"MMS_RUNNER_LANG": "zh", "LC_ALL": "en_GB.UTF-8"}),
        ([], {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}),
    ],
)
def test_a_rule_is_explained_in_the_language_that_is_asked_for(words, environment):
    done = run(*words, "rules", "duplicate-key", "--json", **environment)
    assert json.loads(done.stdout)[0]["wrong"] == read_rule("duplicate-key", "zh").wrong


def test_the_catalogue_is_part_of_the_package():
    assert Path(run("rules", "--json").args[0]).exists()
    assert len(json.loads(run("rules", "--json").stdout)) == len(RULES)
