"""Which commit is in force, as git says it; and what git is not let do for it."""

from __future__ import annotations

import os
import shutil

import pytest
from checkouts import commit_all, git

from runner.workspace.revision import read_revision


@pytest.fixture
def repository(tmp_path):
    """A repository with something else beside the workspace."""
    folder = tmp_path / "repository"
    (folder / "campaigns").mkdir(parents=True)
    (folder / "campaigns" / "moon.yaml").write_text("title: moon\n")
    (folder / "README").write_text("ours\n")
    commit_all(folder)
    return folder


@pytest.fixture
def workspace(repository):
    return repository / "campaigns"


@pytest.fixture
def commit(repository):
    return git(repository, "rev-parse", "HEAD")[:8]


@pytest.fixture
def put_on_path(tmp_path, monkeypatch):
    """Put a program of our own in the place of git."""

    def put(script):
        folder = tmp_path / "programs"
        folder.mkdir()
        (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return put


def test_the_commit_in_force_is_named_by_its_short_id(workspace, commit):
    assert read_revision(workspace) == commit


def test_a_workspace_may_be_the_whole_repository(repository, commit):
    assert read_revision(repository) == commit


@pytest.mark.parametrize("name", ["moon.yaml", "new.yaml"])
def test_a_file_that_differs_from_the_commit_is_said(workspace, commit, name):
    (workspace / name).write_text("title: another\n")
    assert read_revision(workspace) == f"{commit} with changes that are not committed"


def test_a_removed_file_is_a_change(workspace, commit):
    (workspace / "moon.yaml").unlink()
    assert read_revision(workspace) == f"{commit} with changes that are not committed"


def test_a_change_that_waits_in_the_index_is_a_change(workspace, commit):
    (workspace / "moon.yaml").write_text("title: another\n")
    git(workspace, "add", "--all")
    assert read_revision(workspace) == f"{commit} with changes that are not committed"


def test_a_change_beside_the_workspace_is_none(repository, workspace, commit):
    (repository / "README").write_text("theirs\n")
    (repository / "new").touch()
    assert read_revision(workspace) == commit


def test_a_file_that_was_only_touched_is_no_change(workspace, commit):
    os.utime(workspace / "moon.yaml", (1, 1))
    assert read_revision(workspace) == commit


def test_new_files_are_told_where_git_is_set_not_to_show_them(workspace, commit):
    git(workspace, "config", "status.showUntrackedFiles", "no")
    (workspace / "new.yaml").touch()
    assert read_revision(workspace) == f"{commit} with changes that are not committed"


def test_a_worktree_has_a_commit_of_its_own(repository, tmp_path):
    git(repository, "worktree", "add", "--quiet", "-b", "next", str(tmp_path / "tree"))
    (tmp_path / "tree" / "campaigns" / "sun.yaml").write_text("title: sun\n")
    commit = commit_all(tmp_path / "tree")
    assert read_revision(tmp_path / "tree" / "campaigns") == commit[:8]


def test_a_link_to_a_workspace_is_followed(workspace, commit, tmp_path):
    (tmp_path / "current").symlink_to(workspace)
    assert read_revision(tmp_path / "current") == commit


def test_a_folder_outside_of_any_checkout_has_no_revision(tmp_path):
    assert read_revision(tmp_path) is None


def test_a_repository_without_a_commit_has_no_revision(tmp_path):
    git(tmp_path, "init", "--quiet")
    assert read_revision(tmp_path) is None


def test_a_folder_that_no_commit_knows_has_no_revision(repository):
    """The commit of a home folder says nothing of a workspace that it ignores."""
    (repository / ".gitignore").write_text("copy/\n")
    shutil.copytree(repository / "campaigns", repository / "copy")
    assert read_revision(repository / "copy") is None


@pytest.mark.parametrize("name", ["nowhere", "README", "a\0b"])
def test_what_is_no_folder_has_no_revision(repository, name):
    assert read_revision(repository / name) is None


def test_a_broken_repository_has_no_revision(repository, workspace):
    (repository / ".git" / "HEAD").write_text("nonsense")
    assert read_revision(workspace) is None


def test_there_is_no_revision_where_git_is_not_installed(workspace, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_revision(workspace) is None


@pytest.mark.parametrize("script", ["exit 128", "echo nonsense", "kill -9 $$"])
def test_there_is_no_revision_where_git_fails(workspace, put_on_path, script):
    put_on_path(script)
    assert read_revision(workspace) is None


def test_there_is_no_revision_where_git_cannot_say_what_changed(workspace, put_on_path):
    put_on_path('case "$*" in *status*) exit 128;; *) echo a1b2c3d4e5f6 b2c3d4e5f6a1;; esac')
    assert read_revision(workspace) is None


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_variables_do_not_lead_git_elsewhere(workspace, commit, monkeypatch, tmp_path, name):
    """A hook of another repository may start the program, and sets them."""
    monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert read_revision(workspace) == commit


def test_git_is_told_no_secret(workspace, put_on_path, monkeypatch, tmp_path):
    monkeypatch.setenv("MMS_PASSWORD", "not for git")
    put_on_path(f"env > '{tmp_path}/told'")
    read_revision(workspace)
    told = (tmp_path / "told").read_text()
    assert "GIT_OPTIONAL_LOCKS=0" in told
    assert "not for git" not in told


def test_git_changes_nothing_in_the_repository(repository, workspace):
    """Somebody's git would stumble over a lock of ours."""
    os.utime(workspace / "moon.yaml", (1, 1))  # git would note this down in its index
    before = (repository / ".git" / "index").stat()
    read_revision(workspace)
    after = (repository / ".git" / "index").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_watcher_that_the_checkout_names_is_not_run(workspace, tmp_path):
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch '{tmp_path}/was-run'\n")
    spy.chmod(0o755)
    git(workspace, "config", "core.fsmonitor", str(spy))
    read_revision(workspace)
    assert not (tmp_path / "was-run").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to somebody else")
def test_a_checkout_of_somebody_else_is_read_too(repository, workspace, commit):
    for path in (repository, repository / ".git", workspace):
        os.chown(path, 4711, 4711)
    assert read_revision(workspace) == commit
