"""What an editor shows of our files by their first line: the real yaml-language-server is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from language_server import CURSOR, MISSING, running_server

from runner.cli import main
from runner.workspace.fields import list_fields

pytestmark = pytest.mark.skipif(bool(MISSING), reason=str(MISSING))

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(
    file
    for folder in ("campaigns", "deploy")
    for file in (ROOT / folder).rglob("*.yaml")
    if "# yaml-language-server:" in file.read_text("utf-8")
)
FAULTY = ROOT / "tests" / "faulty"
# what a schema can know; the rest is ours alone
OF_SCHEMAS = {
    "missing-field",
    "not-allowed-value",
    "out-of-range",
    "too-few",
    "too-many-fields",
    "unknown-field",
    "wrong-form",
    "wrong-type",
}
OURS_ALONE = {("wrong-type.yaml", 3)}  # 3.0, which JSON Schema takes for a whole number

HERE = ROOT / "campaigns"


def of_campaign(text):
    return f"# yaml-language-server: $schema=../schemas/campaign.schema.json\n{text}"


def of_settings(text):
    return f"# yaml-language-server: $schema=../schemas/settings.schema.json\n{text}"


def described(path, file="campaign"):
    [field] = [each for each in list_fields() if (each.file, each.path) == (file, path)]
    return field.description


def names(above, file="campaign"):
    return {each.name for each in list_fields() if (each.file, each.above) == (file, above)}


@pytest.fixture(scope="module")
def server():
    with running_server() as server:
        yield server


def test_there_are_examples_of_both_kinds():
    assert {"new-shop.yaml", "openday.yaml", "runner.yaml"} <= {file.name for file in EXAMPLES}


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: str(file.relative_to(ROOT)))
def test_an_example_has_no_faults(server, file):
    assert server.check(file) == []


def test_what_init_and_add_write_has_no_faults(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in (("init", "shop"), ("-C", "shop", "add", "2036/spring/openday")):
        assert CliRunner().invoke(main, words).exit_code == 0
    shop = tmp_path / "shop"
    for name in ("runner.yaml", "welcome.yaml", "2036/spring/openday.yaml"):
        assert server.check(shop / name) == []
    text = (shop / "welcome.yaml").read_text("utf-8").replace("title", f"ti{CURSOR}tle", 1)
    assert described("title") in server.hover(shop, text)


def test_a_key_of_a_campaign_is_completed_with_its_description(server):
    offered = server.complete(HERE, of_campaign(f"title: 好\n{CURSOR}\nexpect: {{}}\n"))
    assert names("") - {"title", "expect"} <= offered.keys()
    assert "title" not in offered
    assert offered["start"] == described("start")


def test_a_key_of_a_frame_is_completed(server):
    text = of_campaign(f"title: 好\nframes:\n  - duration: 3\n    {CURSOR}\n")
    assert server.complete(HERE, text).keys() == {"text", "image", "parts", "use"}


def test_a_key_of_an_account_is_completed(server):
    text = of_settings(f'accounts:\n  main:\n    userid: "12"\n    {CURSOR}\n')
    offered = server.complete(HERE, text)
    assert names("accounts", "settings") - {"userid"} <= offered.keys()
    assert offered["rate"] == described("accounts.rate", "settings")


def test_a_value_of_a_choice_is_completed_with_what_it_does(server):
    offered = server.complete(HERE, of_campaign(f"state: {CURSOR}\n"))
    assert offered.keys() == {"paused", "cancelled"}
    assert offered["paused"] == "Nothing of it is sent for as long as this stands here."


def test_a_key_under_the_pointer_is_explained(server):
    text = of_campaign(f"title: 好\nframes:\n  - dura{CURSOR}tion: 3\n    text: 好\n")
    shown = server.hover(HERE, text)
    assert described("frames.duration") in shown
    assert "#### Duration" in shown


def test_a_key_that_refers_to_a_common_form_is_explained_as_itself(server):
    text = of_settings(f"accounts:\n  main:\n    retry: {{fi{CURSOR}rst: 2s}}\n")
    assert described("accounts.retry.first", "settings") in server.hover(HERE, text)


def test_a_wrong_field_is_marked_where_it_stands(server):
    text = of_campaign("title: 好\nframes:\n  - duration: 3\n    txt: 好\n")
    marked = [
        (each["range"]["start"], each["range"]["end"])
        for each in server.check_text(HERE, text)
        if "txt" in each["message"]
    ]
    assert marked == [({"line": 4, "character": 4}, {"line": 4, "character": 7})]


def test_a_value_in_a_wrong_form_is_told_in_our_words(server):
    messages = [each["message"] for each in server.check_text(HERE, of_campaign("latest: 1 Std\n"))]
    assert "write a duration as 90s, 30m, 1h30m, 72h or 3d, or as a plain number of seconds" in (
        messages
    )


def test_what_validate_refuses_by_a_schema_an_editor_marks_in_the_same_line(server):
    told, marked = set(), set()
    for expected in sorted(FAULTY.glob("*.expected")):
        file = expected.with_suffix(".yaml")
        faults = [line.split() for line in expected.read_text("utf-8").splitlines()]
        lines = {int(place.split(":")[1]) for place, rule, *_ in faults if rule in OF_SCHEMAS}
        if file.exists() and lines:
            found = server.check_text(HERE, of_campaign(file.read_text("utf-8")))
            told |= {(file.name, line) for line in lines}
            # the first line is the one that names the schema
            marked |= {(file.name, each["range"]["start"]["line"]) for each in found}
    assert told
    assert told - marked == OURS_ALONE
