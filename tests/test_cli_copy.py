"""`mms-runner copy OLD NEW`: a new campaign begins as a draft of an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli_workspace import opening_office, opening_sandbox, opening_sandboxes

if TYPE_CHECKING:
    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

OLD = """\
# yaml-language-server: $schema=../schemas/campaign.schema.json
title:   '中秋'   # quoted, for once
start: 2024-09-16 09:00            # the day of the festival
until:
  2024-09-18 09:00

frames:
  - {duration: 3, text: "【某店】\\
      你好，拒收请回复R"}
again: [spring,
        summer]
state: paused
recipients: {numbers: ["13800138000"]}
expect: {recipients: 1}
"""
NEW = (
    OLD.replace("start:", "# start:")
    .replace("until:\n  2024", "# until:\n#   2024")
    .replace("again: [spring,\n ", "# again: [spring,\n#  ")
    .replace("state:", "# state:")
)


def copy(office: Office, new: str, old: str = "news", status: int = 0) -> str:
    ran = office.run("copy", old, new)
    assert ran.status == status, ran.err
    return ran.err


def read(office: Office, name: str) -> bytes:
    return (office.root / name).read_bytes()


def test_a_copy_keeps_every_byte_but_what_must_not_be_repeated(office: Office) -> None:
    office.write("news.yaml", OLD)

    copy(office, "autumn")

    assert read(office, "autumn.yaml").decode() == NEW
    assert read(office, "news.yaml").decode() == OLD


def test_a_copy_is_a_sound_draft(office: Office) -> None:
    office.write("news.yaml", OLD)
    copy(office, "autumn")

    assert office.run("validate").status == 0
    [entry] = office.run("plan", "autumn", "--json").json["campaigns"]
    assert (entry["action"], entry["start"]) == ("draft", None)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_stay(office: Office, end: str, mark: bytes) -> None:
    office.write("news.yaml", mark + OLD.replace("\n", end).encode())

    copy(office, "autumn")

    assert read(office, "autumn.yaml") == mark + NEW.replace("\n", end).encode()


def test_a_byte_order_mark_stays_in_front_of_a_first_field_that_is_left_out(office: Office) -> None:
    text = office.campaign().read_text()
    office.write("news.yaml", b"\xef\xbb\xbf" + f"start: now\n{text}".encode())

    copy(office, "autumn")

    assert read(office, "autumn.yaml") == b"\xef\xbb\xbf" + f"# start: now\n{text}".encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{start: now, title: a}", "{title: a}"),
        ("{title: a, start: now}", "{title: a}"),
        ("{title: a, start: now,}\n", "{title: a,}\n"),
        ("{title: a, start: now, state: paused, frames: []}", "{title: a, frames: []}"),
        ("{\n  title: a, # b\n  until: 'x',\n  frames: []}", "{\n  title: a, # b\n  frames: []}"),
        ("{title: a, again:\n  [b], start: now}", "{title: a}"),
        ("{title: a, start: , frames: []}", "{title: a, frames: []}"),
    ],
)  # fmt: skip
def test_a_file_in_braces_loses_the_same_fields(office: Office, old: str, new: str) -> None:
    office.write("news.yaml", old)

    copy(office, "autumn")

    assert read(office, "autumn.yaml").decode() == new


def test_a_start_at_the_gateway_is_left_out_with_the_start_that_it_needs(office: Office) -> None:
    office.campaign(more="start: 2035-09-16 09:00\nstarts_at_gateway: true\n")

    copy(office, "autumn")

    assert office.run("validate").status == 0


@pytest.mark.parametrize(
    ("old", "new", "modeline"),
    [
        ("news", "2036/spring/news", "../../../schemas/campaign.schema.json"),
        ("2035/news", "autumn", "schemas/campaign.schema.json"),
        ("2035/news", "2036/news", "../schemas/campaign.schema.json"),
    ],
)
def test_the_modeline_leads_to_the_same_schema(
    office: Office, old: str, new: str, modeline: str
) -> None:
    office.write(f"{old}.yaml", OLD)

    copy(office, new, old)

    first = read(office, f"{new}.yaml").decode().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={modeline}"


@pytest.mark.parametrize("address", ["https://example.cn/s.json", "/srv/s.json", "file:///s.json"])
def test_a_schema_that_is_not_beside_the_files_stays(office: Office, address: str) -> None:
    office.write("news.yaml", OLD.replace("../schemas/campaign.schema.json", address))

    copy(office, "2036/news")

    assert f"$schema={address}\n" in read(office, "2036/news.yaml").decode()


def test_old_and_new_may_be_paths_from_here(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.campaign("2035/news")
    monkeypatch.chdir(office.root / "2035")

    copy(office, "../autumn.yaml", "news.yaml")

    assert (office.root / "autumn.yaml").exists()


def test_it_says_what_to_do_next(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.write("news.yaml", OLD)
    monkeypatch.chdir(office.root)

    ran = office.run("copy", "news", "2036/news")

    assert ran.out == "2036/news.yaml is a draft made of news.yaml\n"
    assert "left out of it: `start`, `until`, `again`, `state`" in ran.err
    assert "mms-runner validate 2036/news.yaml" in ran.err
    assert "mms-runner plan 2036/news" in ran.err


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("news", "already"),
        ("NEWS", "already"),
        ("news.yml", "already"),
        ("", "missing"),
        ("2036/", "missing"),
        ("/tmp/news", "leaves"),
        ("../news", "leaves"),
        ("../news.yaml", "not in the workspace"),
        ("runner", "settings"),
        ("2036/runner", "settings"),
        ("_news", "begins with"),
        ("2036/.news", "begins with"),
        ("_2036/news", "begins with"),
        ("a\nb", "control characters"),
        ("13800138000", "phone number"),
        ("link/news", "no folder"),
        ("notes/news", "no folder"),
    ],
)
def test_a_name_that_no_new_campaign_can_have_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str, word: str
) -> None:
    office.campaign()
    office.write("notes", "a file")
    (office.root / "real").mkdir()
    (office.root / "link").symlink_to("real")
    monkeypatch.chdir(office.root)
    before = sorted(office.folder.rglob("*"))

    assert word in copy(office, name, status=2)
    assert sorted(office.folder.rglob("*")) == before


def test_an_unknown_old_campaign_is_refused_with_the_one_that_was_meant(office: Office) -> None:
    office.campaign("mid-autumn")

    assert "did you mean `mid-autumn`?" in copy(office, "new", "mid-autum", status=2)


def test_a_file_that_is_no_yaml_is_not_copied(office: Office) -> None:
    office.write("news.yaml", "title: [\n")

    assert "error[" in copy(office, "autumn", status=1)
    assert not (office.root / "autumn.yaml").exists()


@pytest.mark.parametrize("text", ["", "- a list\n"])
def test_a_file_without_fields_is_not_copied(office: Office, text: str) -> None:
    office.write("news.yaml", text)

    assert "error[" in copy(office, "autumn", status=1)


def test_a_copy_with_something_new_in_it_is_sent(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more="start: now\n")
    office.run("run")
    copy(office, "autumn")
    path = office.root / "autumn.yaml"
    path.write_text(path.read_text().replace("title: news", "title: autumn"))

    assert office.run("run", "autumn").status == 0
    assert len(sandbox.copies("autumn")) == 3


def test_a_copy_as_it_is_is_held_as_what_was_sent(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more="start: now\n")
    office.run("run")
    copy(office, "autumn")

    assert office.run("run", "autumn").status == 3
    assert "already sent as news" in office.run("status", "autumn").out
