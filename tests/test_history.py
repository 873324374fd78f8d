"""A workspace as it was: laid out as git keeps it, apart from everything else, and gone again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from checkouts import commit_all, git

from runner.errors import WrongUsage
from runner.workspace.history import look_back

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "repository" / "campaigns"
    folder.mkdir(parents=True)
    (folder / "runner.yaml").write_text("name: shop\n")
    return folder


def tree_of(root: Path, *lines: bytes) -> str:
    """Make a commit of a tree that no checkout could have had; the commit's id."""
    command = ["git", "-C", str(root), "mktree", "-z"]
    done = subprocess.run(command, input=b"\0".join(lines), capture_output=True, check=True)
    return git(root, "commit-tree", "-m", "crafted", done.stdout.decode().strip())


def test_every_file_is_there_byte_by_byte(root: Path) -> None:
    files = {
        "runner.yaml": b"name: shop\n",
        "2026/春/开业 1.yaml": b"title: \xe5\xbc\x80\xe4\xb8\x9a\r\n",
        "lists/empty.csv": b"",
        "media/large.jpg": bytes(range(256)) * 10_000,  # more than is in memory at once
        "lists/gbk-\udcc4\udce3.csv": "手机\n".encode("gb18030"),
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    commit_all(root.parent)
    for name in files:
        (root / name).write_bytes(b"another")

    with look_back(root, "HEAD") as past:
        assert past.folder
        found = {path: path.read_bytes() for path in past.folder.rglob("*") if path.is_file()}
        assert {str(path.relative_to(past.folder)): data for path, data in found.items()} == files


def test_what_git_would_change_in_a_checkout_is_left_as_it_is(root: Path) -> None:
    """No filter that the repository names is run, and nothing is left out of it."""
    (root / "a.yaml").write_bytes(b"title: a\n")
    (root / ".gitattributes").write_text("*.yaml eol=crlf filter=harm export-ignore\n")
    commit_all(root.parent)
    git(root.parent, "config", "filter.harm.smudge", f"touch {root}/harm")

    with look_back(root, "HEAD") as past:
        assert past.folder
        assert (past.folder / "a.yaml").read_bytes() == b"title: a\n"
    assert not (root / "harm").exists()


def test_only_its_owner_can_read_it_and_then_it_is_gone(root: Path) -> None:
    commit_all(root.parent)

    with look_back(root, "HEAD") as past:
        assert past.folder
        assert past.folder.stat().st_mode & 0o077 == 0
    assert not past.folder.exists()


def test_it_is_gone_after_an_error_too(root: Path) -> None:
    commit_all(root.parent)

    with pytest.raises(ZeroDivisionError), look_back(root, "HEAD") as past:
        raise ZeroDivisionError
    assert past.folder
    assert not past.folder.exists()


def test_a_link_stays_a_link(root: Path) -> None:
    (root / "a.csv").symlink_to("/etc/passwd")
    (root / "b.csv").symlink_to("runner.yaml")
    commit_all(root.parent)

    with look_back(root, "HEAD") as past:
        assert past.folder
        assert str((past.folder / "a.csv").readlink()) == "/etc/passwd"
        assert (past.folder / "b.csv").read_text() == "name: shop\n"


def test_a_path_that_leaves_the_folder_is_left_out(root: Path) -> None:
    commit_all(root)
    blob = git(root, "rev-parse", "HEAD:runner.yaml")
    inner = git(root, "rev-parse", "HEAD^{tree}")
    commit = tree_of(
        root, f"100644 blob {blob}\trunner.yaml".encode(), f"040000 tree {inner}\t..".encode()
    )

    with look_back(root, commit) as past:
        assert past.folder
        assert [path.name for path in past.folder.rglob("*")] == ["runner.yaml"]
        assert not (past.folder.parent / "runner.yaml").exists()


def test_nothing_is_written_through_a_link(root: Path, tmp_path: Path) -> None:
    """A tree may name the same thing twice: as a link, and as the folder of a file."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "link").symlink_to(outside)
    commit_all(root)
    blob, link = (git(root, "rev-parse", f"HEAD:{name}") for name in ("runner.yaml", "link"))
    inner = git(root, "rev-parse", "HEAD^{tree}")
    commit = tree_of(
        root,
        f"120000 blob {link}\tlink".encode(),
        f"040000 tree {inner}\tlink".encode(),
        f"100644 blob {blob}\trunner.yaml".encode(),
    )

    with pytest.raises(OSError, match="link"), look_back(root, commit):
        pass
    assert list(outside.iterdir()) == []


def test_a_submodule_is_left_out(root: Path) -> None:
    commit = commit_all(root)
    blob = git(root, "rev-parse", "HEAD:runner.yaml")
    crafted = tree_of(
        root, f"160000 commit {commit}\tother".encode(), f"100644 blob {blob}\trunner.yaml".encode()
    )

    with look_back(root, crafted) as past:
        assert past.folder
        assert [path.name for path in past.folder.rglob("*")] == ["runner.yaml"]


def test_an_older_version_of_a_further_work_tree_is_found(root: Path) -> None:
    commit = commit_all(root.parent)
    other = root.parent.parent / "other"
    git(root.parent, "worktree", "add", "--quiet", str(other))

    with look_back(other / "campaigns", commit) as past:
        assert past.commit == commit
        assert past.folder


def test_a_repository_without_a_commit_knows_no_revision(root: Path) -> None:
    git(root, "init", "--quiet")

    with pytest.raises(WrongUsage, match="knows no revision"), look_back(root, "HEAD"):
        pass
