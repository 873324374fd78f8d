"""What the program writes is for its owner alone, whatever the umask: it holds phone numbers."""

import os
import sqlite3
import stat
from contextlib import closing

import pytest
from cli_workspace import opening_office, opening_sandboxes
from sandbox_line import send

from runner.private import make_folder, write_file
from runner.sandbox import Sandbox, SandboxSettings

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)


def modes(folder):
    """The rights of everything below a folder, by path."""
    return {
        str(path.relative_to(folder)): f"{stat.S_IMODE(path.stat().st_mode):o}"
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def careless():
    """A shell whose umask takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_all_that_commands_leave_is_for_their_owner_alone(office, open_sandbox, careless):
    """The state, what SQLite puts beside it, the lock, the witness, and every folder on the way."""
    open_sandbox()
    office.campaign(people=3)
    assert office.run("run", "news").status == 0
    state = office.state.parent
    reader = sqlite3.connect(office.state)  # keeps what SQLite puts beside it
    with closing(reader):
        reader.execute("SELECT count(*) FROM recipients")
        assert office.run("pause", "--all").status == 0
        names = ("", "-shm", "-wal", ".lock", ".witness")
        assert modes(state) == {f"state.db{end}": "600" for end in names}
    folders = [state, *list(state.parents)[:2]]
    assert [f"{stat.S_IMODE(path.stat().st_mode):o}" for path in folders] == ["700"] * 3


def test_a_state_that_was_opened_to_others_is_theirs_no_more(office, open_sandbox):
    open_sandbox()
    office.campaign(people=3)
    assert office.run("run", "news").status == 0
    reader = sqlite3.connect(office.state)
    with closing(reader):
        reader.execute("SELECT count(*) FROM recipients")
        for path in office.state.parent.iterdir():
            path.chmod(0o666)
        assert office.run("pause", "--all").status == 0
        assert set(modes(office.state.parent).values()) == {"600"}


def test_a_state_behind_a_link_is_private_where_it_lies(office, open_sandbox):
    open_sandbox()
    real = office.folder / "disk" / "real.db"
    real.parent.mkdir()
    office.state.parent.mkdir(parents=True)
    office.state.symlink_to(real)
    real.touch()
    office.campaign(people=3)
    assert office.run("run", "news").status == 0
    with closing(sqlite3.connect(real)) as reader:
        reader.execute("SELECT count(*) FROM recipients")
        for path in real.parent.iterdir():
            path.chmod(0o666)
        assert office.run("pause", "--all").status == 0
        assert set(modes(real.parent).values()) == {"600"}


def test_a_state_that_is_moved_aside_stays_private(office, open_sandbox, careless):
    open_sandbox()
    office.campaign(people=3)
    assert office.run("run", "news").status == 0
    office.settings(head='name: shop\nstate: {id: "another-one"}\n')
    assert office.run("state", "new").status == 0
    found = modes(office.state.parent)
    assert any(".old-" in name for name in found)
    assert set(found.values()) == {"600"}


@pytest.mark.usefixtures("careless")
def test_what_a_sandbox_keeps_is_private(tmp_path):
    """Its folder has the numbers that a rehearsal went to."""
    keep = tmp_path / "made" / "phones"
    with Sandbox(SandboxSettings(keep=keep)) as sandbox:
        send(sandbox)
    found = modes(tmp_path)
    assert {found["made"], found["made/phones"]} == {"700"}
    files = {name: mode for name, mode in found.items() if "." in name}
    assert len(files) > 3
    assert set(files.values()) == {"600"}


@pytest.mark.usefixtures("careless")
def test_a_file_that_others_may_read_is_narrowed_before_it_is_written(tmp_path):
    (tmp_path / "index.html").touch(0o666)
    write_file(tmp_path / "index.html", b"13800138000")
    assert modes(tmp_path) == {"index.html": "600"}


@pytest.mark.usefixtures("careless")
def test_a_folder_that_is_there_keeps_its_rights(tmp_path):
    (tmp_path / "shared").mkdir(0o755)
    make_folder(tmp_path / "shared" / "a" / "b")
    assert modes(tmp_path) == {"shared": "755", "shared/a": "700", "shared/a/b": "700"}
