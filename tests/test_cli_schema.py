"""What `mms-runner schema` and docs/fields.md say of the fields: what the schemas say."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from field_page import PAGE, write_page

from runner.cli import main
from runner.workspace.fields import list_fields
from runner.workspace.schema import read_schema
from runner.workspace.strict_yaml import read_yaml

FIELDS = list_fields()
TIMES = [("start",), ("until",)]


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Be where there is no workspace: none is needed."""
    monkeypatch.chdir(tmp_path)


def run(*words):
    result = CliRunner().invoke(main, ["schema", *words], prog_name="mms-runner")
    return result.exit_code, result.stdout, result.stderr


def named(path, file="campaign"):
    [field] = [each for each in FIELDS if (each.file, each.path) == (file, path)]
    return field


def test_a_field_is_shown_with_what_it_takes_and_an_example():
    status, out, _ = run("frames.duration")
    assert status == 0
    assert out == (
        "frames.duration, in a campaign\n"
        "  How long the phone shows this frame, in whole seconds. Every frame has it,\n"
        "  but one that stands in a file of its own has it there.\n"
        "\n"
        "  value     a whole number (from 1 to 255)\n"
        "  example   duration: 3\n"
        "            duration: 5\n"
    )


def test_a_field_with_choices_says_what_each_does():
    _, out, _ = run("accounts.on_code_8")
    assert "`doubt` or `retry`" in out
    assert "`retry`: It is sent again" in out
    assert "default   doubt" in out


def test_a_field_of_fields_names_them_and_its_rules():
    _, out, _ = run("recipients")
    assert "`recipients` needs `numbers`, `files` or `lists`" in out
    assert "recipients.exclude" in out


def test_a_field_of_both_files_is_shown_of_both():
    _, out, _ = run("state")
    assert "state, in a campaign\n" in out
    assert "state, in the settings (runner.yaml)\n" in out


def test_without_a_field_each_has_a_line():
    status, out, _ = run()
    assert status == 0
    listed = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert listed == [field.path for field in FIELDS]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("recipients.exclud", "did you mean `recipients.exclude`?"),
        ("duration", "did you mean `frames.duration`?"),
        ("accounts.main.retry.tries", "did you mean `accounts.retry.tries`?"),
        ("frames.durration", "did you mean `frames.duration`?"),
        ("file", "did you mean `accounts.url.file` or"),
        ("彩信", "`mms-runner schema` lists the fields"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest(name, hint):
    status, out, err = run(name)
    assert (status, out) == (2, "")
    assert f"there is no field `{name}`" in err
    assert hint in err


def test_json_gives_the_schemas_themselves():
    _, out, _ = run("--json")
    assert json.loads(out) == {name: read_schema(name) for name in ("campaign", "settings")}


def test_json_of_a_field_is_its_own_schema_with_all_that_it_refers_to():
    _, out, _ = run("frames", "--json")
    shown = json.loads(out)["campaign"]
    assert "$ref" not in out
    parts = shown["items"]["properties"]["parts"]["items"]
    assert parts["properties"].keys() == {"text", "image"}


def test_what_a_field_says_of_itself_comes_before_what_it_refers_to():
    assert named("accounts.retry.first", "settings").description.startswith("How long to wait")


def test_every_property_of_the_schemas_is_a_field():
    def count(node):
        own = len(node.get("properties", ())) if isinstance(node, dict) else 0
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        return own + sum(map(count, inner))

    campaign = read_schema("campaign")
    del campaign["if"]  # asks about one again
    fields = [field for field in FIELDS if field.file == "campaign"]
    twice = campaign["$defs"]["path"]  # of `files` and `exclude`; no other is used twice
    assert len(fields) == count(campaign) + count(twice)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.file}:{field.path}")
def test_a_field_tells_an_editor_and_a_person_the_same_in_whole_sentences(field):
    assert field.description.endswith(".")
    assert field.summary.endswith(".")
    assert field.value
    assert len(field.choices) == len(field.schema.get("enum", ()))
    assert all(meaning.endswith(".") for _, meaning in field.choices)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.file}:{field.path}")
def test_an_example_is_read_as_what_the_schema_has(field):
    for shown, meant in zip(field.examples, field.schema["examples"], strict=True):
        document = read_yaml(shown.encode(), file="x.yaml", as_written=[], times=TIMES)
        assert (document.diagnostics, document.data) == ((), {field.name: meant})


def test_the_page_of_the_fields_is_what_the_schemas_say():
    """`make docs` writes it anew."""
    assert PAGE.read_text("utf-8") == write_page()
