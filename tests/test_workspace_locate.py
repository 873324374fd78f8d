"""Where a workspace is found, what in it is a campaign, and what its files may name."""

import os
import unicodedata

import pytest
from click.testing import CliRunner
from workspaces import SETTINGS, shop

from runner.cli import main
from runner.errors import WrongUsage
from runner.workspace.locate import (
    campaign_id,
    find_campaign_files,
    find_folder,
    find_workspace,
    resolve_inside,
)

__all__ = ["shop"]


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "runner.yaml").write_text(SETTINGS)
    return folder.resolve()


def test_the_named_folder_is_the_workspace(tmp_path):
    named, here = make(tmp_path / "named"), make(tmp_path / "here")
    assert find_workspace(str(named), here) == named


def test_the_nearest_folder_upward_is_the_workspace(tmp_path):
    make(tmp_path)
    near = make(tmp_path / "near")
    deep = near / "2036" / "spring"
    deep.mkdir(parents=True)
    assert find_workspace(None, deep) == near


def test_the_folder_campaigns_is_the_workspace_where_there_is_none_upward(tmp_path):
    root = make(tmp_path / "campaigns")
    assert find_workspace(None, tmp_path) == root


def test_a_workspace_upward_goes_before_the_folder_campaigns(tmp_path):
    make(tmp_path / "campaigns")
    assert find_workspace(None, make(tmp_path)) == tmp_path.resolve()


@pytest.mark.parametrize("name", ["nowhere", "n" * 300, "file", ""])
def test_a_named_folder_without_settings_is_wrong_usage(tmp_path, monkeypatch, name):
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongUsage, match="is not a workspace"):
        find_workspace(name, tmp_path)


def test_no_workspace_anywhere_is_wrong_usage_and_says_where_was_looked(tmp_path):
    with pytest.raises(WrongUsage, match=r"above it, or in \./campaigns") as error:
        find_workspace(None, tmp_path)
    assert "-C DIR" in error.value.hint


def test_a_link_to_a_workspace_is_resolved(tmp_path):
    root = make(tmp_path / "real")
    (tmp_path / "link").symlink_to(root)
    assert find_workspace(str(tmp_path / "link"), tmp_path) == root


def test_a_workspace_keeps_the_symlink_by_which_it_was_named(tmp_path):
    """That of git-sync is swapped, and its workspace must stay the same."""
    make(tmp_path / "real")
    (tmp_path / "current").symlink_to("real")
    named = str(tmp_path / "current")
    assert find_folder(named, tmp_path, None) == tmp_path / "current"
    assert find_folder("current/", tmp_path, None) == tmp_path / "current"
    assert find_folder("./current/../current", tmp_path, None) == tmp_path / "current"


@pytest.mark.parametrize("below", ["", "2036", "2036/spring"])
@pytest.mark.parametrize("named", [None, "."])
def test_a_symlink_through_which_somebody_went_is_kept(tmp_path, below, named):
    real = make(tmp_path / "real")
    make(real / below if named else real)
    (real / "2036" / "spring").mkdir(parents=True, exist_ok=True)
    (tmp_path / "current").symlink_to("real")
    went = tmp_path / "current" / below
    found = find_folder(named, went.resolve(), str(went))
    assert found == (went if named else tmp_path / "current")


def test_the_folder_campaigns_keeps_the_symlink_above_it(tmp_path):
    make(tmp_path / "real" / "campaigns")
    (tmp_path / "current").symlink_to("real")
    found = find_folder(None, tmp_path / "real", str(tmp_path / "current"))
    assert found == tmp_path / "current" / "campaigns"


@pytest.mark.parametrize("reached", [None, "", "{folder}/elsewhere", "{folder}/gone", "here"])
def test_a_name_of_the_current_folder_that_is_not_its_own_is_not_believed(tmp_path, reached):
    here = make(tmp_path / "here")
    make(tmp_path / "elsewhere")
    assert find_folder(None, here, reached and reached.format(folder=tmp_path)) == here


def test_a_folder_above_a_symlink_is_the_one_that_the_system_finds(tmp_path):
    """What `link/..` looks like is another folder, and here another workspace."""
    make(tmp_path / "shop")
    above = make(tmp_path / "far")
    (above / "deep").mkdir()
    (tmp_path / "shop" / "link").symlink_to(above / "deep")
    named = str(tmp_path / "shop" / "link" / "..")
    assert find_workspace(named, tmp_path) == find_folder(named, tmp_path, None) == above


@pytest.mark.parametrize("by", ["option", "environment"])
def test_the_command_line_takes_the_option_or_the_environment(tmp_path, monkeypatch, by):
    root = make(tmp_path / "elsewhere")
    monkeypatch.chdir(make(tmp_path / "here"))
    (root / "broken.yaml").write_text("title: [")
    words = ["-C", str(root)] if by == "option" else []
    environment = {"MMS_RUNNER_WORKSPACE": str(root) if by == "environment" else None}
    result = CliRunner().invoke(main, [*words, "validate", "--format", "concise"], env=environment)
    assert result.exit_code == 1
    assert "elsewhere/broken.yaml:1:8" in result.stdout


def test_every_yaml_file_is_a_campaign_but_settings_and_hidden_names(shop):
    for file in (
        "b.yaml",
        "a.yml",
        "2036/spring/openday.yaml",
        "notes.txt",
        "_draft.yaml",
        ".hidden.yaml",
        "_drafts/x.yaml",
        ".github/workflow.yaml",
        "2036/_art/x.yaml",
        "2036/runner.yaml",
    ):
        shop.write(file, "")
    assert find_campaign_files(shop.root) == ["2036/spring/openday.yaml", "a.yml", "b.yaml"]


def test_the_id_is_the_path_without_the_suffix():
    assert campaign_id("2036/spring/openday.yaml") == "2036/spring/openday"
    assert campaign_id("v1.2.yml") == "v1.2"


def test_the_id_is_nfc():
    """A Mac hands file names out decomposed."""
    assert campaign_id(unicodedata.normalize("NFD", "été.yaml")) == "\u00e9t\u00e9"


def test_a_link_to_a_folder_is_not_followed(shop):
    """A campaign that is reached by two paths would have two ids, and go out twice."""
    shop.write("2036/spring.yaml", "")
    (shop.root / "latest").symlink_to("2036")
    (shop.root / "2036" / "loop").symlink_to("..")
    assert find_campaign_files(shop.root) == ["2036/spring.yaml"]


def test_a_folder_that_cannot_be_read_is_wrong_usage(shop):
    """Its campaigns must not look as if somebody had taken them out."""
    folder = os.open(shop.root, os.O_RDONLY)
    for _ in range(20):  # deeper than a path may be long
        os.mkdir("d" * 250, dir_fd=folder)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    with pytest.raises(WrongUsage, match="cannot be read: File name too long"):
        find_campaign_files(shop.root)


@pytest.mark.parametrize("name", ["media/moon.jpg", "media/../media/moon.jpg", "not/yet/there"])
def test_a_path_inside_is_resolved(shop, name):
    assert resolve_inside(shop.root, name).is_relative_to(shop.root)


@pytest.mark.parametrize("name", ["..", "../x", "media/../../x", "/etc/passwd", "a\0b"])
def test_a_path_outside_is_none(shop, name):
    assert resolve_inside(shop.root, name) is None


def test_links_are_resolved_before_they_are_judged(shop):
    (shop.root / "inward.jpg").symlink_to("media/moon.jpg")
    (shop.root / "outward.jpg").symlink_to("../moon.jpg")
    (shop.root / "album").symlink_to("..")
    assert resolve_inside(shop.root, "inward.jpg") == shop.root / "media/moon.jpg"
    assert resolve_inside(shop.root, "outward.jpg") is None
    assert resolve_inside(shop.root, "album/moon.jpg") is None


@pytest.mark.parametrize(
    ("image", "rule"),
    [
        ("../moon.jpg", "outside-workspace"),
        ("/moon.jpg", "absolute-path"),
        ("album/moon.jpg", "outside-workspace"),
    ],
)
def test_a_picture_and_a_list_must_lie_in_the_workspace(shop, image, rule):
    (shop.root.parent / "moon.jpg").write_bytes((shop.root / "media/moon.jpg").read_bytes())
    (shop.root / "album").symlink_to("..")
    faults = shop.faults(
        frames=f"frames:\n  - {{duration: 3, image: {image}}}\n",
        recipients=f"recipients:\n  files: [{image}]\n  exclude: [{image}]\n",
    )
    assert [fault.rule for fault in faults] == [rule] * 3
    assert [shop.marked(fault) for fault in faults] == [image] * 3


def test_an_absolute_path_into_the_workspace_is_refused_too(shop):
    """On the next machine the workspace lies elsewhere."""
    recipients = f"recipients:\n  files: [{shop.root}/lists/members.csv]\n"
    assert shop.fault(recipients=recipients).rule == "absolute-path"
