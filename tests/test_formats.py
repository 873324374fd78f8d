"""The formats for machines of others: each as its reader published it, whatever the files hold."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from checkouts import git
from cli_workspace import opening_office
from jsonschema import Draft4Validator, Draft7Validator
from lxml import etree

from runner.cli.diagnostics import Format, render_diagnostics
from runner.model.diagnostic import Diagnostic, Edit, Label, Severity, Span

if TYPE_CHECKING:
    from cli_workspace import Office

office = pytest.fixture(opening_office)

PUBLISHED = Path(__file__).parent / "published"
FAULTY = """\
title: 中秋
frames:
  - {duration: 3, txt: 【某店】拒收请回复R}
recipients: {numbers: ["13800138000"]}
"""
AWKWARD = "活动, 50%:a b#é/秋 [x](y)&<z>.yaml"  # in each of the formats something of it means more
# Every character that Python can hold, the halves of surrogate pairs too.
ALL = "".join(map(chr, [*range(0x3000), *range(0xD7F0, 0xE010), *range(0xFE00, 0x1_0010)]))


@pytest.fixture
def checkout(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A workspace in the folder `campaigns` of a git repository, with somebody in it."""
    git(office.folder, "init", "--quiet")
    monkeypatch.chdir(office.root)
    return office


def published(name: str) -> Any:
    return json.loads((PUBLISHED / name).read_text("utf-8"))


def a_fault(**facts: Any) -> Diagnostic:
    known = {"file": "news.yaml", "span": Span(), "rule": "wrong-form", "message": "it is wrong"}
    return Diagnostic(**{**known, **facts})


def render(office: Office, form: str, *faults: Diagnostic) -> str:
    return render_diagnostics(faults, office.root, Format(form), files=["news.yaml"])


# ---- gitlab: Code Quality


def violations(office: Office) -> list[Any]:
    found = office.run("validate", "--format", "gitlab").json
    schema = Draft7Validator(published("gitlab-code-quality.json"))
    for each in found:
        schema.validate(each)
    return found


def test_gitlab_gets_what_its_documentation_asks_for(checkout: Office) -> None:
    checkout.write("news.yaml", FAULTY)

    [violation] = violations(checkout)

    assert len(violation.pop("fingerprint")) == 64
    assert violation == {
        "description": "unknown field `txt`, did you mean `text`?",
        "check_name": "unknown-field",
        "severity": "major",
        "location": {
            "path": "campaigns/news.yaml",
            "positions": {"begin": {"line": 3, "column": 19}, "end": {"line": 3, "column": 22}},
        },
    }


def test_gitlab_ranks_a_warning_below_an_error(office: Office) -> None:
    ranks = {
        entry["severity"]
        for entry in json.loads(render(office, "gitlab", a_fault(severity=Severity.WARNING)))
    }

    assert ranks == {"minor"}


def test_a_fingerprint_stays_when_lines_move(checkout: Office) -> None:
    checkout.write("news.yaml", FAULTY)
    [before] = violations(checkout)
    checkout.write("news.yaml", f"# one more line\n\n{FAULTY}")
    [after] = violations(checkout)

    assert before["location"] != after["location"]
    assert before["fingerprint"] == after["fingerprint"]


def test_a_fingerprint_stays_where_the_message_names_another_line(checkout: Office) -> None:
    twice = f"{FAULTY.replace('txt', 'text')}title: 春节\n"
    checkout.write("news.yaml", twice)
    [before] = violations(checkout)
    checkout.write("news.yaml", f"# one more line\n{twice}")
    [after] = violations(checkout)

    assert before["description"] != after["description"]
    assert before["fingerprint"] == after["fingerprint"]


def test_faults_that_are_alike_have_fingerprints_of_their_own(checkout: Office) -> None:
    frame = FAULTY.splitlines(keepends=True)[2]
    checkout.write("news.yaml", FAULTY.replace(frame, frame * 3))
    checkout.write("more.yaml", FAULTY.replace(frame, frame * 3))

    assert len({each["fingerprint"] for each in violations(checkout)}) == 6


def test_gitlab_gets_an_empty_list_for_a_sound_workspace(checkout: Office) -> None:
    checkout.campaign()

    assert violations(checkout) == []


# ---- sarif


def run_of(office: Office) -> Any:
    document = office.run("validate", "--format", "sarif").json
    Draft4Validator(published("sarif-2.1.0-rtm.5.json")).validate(document)
    [run] = document["runs"]
    return run


def test_sarif_is_a_log_as_oasis_published_it(checkout: Office) -> None:
    checkout.write("news.yaml", FAULTY)

    run = run_of(checkout)

    [result] = run["results"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "unknown-field"
    assert (result["ruleId"], result["level"]) == ("unknown-field", "error")
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "campaigns/news.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3, "startColumn": 19, "endLine": 3, "endColumn": 22},
            }
        }
    ]


def test_sarif_of_a_sound_workspace_has_no_result(checkout: Office) -> None:
    checkout.campaign()

    assert run_of(checkout)["results"] == []


def test_each_rule_stands_in_sarif_once(checkout: Office) -> None:
    for name in ("one", "two"):
        checkout.write(f"{name}.yaml", f"{FAULTY}mystery: 1\n")

    run = run_of(checkout)

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unknown-field"]
    assert len(run["results"]) == 4


def test_sarif_names_the_other_place_and_what_would_mend_a_fault(office: Office) -> None:
    label = Label(file="_defaults.yaml", span=Span(line=2, end_line=2), message="here too")
    edit = Edit(span=Span(end_column=3), text='"NO"')

    log = json.loads(render(office, "sarif", a_fault(labels=(label,), fix=edit)))

    Draft4Validator(published("sarif-2.1.0-rtm.5.json")).validate(log)
    [result] = log["runs"][0]["results"]
    [related] = result["relatedLocations"]
    assert related["physicalLocation"]["region"]["startLine"] == 2
    assert related["message"] == {"text": "here too"}
    [change] = result["fixes"][0]["artifactChanges"]
    [replacement] = change["replacements"]
    assert replacement["insertedContent"] == {"text": '"NO"'}
    assert replacement["deletedRegion"]["endColumn"] == 3


def test_a_uri_of_sarif_leads_to_the_file_whatever_its_name_is(checkout: Office) -> None:
    path = checkout.write(AWKWARD, FAULTY)

    [result] = run_of(checkout)["results"]

    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[\w/.~%-]+", uri, re.ASCII)
    assert checkout.folder / unquote(uri) == path


def test_a_list_outside_of_the_checkout_has_an_absolute_uri(
    checkout: Office, tmp_path_factory: pytest.TempPathFactory
) -> None:
    members = tmp_path_factory.mktemp("服务器") / "members.csv"
    members.write_text("mobile\n1380013800x\n")
    checkout.settings(head=f"name: shop\nlists:\n  members: {{file: {members}}}\n")
    checkout.write(
        "news.yaml",
        FAULTY.replace("txt", "text").replace('numbers: ["13800138000"]', "lists: [members]"),
    )

    [result] = run_of(checkout)["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": members.as_uri()
    }


def test_no_word_of_a_file_becomes_a_link_in_sarif(office: Office) -> None:
    text = render(office, "sarif", a_fault(message="unknown field `[here](https://example.cn)`"))

    [result] = json.loads(text)["runs"][0]["results"]
    assert not re.search(r"\[[^\]]*\]\(", result["message"]["text"])


# ---- github: workflow commands


def unescape(text: str, codes: dict[str, str]) -> str:
    for code, character in codes.items():
        text = text.replace(code, character)
    return text.replace("%25", "%")


def read_commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read workflow commands: `::command name=value,name=value::message`, one a line.

    A message escapes `%`, CR and LF; a value `:` and `,` as well.
    """
    data = {"%0D": "\r", "%0A": "\n"}
    read = []
    for line in text.splitlines():
        match = re.fullmatch(
            r"::([a-z-]+) ((?:[A-Za-z]+=[^:,]*)(?:,[A-Za-z]+=[^:,]*)*)::(.*)", line
        )
        assert match, line
        pairs = [pair.split("=", 1) for pair in match[2].split(",")]
        values = {name: unescape(value, {**data, "%3A": ":", "%2C": ","}) for name, value in pairs}
        read.append((match[1], values, unescape(match[3], data)))
    return read


def test_github_reads_each_fault_as_a_command_at_its_place(checkout: Office) -> None:
    checkout.write(AWKWARD, FAULTY)

    [(command, values, message)] = read_commands(checkout.run("validate", "--format", "github").out)

    assert command == "error"
    assert values == {
        "file": f"campaigns/{AWKWARD}",
        "line": "3",
        "endLine": "3",
        "col": "19",
        "endColumn": "22",
        "title": "unknown-field",
    }
    assert message == "unknown field `txt`, did you mean `text`?"


def test_a_hint_is_a_second_line_of_the_same_command(office: Office) -> None:
    fault = a_fault(message="100% wrong", hint="write 99%", severity=Severity.WARNING)

    [(command, _, message)] = read_commands(render(office, "github", fault))

    assert (command, message) == ("warning", "100% wrong\nwrite 99%")


# ---- junit


def suite_of(text: str) -> etree._Element:
    [suite] = etree.fromstring(text.encode("utf-8"))
    assert suite.get("tests") == str(len(suite))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    return suite


def test_junit_has_a_test_for_each_file_and_a_failure_for_each_faulty_one(checkout: Office) -> None:
    checkout.campaign("sound")
    checkout.write("news.yaml", f"{FAULTY}mystery: 1\n")

    ran = checkout.run("validate", "--format", "junit")

    assert ran.status == 1
    tests = {test.get("name"): test for test in suite_of(ran.out)}
    assert {name: len(test) for name, test in tests.items()} == {
        "campaigns/runner.yaml": 0,
        "campaigns/sound.yaml": 0,
        "campaigns/news.yaml": 1,
    }
    failure = tests["campaigns/news.yaml"][0]
    assert failure.get("message") == "2 errors"
    assert "campaigns/news.yaml:3:19: error[unknown-field]" in (failure.text or "")


def test_a_warning_fails_no_test_of_junit(office: Office) -> None:
    [test] = suite_of(render(office, "junit", a_fault(severity=Severity.WARNING)))

    assert [child.tag for child in test] == ["system-out"]


def test_a_list_with_a_fault_is_a_test_of_its_own(checkout: Office) -> None:
    checkout.write("lists/members.csv", "mobile\n12345\n")
    checkout.write(
        "news.yaml",
        FAULTY.replace("txt", "text").replace(
            'numbers: ["13800138000"]', "files: [lists/members.csv]"
        ),
    )

    suite = suite_of(checkout.run("validate", "--format", "junit").out)

    failed = [test.get("name") for test in suite if len(test)]
    assert failed == ["campaigns/lists/members.csv"]


@pytest.mark.parametrize("form", ["gitlab", "sarif", "junit", "json", "github"])
def test_no_character_of_a_message_or_name_breaks_a_format(office: Office, form: str) -> None:
    name = bytes(byte for byte in range(1, 256) if byte != ord("/"))  # it need not be UTF-8
    fault = a_fault(file=os.fsdecode(name), message=ALL, hint=ALL)

    text = render(office, form, fault)

    text.encode("utf-8")  # no half of a pair is left
    if form == "junit":
        assert len(suite_of(text)) == 2
    elif form == "github":
        assert len(read_commands(text)) == 1
    else:
        json.loads(text)


@pytest.mark.parametrize("form", [form.value for form in Format])
def test_a_workspace_with_an_error_exits_1_in_every_format(checkout: Office, form: str) -> None:
    checkout.write("news.yaml", FAULTY)

    assert checkout.run("validate", "--format", form).status == 1
