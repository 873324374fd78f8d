"""The corpus of faulty files: one small case for every rule, with what is told of it beside it.

A case is a campaign file (`NAME.yaml`) or a whole folder (`NAME/`) that is laid over the sound
workspace `sound/`; `NAME.expected` holds `file:line:column rule`, one line a diagnostic; of a
hundred and more, the first and the last. `_settings.yaml` in such a folder is what `--settings`
names.
"""

import ast
import json
import os
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from chinese import find_english
from workbooks import ENCRYPTED, announce, write_workbook

from runner.cli.diagnostics.fingerprint import fingerprint_all
from runner.cli.diagnostics.found import Found
from runner.language import speak
from runner.workspace.fields import list_fields
from runner.workspace.load import load_workspace

TESTS = Path(__file__).parent
CORPUS = TESTS / "faulty"
SOURCES = TESTS.parent / "runner" / "workspace"
SCHEMAS = TESTS.parent / "schemas"

NOW = datetime(2026, 1, 1, tzinfo=UTC)  # by which a start has passed

CASES = sorted(path.stem for path in CORPUS.glob("*.expected"))
# What is the same in Chinese: fields, what the corpus calls its own, and names of the trade.
NAMES = {
    *(field.name for field in list_fields()),
    *("branch", "txt"),
    *("KiB", "MiB", "PostgreSQL", "baseline", "chmod", "git", "sRGB"),
}
RULE = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")


def write(path, text):
    path.write_text(text)


def link_outside(root):
    (root / "media/linked.jpg").symlink_to(root.parent / "moon.jpg")
    (root / "elsewhere.yaml").symlink_to(root.parent / "sound.yaml")


def pad(path, size):
    path.write_bytes(path.read_bytes().ljust(size + 1, b"\0"))


def repeat_frames(path, count):
    """Give a GIF of one frame many; it begins behind 13 bytes of header and 4 colours."""
    data = path.read_bytes()
    path.write_bytes(data[:25] + data[25:-1] * count + data[-1:])


def write_members(root, content):
    """Put a workbook in the place of the list, and let the campaign name it."""
    (root / "lists/members.xlsx").write_bytes(content)
    sound = root / "sound.yaml"
    sound.write_text(sound.read_text().replace("members.csv", "members.xlsx"))


MEMBERS = write_workbook({"会员": [["姓名", "手机号"], ["张三", 13800138000], ["李四", "无"]]})

# What a repository should not hold, or cannot: made where the case is laid out.
MADE = {
    "damaged-file": lambda root: write_members(root, MEMBERS[:-9]),
    "invalid-number-in-a-workbook": lambda root: write_members(root, MEMBERS),
    "list-too-large": lambda root: write_members(
        root, announce(MEMBERS, "xl/sharedStrings.xml", 2**30)
    ),
    "not-a-spreadsheet": lambda root: write_members(root, b"mobile\n13800138000\n"),
    "protected-file": lambda root: write_members(root, ENCRYPTED),
    "unknown-sheet": lambda root: (root / "lists/members.xlsx").write_bytes(MEMBERS),
    "file-too-large": lambda root: write(root / "campaign.yaml", "# 秋\n" * 1_000_000),
    "image-too-large": lambda root: pad(root / "media/moon.jpg", 5_000_000),
    "invalid-numbers": lambda root: write(
        root / "lists/members.csv", "mobile\n" + "nobody\n" * 1010
    ),
    "line-too-long": lambda root: write(root / "lists/members.csv", "mobile\n" + "1" * 70_000),
    "not-a-file": lambda root: os.mkfifo(root / "pipe.yaml"),
    "outside-workspace-by-a-link": link_outside,
    "too-many-faults": lambda root: write(root / "campaign.yaml", "title: [\n" + "NO,\n" * 1001),
    "too-many-frames": lambda root: repeat_frames(root / "media/map.gif", 1001),
    "too-many-values": lambda root: write(root / "campaign.yaml", f"title: [{'1,' * 100_000}]"),
    "writable-by-others": lambda root: (root / "_settings.yaml").chmod(0o646),
    "unusable-name-a-number": lambda root: shutil.copy(
        root / "sound.yaml", root / "to-13800138000.yaml"
    ),
    "unusable-name": lambda root: shutil.copy(
        root / "sound.yaml", os.fsencode(root / "spring") + b"\xff.yaml"
    ),
}


def lay_out(case, folder):
    root = shutil.copytree(CORPUS / "sound", folder / "shop", symlinks=True)
    if (CORPUS / case).is_dir():
        shutil.copytree(CORPUS / case, root, symlinks=True, dirs_exist_ok=True)
    elif (CORPUS / f"{case}.yaml").exists():
        shutil.copy(CORPUS / f"{case}.yaml", root / "campaign.yaml")
    if case in MADE:
        MADE[case](root)
    return root.resolve()


@pytest.fixture
def chinese():
    speak("zh")
    yield
    speak("en")


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """The name of a case, and what is told of it."""
    root = lay_out(request.param, tmp_path_factory.mktemp("case"))
    apart = root / "_settings.yaml"
    workspace = load_workspace(root, settings_file=apart if apart.exists() else None, now=NOW)
    return request.param, [from_root(fault, root) for fault in workspace.diagnostics]


def test_the_workspace_below_the_cases_is_sound():
    assert load_workspace((CORPUS / "sound").resolve(), now=NOW).diagnostics == ()


def test_each_fault_is_told_once_and_where_it_is(case):
    name, told = case
    assert abridge(told) == read_expected(name)


def test_what_is_told_can_be_read_and_gives_nothing_away(case):
    """The corpus has no other numbers and no other password than the ones that are looked for."""
    for fault in case[1]:
        assert not re.search("1380013800|hunter", f"{fault.message} {fault.hint} {fault.excerpt}")
        assert fault.message.isprintable()
        assert fault.span.line >= 1
        assert (fault.span.end_line, fault.span.end_column) >= (fault.span.line, fault.span.column)


def test_what_is_told_is_said_in_chinese_too(case, chinese):
    faults = tuple(case[1])
    for fault in Found(root=Path(), checkout=Path(), faults=faults).told:
        for text in (fault.message, fault.hint, *(label.message for label in fault.labels)):
            assert find_english(text or "", *NAMES) == [], text


def test_the_same_fault_is_known_again_in_another_language(case, chinese):
    found = Found(root=Path(), checkout=Path(), faults=tuple(case[1]))
    marks = fingerprint_all(found)
    speak("en")
    assert fingerprint_all(found) == marks


def from_root(fault, root):
    """Name a file of the settings, or a list of theirs, as if it were one of the workspace."""
    return replace(fault, file=fault.file.removeprefix(f"{root}/"))


def abridge(told):
    lines = [f"{fault.file}:{fault.span.line}:{fault.span.column} {fault.rule}" for fault in told]
    return lines if len(lines) < 100 else [lines[0], f"{len(lines)} in all", lines[-1]]


def read_expected(name):
    return (CORPUS / f"{name}.expected").read_text().splitlines()


def test_every_rule_has_a_case_that_triggers_it():
    lines = [line for name in CASES for line in read_expected(name)]
    triggered = {line.split()[-1] for line in lines if ":" in line}
    assert triggered == rules_of_the_program()


def rules_of_the_program():
    """Find the rules in the sources: what is handed to a parameter or a field named `rule`."""
    modules = [ast.parse(path.read_text()) for path in SOURCES.glob("*.py")]
    nodes = [node for module in modules for node in ast.walk(module)]
    constants = find_constants(nodes)
    positions = find_positions(nodes)
    rules = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
            index = positions.get(name, len(node.args))
            given += node.args[index : index + 1]
            rules |= {rule for value in given for rule in find_texts(value, constants)}
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "rule":
            rules |= find_texts(node.value, constants)
    for schema in SCHEMAS.glob("*.json"):
        rules |= find_in_schema(json.loads(schema.read_text()))
    return rules - {"x-rule"}


def find_constants(nodes):
    return {
        node.targets[0].id: node.value.value
        for node in nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }


def find_positions(nodes):
    """Tell for each function, and each class by its constructor, where `rule` stands in a call."""
    positions = {}
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            functions = [
                (node.name, part) for part in node.body if getattr(part, "name", "") == "__init__"
            ]
        elif isinstance(node, ast.FunctionDef):
            functions = [(node.name, node)]
        else:
            continue
        for name, function in functions:
            names = [arg.arg for arg in function.args.args if arg.arg != "self"]
            if "rule" in names:
                positions[name] = names.index("rule")
    return positions


def find_texts(value, constants):
    parts = list(ast.walk(value))
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    texts += [constants.get(part.id) for part in parts if isinstance(part, ast.Name)]
    return {text for text in texts if isinstance(text, str) and RULE.fullmatch(text)}


def find_in_schema(schema):
    if isinstance(schema, list):
        return set().union(*map(find_in_schema, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["x-rule"]} if "x-rule" in schema else set()
    return own.union(*map(find_in_schema, schema.values()))
