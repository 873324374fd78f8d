"""What arrived can be looked at: in a browser at the sandbox's address, and in a folder."""

from __future__ import annotations

import json
import logging

import pytest
from sandbox_line import GIF, JPG, b64, get, send, txt

from runner.errors import WrongUsage
from runner.sandbox import Sandbox, SandboxSettings

CONTENT = f"3,{txt('【某商场】中秋快乐')},jpg|{b64(JPG)};15,gif|{b64(GIF)},{txt('拒收请回复R')}"


@pytest.fixture
def keep(tmp_path):
    return tmp_path / "arrived"


@pytest.fixture
def sandbox(keep):
    with Sandbox(SandboxSettings(seed=7, keep=keep)) as sandbox:
        yield sandbox


def test_a_taken_message_becomes_a_folder(sandbox, keep):
    send(sandbox, content=CONTENT, mobile="13800138000,13900139000")
    folder = keep / f"0001-{sandbox.submissions[0].task_id}"
    assert sorted(path.name for path in folder.iterdir()) == [
        "frame-01-part-02.jpg",
        "frame-02-part-01.gif",
        "message.html",
        "message.json",
        "recipients.txt",
    ]
    assert (folder / "frame-01-part-02.jpg").read_bytes() == JPG
    assert (folder / "frame-02-part-01.gif").read_bytes() == GIF
    assert (folder / "recipients.txt").read_text() == "13800138000\n13900139000\n"


def test_the_page_shows_the_frames_in_order_with_texts_and_pictures(sandbox, keep):
    send(sandbox, content=CONTENT)
    page = (keep / sandbox.submissions[0].folder / "message.html").read_text(encoding="utf-8")
    shown = [
        "<h1>中秋快乐</h1>",
        "frame 1 · 3 s",
        "【某商场】中秋快乐",
        '<img src="frame-01-part-02.jpg"',
        "frame 2 · 15 s",
        '<img src="frame-02-part-01.gif"',
        "拒收请回复R",
    ]
    places = [page.index(piece) for piece in shown]
    assert places == sorted(places)


def test_the_facts_are_json_without_numbers(sandbox, keep):
    send(sandbox, content=CONTENT, starttime="2035-09-16 09:00:00", extno="42")
    (submission,) = sandbox.submissions
    text = (keep / submission.folder / "message.json").read_text(encoding="utf-8")
    facts = json.loads(text)
    assert "13800138000" not in text
    assert facts["task_id"] == submission.task_id
    assert (facts["title"], facts["recipients"]) == ("中秋快乐", 1)
    assert (facts["starttime"], facts["extno"]) == ("2035-09-16 09:00:00", "42")
    assert facts["frames"][0] == {
        "duration": 3,
        "parts": [
            {"type": "txt", "bytes": 18, "text": "【某商场】中秋快乐"},
            {"type": "jpg", "bytes": len(JPG), "file": "frame-01-part-02.jpg"},
        ],
    }


def test_what_a_message_says_cannot_become_html(sandbox, keep):
    evil = '<script>alert("1")</script>&amp;'
    send(sandbox, title=evil, content=f"3,{txt(evil)}")
    folder = sandbox.submissions[0].folder
    for page in (keep / folder / "message.html", keep / "index.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;" in text


def test_the_index_lists_every_taken_message_and_no_other(sandbox, keep):
    send(sandbox, title="first")
    send(sandbox, title="refused", content="")
    send(sandbox, title="third")
    page = (keep / "index.html").read_text(encoding="utf-8")
    for submission in sandbox.submissions:
        assert (f'href="{submission.folder}/message.html"' in page) is submission.taken
    assert "refused" not in page


@pytest.mark.parametrize("kept", [True, False])
def test_a_browser_sees_the_same_with_and_without_a_folder(keep, kept):
    with Sandbox(SandboxSettings(keep=keep if kept else None)) as sandbox:
        assert "Nothing yet" in get(sandbox, "/").body.decode()
        send(sandbox, content=CONTENT)
        folder = sandbox.submissions[0].folder
        index, page, picture = (
            get(sandbox, path)
            for path in ("/", f"/{folder}/message.html", f"/{folder}/frame-01-part-02.jpg")
        )
    assert f"{folder}/message.html" in index.body.decode()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "拒收请回复R" in page.body.decode()
    assert (picture.body, picture.headers["Content-Type"]) == (JPG, "image/jpeg")


def test_pages_may_run_no_script(sandbox):
    headers = get(sandbox, "/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_outside_of_the_folder_is_served(sandbox, keep):
    (keep.parent / "secret.txt").write_text("secret")
    (keep / "secret.txt").write_text("secret")
    (keep / "0009-9").mkdir()
    (keep / "0009-9" / "secret.txt").write_text("secret")
    send(sandbox)
    folder = sandbox.submissions[0].folder
    for path in (
        "/../secret.txt",
        "/secret.txt",
        "/0009-9/secret.txt",
        f"/{folder}/../secret.txt",
        f"/{folder}/../../secret.txt",
        f"/{folder}/%2e%2e/secret.txt",
        f"/{folder}/",
        f"/{folder}",
        "//etc/passwd",
    ):
        assert (path, get(sandbox, path).status) == (path, 404)


def test_a_folder_of_an_earlier_run_is_continued(keep):
    for title in ("yesterday", "today"):
        with Sandbox(SandboxSettings(seed=7, keep=keep)) as sandbox:
            send(sandbox, title=title, content=CONTENT)
            folder = sandbox.submissions[0].folder
            index = get(sandbox, "/").body.decode()
    first, second = sorted(path.name for path in keep.iterdir() if path.is_dir())
    assert second == folder
    assert (first[:5], second[:5]) == ("0001-", "0002-")
    assert first[5:] != second[5:]
    assert index.index("today") < index.index("yesterday")


def test_messages_of_an_earlier_run_are_served_too(keep):
    with Sandbox(SandboxSettings(keep=keep)) as sandbox:
        send(sandbox, content=CONTENT)
        folder = sandbox.submissions[0].folder
    (keep / folder / ".secret").write_text("secret")
    with Sandbox(SandboxSettings(keep=keep)) as sandbox:
        assert get(sandbox, f"/{folder}/frame-01-part-02.jpg").body == JPG
        assert get(sandbox, f"/{folder}/.secret").status == 404
        assert get(sandbox, f"/{folder}/../index.html").status == 404


def test_folders_that_are_none_of_ours_are_left_out(keep):
    (keep / "0007-1" / "message.json").mkdir(parents=True)
    (keep / "0008-1").mkdir()
    (keep / "0008-1" / "message.json").write_text("[1]")
    (keep / "0009-1").mkdir()
    (keep / "0009-1" / "message.json").write_text("{not json")
    with Sandbox(SandboxSettings(keep=keep)) as sandbox:
        assert "Nothing yet" in get(sandbox, "/").body.decode()


def test_a_folder_that_cannot_be_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUsage, match="cannot keep messages"):
        Sandbox(SandboxSettings(keep=tmp_path / "file"))


def test_a_message_is_taken_also_where_the_folder_cannot_be_written(sandbox, keep, caplog):
    keep.rmdir()
    keep.write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert ":" in send(sandbox)
    assert "cannot be kept" in caplog.text
    assert sandbox.submissions[0].taken
