"""When the files of a workspace have changed, and when they have come to rest.

The looks are told a time years from now: every file is old but those that a test makes fresh.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from builders import NOW
from checkouts import commit_all, git

from runner.workspace.watch import Sight, Watch

UNCHANGED, MOVING, CHANGED, UNREADABLE = Sight


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "workspace"
    for name in ("lists", "media", "_art", ".idea", "2036/spring"):
        (folder / name).mkdir(parents=True)
    for name in ("runner.yaml", "moon.yaml", "lists/members.csv", "media/moon.jpg", "_art/draw.py"):
        (folder / name).write_text("as it was")
    return folder


@pytest.fixture
def watch(folder):
    return start_watch(folder)


def start_watch(folder, *extra, **settings):
    """Watch a workspace that has just been read."""
    watch = Watch(folder, extra, **settings)
    read(watch)
    return watch


def read(watch):
    assert watch.note_read(watch.take_glance(), NOW) is None


def sights(watch, looks=2):
    return [watch.look(NOW).sight for _ in range(looks)]


def write(path, text="as it is now", *, seconds_ago):
    """Write a file; seconds_ago: by the clock that the looks are told."""
    path.write_text(text)
    time = NOW.timestamp() - seconds_ago
    os.utime(path, (time, time))


def swap(link, target):
    """Lead a link elsewhere at one stroke, as git-sync and Kubernetes do."""
    new = link.with_name("new-link")
    new.symlink_to(target)
    new.replace(link)


def test_a_workspace_that_was_read_is_unchanged(watch):
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_workspace_that_was_never_read_is_a_change(folder):
    assert sights(Watch(folder)) == [MOVING, CHANGED]


@pytest.mark.parametrize(
    "name",
    [
        "runner.yaml",
        "moon.yaml",
        "lists/members.csv",
        "media/moon.jpg",
        "_art/draw.py",
        "new.yaml",
        "2036/spring/new.yaml",
        "_drafts.yaml",
    ],
)
def test_a_file_that_was_written_is_a_change_at_the_second_look(watch, folder, name):
    (folder / name).write_text("as it is now")
    assert sights(watch) == [MOVING, CHANGED]


def test_a_removed_file_is_a_change(watch, folder):
    (folder / "moon.yaml").unlink()
    assert sights(watch) == [MOVING, CHANGED]


def test_a_renamed_file_is_a_change(watch, folder):
    (folder / "moon.yaml").rename(folder / "sun.yaml")
    assert sights(watch) == [MOVING, CHANGED]


def test_a_file_of_the_same_size_and_age_that_takes_the_place_is_a_change(watch, folder):
    shutil.copy2(folder / "moon.yaml", folder / ".moon.yaml")
    (folder / ".moon.yaml").replace(folder / "moon.yaml")
    assert sights(watch) == [MOVING, CHANGED]


def test_a_file_whose_age_was_set_back_is_a_change(watch, folder):
    path = folder / "moon.yaml"
    before = path.stat()
    path.write_text("As it was")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert sights(watch) == [MOVING, CHANGED]


def test_new_permissions_are_a_change(watch, folder):
    """A file that could not be read may be readable now."""
    (folder / "moon.yaml").chmod(0o600)
    assert sights(watch) == [MOVING, CHANGED]


@pytest.mark.parametrize("name", [".moon.yaml.swp", ".idea/moon.yaml"])
def test_hidden_names_do_not_matter(watch, folder, name):
    (folder / name).touch()
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_change_stays_one_until_it_was_read(watch, folder):
    (folder / "moon.yaml").unlink()
    assert sights(watch, looks=4) == [MOVING, CHANGED, CHANGED, CHANGED]
    read(watch)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_change_that_was_taken_back_is_none(watch, folder):
    (folder / "new.yaml").touch()
    assert sights(watch) == [MOVING, CHANGED]
    (folder / "new.yaml").unlink()
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_file_that_grows_from_look_to_look_is_not_read(watch, folder):
    for size in range(3):
        write(folder / "lists/members.csv", "13800138000\n" * size, seconds_ago=10)
        look = watch.look(NOW)
        assert look.sight is MOVING
        assert look.why == "lists/members.csv has just changed"
    assert sights(watch, looks=1) == [CHANGED]


def test_a_file_that_was_written_within_the_last_second_is_not_read(watch, folder):
    write(folder / "moon.yaml", seconds_ago=0.5)
    assert sights(watch, looks=3) == [MOVING, MOVING, MOVING]
    assert watch.look(NOW).why == "moon.yaml was written a moment ago"


def test_a_file_that_was_written_a_second_ago_is_whole(watch, folder):
    write(folder / "moon.yaml", seconds_ago=1)
    assert sights(watch) == [MOVING, CHANGED]


@pytest.mark.parametrize("years", [0.001, 200])
def test_a_file_from_the_future_comes_to_rest_as_well(watch, folder, years):
    """The clock of the machine that wrote it is ahead, or ours is behind."""
    write(folder / "moon.yaml", seconds_ago=-years * 365 * 86_400)
    assert sights(watch) == [MOVING, CHANGED]


def test_a_fresh_file_that_was_read_already_is_unchanged(watch, folder):
    """`reload` waits for nothing."""
    write(folder / "moon.yaml", seconds_ago=0.1)
    read(watch)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_what_moved_while_it_was_read_is_not_known(watch, folder):
    before = watch.take_glance()
    (folder / "lists/members.csv").write_text("as it is now")
    assert watch.note_read(before, NOW) == "lists/members.csv has just changed"
    assert sights(watch) == [CHANGED, CHANGED]


def test_what_moved_before_it_was_read_is_known(watch, folder):
    (folder / "moon.yaml").unlink()
    read(watch)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_swapped_link_to_the_workspace_is_a_change_even_between_twins(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "twin")
    (tmp_path / "current").symlink_to(folder)
    watch = start_watch(tmp_path / "current")
    swap(tmp_path / "current", tmp_path / "twin")
    look = watch.look(NOW)
    assert (look.sight, look.why) == (MOVING, f"the folder is {tmp_path}/twin since a moment ago")
    assert sights(watch, looks=1) == [CHANGED]
    assert watch.take_glance().place == str(tmp_path / "twin")


def test_a_workspace_that_was_swapped_while_it_was_read_is_not_known(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "twin")
    (tmp_path / "current").symlink_to(folder)
    watch = Watch(tmp_path / "current")
    before = watch.take_glance()
    swap(tmp_path / "current", tmp_path / "twin")
    shutil.rmtree(folder)  # as git-sync tidies up
    assert watch.note_read(before, NOW) is not None
    assert sights(watch, looks=1) == [CHANGED]


def test_a_link_above_the_workspace_may_be_swapped_too(folder, tmp_path):
    (tmp_path / "rev1").mkdir()
    folder.rename(tmp_path / "rev1" / "campaigns")
    shutil.copytree(tmp_path / "rev1", tmp_path / "rev2")
    (tmp_path / "current").symlink_to("rev1")
    watch = start_watch(tmp_path / "current" / "campaigns")
    swap(tmp_path / "current", "rev2")
    assert sights(watch) == [MOVING, CHANGED]


def test_files_that_are_links_follow_their_targets(watch, folder):
    """As in a ConfigMap of Kubernetes, whose files lie in a hidden folder."""
    for version in ("..v1", "..v2"):
        (folder / version / "lists").mkdir(parents=True)
        (folder / version / "sun.yaml").write_text("title: 太阳")
    (folder / "..data").symlink_to("..v1")
    (folder / "sun.yaml").symlink_to("..data/sun.yaml")
    read(watch)
    swap(folder / "..data", "..v2")
    assert sights(watch) == [MOVING, CHANGED]


def test_a_folder_that_is_a_link_is_a_change_where_it_leads_elsewhere(watch, folder):
    (folder / "current").symlink_to("2036")
    read(watch)
    swap(folder / "current", "lists")
    assert sights(watch) == [MOVING, CHANGED]


def test_what_happens_behind_a_link_to_a_folder_outside_does_not_matter(watch, folder, tmp_path):
    (folder / "outside").symlink_to("..")
    read(watch)
    (tmp_path / "busy.log").touch()
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_link_to_nowhere_is_a_change_where_its_target_appears(watch, folder, tmp_path):
    (folder / "new.yaml").symlink_to(tmp_path / "target")
    read(watch)
    (tmp_path / "target").touch()
    assert sights(watch) == [MOVING, CHANGED]


def test_odd_files_keep_nobody_waiting(watch, folder):
    os.mkfifo(folder / "pipe.yaml")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "loop").symlink_to(".")
    (folder / os.fsdecode(b"\xff.yaml")).touch()
    assert sights(watch) == [MOVING, CHANGED]
    read(watch)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_subfolder_that_cannot_be_read_is_left_to_the_reading(watch, folder):
    """It tells the fault with its place; here, the path becomes longer than the system takes."""
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=inner)
        outer, inner = inner, os.open("d" * 250, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)
    assert sights(watch) == [MOVING, CHANGED]
    read(watch)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_workspace_that_vanished_is_unreadable_and_its_files_are_not_gone(watch, folder):
    folder.rename(folder.with_name("away"))
    why = f"the folder {folder} cannot be read: No such file or directory"
    looks = [watch.look(NOW) for _ in range(3)]
    assert [look.sight for look in looks] == [MOVING, UNREADABLE, UNREADABLE]
    assert [look.why for look in looks] == [why] * 3


def test_a_workspace_that_comes_back_as_it_was_is_unchanged(watch, folder):
    folder.rename(folder.with_name("away"))
    assert sights(watch) == [MOVING, UNREADABLE]
    folder.with_name("away").rename(folder)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_workspace_that_comes_back_changed_is_a_change(watch, folder):
    shutil.rmtree(folder)
    assert sights(watch) == [MOVING, UNREADABLE]
    folder.mkdir()
    (folder / "runner.yaml").touch()
    assert sights(watch) == [MOVING, CHANGED]


def test_a_workspace_that_was_unreadable_when_it_was_read_is_a_change_when_it_is_there(folder):
    folder.rename(folder.with_name("away"))
    watch = start_watch(folder)
    assert sights(watch) == [UNREADABLE, UNREADABLE]
    folder.with_name("away").rename(folder)
    assert sights(watch) == [MOVING, CHANGED]


def test_a_workspace_that_vanished_while_it_was_read_is_not_known(watch, folder):
    before = watch.take_glance()
    folder.rename(folder.with_name("away"))
    assert "cannot be read" in watch.note_read(before, NOW)
    folder.with_name("away").rename(folder)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_file_in_the_place_of_the_workspace_is_unreadable(watch, folder):
    shutil.rmtree(folder)
    folder.touch()
    assert sights(watch) == [MOVING, UNREADABLE]
    assert watch.look(NOW).why == f"the folder {folder} cannot be read: Not a directory"


def test_a_link_to_the_workspace_that_leads_to_itself_is_unreadable(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert sights(Watch(tmp_path / "loop")) == [MOVING, UNREADABLE]


def test_another_branch_is_a_change(folder):
    commit_all(folder)
    git(folder, "checkout", "--quiet", "-b", "next")
    (folder / "sun.yaml").touch()
    commit_all(folder)
    watch = start_watch(folder)
    git(folder, "checkout", "--quiet", "-")
    assert sights(watch) == [MOVING, CHANGED]


@pytest.fixture
def inside_a_repository(folder):
    """The lock of the git that the workspace lies in, some folders above it."""
    commit_all(folder.parent)
    return folder.parent / ".git" / "index.lock"


@pytest.fixture
def inside_a_worktree(folder, tmp_path):
    """The lock of the worktree that the workspace lies in: not in its own folder."""
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "nothing yet")
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    folder.rename(tmp_path / "tree" / "workspace")
    folder.symlink_to(tmp_path / "tree" / "workspace")
    return Path(git(folder, "rev-parse", "--absolute-git-dir")) / "index.lock"


@pytest.mark.parametrize("kind", ["inside_a_repository", "inside_a_worktree"])
def test_nothing_is_read_while_git_is_at_work(folder, request, kind):
    lock = request.getfixturevalue(kind)
    watch = start_watch(folder)
    (folder / "moon.yaml").unlink()
    write(lock, seconds_ago=5)
    assert sights(watch, looks=3) == [MOVING, MOVING, MOVING]
    assert watch.look(NOW).why == f"git is at work, as {lock} says"
    lock.unlink()
    assert sights(watch, looks=1) == [CHANGED]


def test_what_was_read_while_git_was_at_work_is_not_known(folder, inside_a_repository):
    watch = Watch(folder)
    before = watch.take_glance()
    write(inside_a_repository, seconds_ago=5)
    assert "git is at work" in watch.note_read(before, NOW)
    inside_a_repository.unlink()
    assert sights(watch, looks=1) == [CHANGED]


def test_git_that_changes_nothing_here_is_no_change(folder, inside_a_repository):
    watch = start_watch(folder)
    write(inside_a_repository, seconds_ago=5)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_workspace_that_git_takes_away_and_brings_back_is_only_moving(
    folder, inside_a_repository
):
    watch = start_watch(folder)
    write(inside_a_repository, seconds_ago=5)
    folder.rename(folder.with_name("away"))
    assert sights(watch, looks=3) == [MOVING, MOVING, MOVING]


@pytest.mark.parametrize("seconds_ago", [601, -601])
def test_a_lock_that_git_left_behind_stops_nobody(folder, inside_a_repository, seconds_ago):
    watch = start_watch(folder)
    (folder / "moon.yaml").unlink()
    write(inside_a_repository, seconds_ago=seconds_ago)
    assert sights(watch) == [MOVING, CHANGED]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"gitdir: /nowhere", b"\xff\0"])
def test_a_git_file_that_names_nothing_stops_nobody(watch, folder, content):
    """As in a container, where the repository of a worktree is not mounted."""
    (folder / ".git").write_bytes(content)
    (folder / "moon.yaml").unlink()
    assert sights(watch) == [MOVING, CHANGED]


@pytest.fixture
def members(tmp_path):
    """A list outside of the workspace."""
    (tmp_path / "srv").mkdir()
    return tmp_path / "srv" / "members.csv"


def test_a_file_elsewhere_is_a_change_where_it_appears(folder, members):
    watch = start_watch(folder, members)
    assert sights(watch) == [UNCHANGED, UNCHANGED]
    members.touch()
    look = watch.look(NOW)
    assert (look.sight, look.why) == (MOVING, f"{members} has just changed")
    assert sights(watch, looks=1) == [CHANGED]


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_text("as it is now")])
def test_a_file_elsewhere_is_a_change_where_it_is_written_or_vanishes(folder, members, change):
    members.touch()
    watch = start_watch(folder, members)
    change(members)
    assert sights(watch) == [MOVING, CHANGED]


def test_other_files_elsewhere_do_not_matter(folder, members):
    members.touch()
    watch = start_watch(folder, members)
    members.with_name("others.csv").touch()
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_file_elsewhere_that_is_followed_from_now_on_must_be_read_once(folder, members):
    members.touch()
    watch = start_watch(folder)
    watch.follow([members])
    assert sights(watch) == [MOVING, CHANGED]
    read(watch)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_a_file_elsewhere_that_is_followed_before_the_reading_is_read_once(folder, members):
    watch = Watch(folder)
    watch.follow([members])
    read(watch)
    assert sights(watch) == [UNCHANGED, UNCHANGED]


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal", ".lock", ".witness"])
def test_a_state_inside_the_workspace_does_not_matter(folder, tmp_path, suffix):
    """It changes with everything that is sent."""
    (tmp_path / "current").symlink_to(folder)
    watch = start_watch(folder, state=tmp_path / "current" / "state.db")
    (folder / f"state.db{suffix}").touch()
    assert sights(watch) == [UNCHANGED, UNCHANGED]


def test_only_the_state_itself_does_not_matter(folder):
    watch = start_watch(folder, state=folder / "moon")
    (folder / "moon.yaml").unlink()
    assert sights(watch) == [MOVING, CHANGED]


def test_a_number_in_the_name_of_a_file_is_not_shown(watch, folder):
    (folder / "lists/13800138000.csv").touch()
    assert watch.look(NOW).why == "lists/138****8000.csv has just changed"
