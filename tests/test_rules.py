"""The catalogue of rules: each is explained, and its example shows what it says.

The files of an example are laid over the sound workspace of the corpus of faulty files.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_faulty import CASES, CORPUS

from runner.language import LANGUAGES
from runner.rules import list_rules, read_rule
from runner.workspace.load import load_workspace

RULES = list_rules()
WITH_FILES = [rule for rule in RULES if read_rule(rule, "en").bad]


def rules_that_are_broken(files, folder):
    root = shutil.copytree(CORPUS / "sound", folder / "shop").resolve()
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    return {fault.rule for fault in load_workspace(root).diagnostics}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_explained_in_every_language_with_an_example(rule):
    for language in LANGUAGES:
        told = read_rule(rule, language)
        assert all((told.wrong, told.why, told.remedy))
        assert bool(told.bad) == bool(told.good)
        assert bool(told.example) != bool(told.bad)
    assert told.bad or rule in CASES, "what no text can show is in the corpus of faulty files"


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


def test_the_command_lists_all_rules_and_explains_one():
    assert [line.split()[0] for line in run("rules").stdout.splitlines()[1:]] == RULES
    told = run("rules", "duplicate-key").stdout
    assert "error[duplicate-key]" in told
    assert "title: 秋季新品" in told


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
