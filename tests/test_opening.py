"""Files that are swapped: what was looked at is what is read, and what was planned is sent."""

from __future__ import annotations

import os
import socket
import threading
from base64 import b64decode
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from cli_workspace import numbers, opening_office
from peers import Peer
from test_images import animate, draw, save
from workspaces import shop

from runner.workspace.lists import ListFault, read_list
from runner.workspace.locate import resolve_inside
from runner.workspace.opening import NotAFile, open_file, open_resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli_workspace import Office
    from peers import Call

__all__ = ["shop"]

office = pytest.fixture(opening_office)

OPENERS = [open_file, open_resolved]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, beside another that nobody may read from there."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_text("secret")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a").write_text("ours")
    return tmp_path.resolve()


@pytest.mark.parametrize("opened", OPENERS)
def test_a_regular_file_is_read(folder: Path, opened: Callable[[Path], object]) -> None:
    with opened(folder / "inside" / "a") as file:
        assert file.read() == b"ours"


def make_other_kinds(folder: Path) -> Iterator[Path]:
    yield folder
    os.mkfifo(folder / "pipe")
    yield folder / "pipe"
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(folder / "socket"))
    yield folder / "socket"
    yield folder.joinpath("/dev/zero")


@pytest.mark.parametrize("opened", OPENERS)
def test_a_folder_a_pipe_a_socket_and_a_device_are_no_files(
    folder: Path, opened: Callable[[Path], object]
) -> None:
    for path in make_other_kinds(folder):
        with pytest.raises(NotAFile):
            opened(path)


def test_a_link_that_came_after_the_path_was_resolved_is_not_followed(folder: Path) -> None:
    path = resolve_inside(folder / "inside", "a")
    assert path
    path.unlink()
    path.symlink_to("../outside/a")
    with pytest.raises(OSError, match="changed while it was opened"):
        open_resolved(path)


def test_nor_is_one_in_the_place_of_a_folder_above_it(folder: Path) -> None:
    path = resolve_inside(folder, "inside/a")
    assert path
    path.parent.rename(folder / "elsewhere")
    path.parent.symlink_to("outside")
    with pytest.raises(OSError, match="changed while it was opened"):
        open_resolved(path)


def count_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_no_descriptor_is_left_open(folder: Path) -> None:
    (folder / "link").symlink_to("outside")
    before = count_descriptors()
    for path in ("inside", "inside/none", "link/a", "none/a", "inside/a/b"):
        for opened in OPENERS:
            with suppress(OSError, NotAFile), opened(folder / path):
                pass
    assert count_descriptors() == before


def swap_without_end(folder: Path, others: list[Path], stopped: threading.Event) -> None:
    """Put one after the other in the place of `a`, each in one step."""
    while not stopped.is_set():
        for other in others:
            os.link(other, folder / "next", follow_symlinks=False)
            (folder / "next").replace(folder / "a")


def test_whatever_is_swapped_in_nothing_from_outside_is_read_and_nothing_is_waited_for(
    folder: Path,
) -> None:
    ours, link, pipe = (folder / name for name in ("ours.csv", "link", "pipe"))
    ours.write_text("mobile\n13800138000\n")
    (folder / "outside" / "a").write_text("mobile\n13900139000\n")
    link.symlink_to(folder / "outside" / "a")
    os.mkfifo(pipe)
    stopped = threading.Event()
    swapping = threading.Thread(
        target=swap_without_end, args=(folder / "inside", [ours, link, pipe], stopped)
    )
    with ExitStack() as stack:
        stack.callback(swapping.join)
        stack.callback(stopped.set)
        swapping.start()
        for _ in range(500):
            path = resolve_inside(folder / "inside", "a")
            if path is not None:
                found = read_list(path, name="a")
                assert isinstance(found, ListFault) or list(found.mobiles) == [13_800_138_000]


class Swapper:
    """A gateway that changes the sender's files while it takes the first request."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        self.sent: list[dict[str, str]] = []

    def answer(self, call: Call) -> None:
        while body := call.hear():
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            answer = "<returnsms/>"
            if form["action"] == "send":
                if not self.sent:
                    self.act()
                self.sent.append(form)
                answer = f"100:{len(self.sent)}"
            call.say(f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n{answer}".encode())


def test_what_is_sent_is_what_was_planned_whatever_becomes_of_the_files(office: Office) -> None:
    picture, people = animate(100), numbers(5)
    office.write("media/a.gif", picture)
    office.write("lists/a.csv", "mobile\n" + "\n".join(people) + "\n")
    office.settings("batch_size: 1\nconcurrency: 1")
    frames = "frames: [{duration: 1, image: media/a.gif}]\n"
    text = f"title: t\n{frames}recipients: {{files: [lists/a.csv]}}\n"
    office.write("news.yaml", text)

    def swap_everything() -> None:
        office.write("media/a.gif", save(draw("P"), "GIF"))
        (office.root / "lists/a.csv").unlink()
        (office.root / "lists/a.csv").symlink_to("/etc/passwd")
        office.write("news.yaml", text.replace("title: t", "title: other"))

    gateway = Swapper(swap_everything)
    with closing(Peer(gateway.answer)) as peer:
        office.environment["MMS_URL"] = peer.url
        [planned] = office.run("plan", "--json").json["campaigns"]
        assert office.run("run", "news").status == 0
    assert [form["mobile"] for form in gateway.sent] == people
    assert {form["title"] for form in gateway.sent} == {"t"}
    [content] = {form["content"] for form in gateway.sent}
    assert b64decode(content.removeprefix("1,gif|")) == picture
    assert planned["message"]["frames"][0]["parts"] == [{"type": "gif", "bytes": len(picture)}]
