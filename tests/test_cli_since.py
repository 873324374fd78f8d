"""`mms-runner plan --since REV`: what a change of the files changes, and what was sent already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from checkouts import commit_all, git
from cli_workspace import numbers, opening_office, opening_sandbox, opening_sandboxes

if TYPE_CHECKING:
    from cli_workspace import Office

    from runner.sandbox import Sandbox

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)
sandbox = pytest.fixture(opening_sandbox)

FUTURE = "start: 2035-09-16 09:00\n"
PAST = "start: 2024-09-16 09:00\n"
NOW = "start: now\n"


def since(office: Office, *words: str, revision: str = "HEAD", status: int = 0) -> Any:
    ran = office.run("plan", "--json", "--since", revision, *words)
    assert ran.status == status, ran.err
    return ran.json


def change(office: Office, name: str = "news", **options: Any) -> Any:
    """Give what is another in the one campaign that is."""
    [entry] = since(office, **options)["campaigns"]
    assert entry["id"] == name
    return entry["change"]


def names(document: Any) -> dict[str, str]:
    return {entry["id"]: entry["change"]["kind"] for entry in document["campaigns"]}


def rules(office: Office) -> set[str]:
    """Give the rules of the errors that a person is told of, and how it ends."""
    ran = office.run("plan", "--since", "HEAD")
    assert ran.status == (1 if "error[" in ran.err else 0)
    return {
        line.partition("[")[2].partition("]")[0]
        for line in ran.err.splitlines()
        if "error[" in line
    }


# ---- what is another


def test_only_what_is_added_changed_or_removed_is_shown(office: Office) -> None:
    for name in ("stays", "changes", "goes"):
        office.campaign(name)
    commit_all(office.folder)
    office.campaign("changes", title="another")
    office.campaign("comes")
    (office.root / "goes.yaml").unlink()

    document = since(office)

    assert names(document) == {"changes": "changed", "comes": "added"}
    assert document["removed"] == [{"id": "goes", "file": "goes.yaml"}]
    assert document["since"] == git(office.folder, "rev-parse", "HEAD")


def test_a_file_that_is_only_written_in_another_way_is_unchanged(office: Office) -> None:
    path = office.campaign(more=FUTURE)
    commit_all(office.folder)
    path.write_text(
        "# a word to whoever reads it\n" + path.read_text().replace("09:00", "09:00:00")
    )

    assert since(office)["campaigns"] == []


def test_a_change_is_told_field_by_field(office: Office) -> None:
    office.settings(head="name: shop\n")
    office.campaign(more=FUTURE)
    commit_all(office.folder)
    office.campaign(title="中秋", more="start: 2035-09-17 10:00\nhours: 09:00-18:00\n")

    assert change(office) == {
        "kind": "changed",
        "comparable": True,
        "fields": {
            "title": {"before": "news", "after": "中秋"},
            "start": {"before": "2035-09-16T09:00:00+08:00", "after": "2035-09-17T10:00:00+08:00"},
            "hours": {"before": None, "after": "09:00-18:00"},
        },
        "frames": [],
        "recipients": None,
    }


def test_people_who_come_and_go_are_counted(office: Office) -> None:
    office.campaign(people=numbers(5))
    commit_all(office.folder)
    office.campaign(people=numbers(7, first=13_800_138_002))

    assert change(office)["recipients"] == {"before": 5, "after": 7, "come": 4, "go": 2}


def test_the_same_people_in_another_order_are_the_same(office: Office) -> None:
    office.campaign(people=numbers(5))
    commit_all(office.folder)
    office.campaign(people=numbers(5)[::-1])

    assert since(office)["campaigns"] == []


def test_a_list_that_changed_is_a_change_of_the_campaign_that_names_it(office: Office) -> None:
    office.write("lists/members.csv", "mobile\n13800138000\n")
    text = office.campaign().read_text()
    office.write("news.yaml", f"{text.partition('  numbers')[0]}  files: [lists/members.csv]\n")
    commit_all(office.folder)
    office.write("lists/members.csv", "mobile\n13800138000\n13800138001\n")

    assert change(office)["recipients"] == {"before": 1, "after": 2, "come": 1, "go": 0}


def test_each_frame_says_what_is_another_in_it(office: Office) -> None:
    frames = ["{duration: 3, text: 一}", "{duration: 3, text: 二}", "{duration: 3, text: 三}"]
    write = "title: 中秋\nframes: [{}]\nrecipients: {{numbers: ['13800138000']}}\n"
    office.write("news.yaml", write.format(", ".join(frames)))
    commit_all(office.folder)
    frames[1:] = ["{duration: 5, text: 两}"]
    office.write("news.yaml", write.format(", ".join(frames)))

    assert change(office)["frames"] == [
        {"frame": 2, "what": ["duration", "text"]},
        {"frame": 3, "what": ["removed"]},
    ]


def test_a_picture_that_was_painted_anew_is_told(office: Office) -> None:
    media = Path(__file__).parent.parent / "campaigns" / "media"
    office.write("media/a.jpg", (media / "moon.jpg").read_bytes())
    office.write(
        "news.yaml",
        "title: 中秋\nframes: [{duration: 3, image: media/a.jpg}]\n"
        "recipients: {numbers: ['13800138000']}\n",
    )
    commit_all(office.folder)
    office.write("media/a.jpg", (media / "tea.jpg").read_bytes())

    assert change(office)["frames"] == [{"frame": 1, "what": ["image"]}]


def test_a_file_that_had_faults_has_changed_and_cannot_be_compared(office: Office) -> None:
    office.write("news.yaml", "title: [\n")
    commit_all(office.folder)
    office.campaign()

    assert change(office)["comparable"] is False
    assert "had faults" in office.run("plan", "--since", "HEAD").out


def test_a_file_that_had_faults_and_is_gone_is_removed(office: Office) -> None:
    office.write("news.yaml", "title: [\n")
    commit_all(office.folder)
    (office.root / "news.yaml").unlink()

    assert since(office)["removed"] == [{"id": "news", "file": "news.yaml"}]
    assert (
        "| `news` | removed |" in office.run("plan", "--since", "HEAD", "--format", "markdown").out
    )


def test_another_zone_in_the_settings_moves_a_start(office: Office) -> None:
    office.campaign(more=FUTURE)
    commit_all(office.folder)
    office.settings(head="name: shop\ntimezone: Asia/Tokyo\n")

    document = since(office)

    assert document["settings_changed"] is True
    assert list(document["campaigns"][0]["change"]["fields"]) == ["start"]


def test_lists_of_the_settings_are_read_as_they_are_now(office: Office) -> None:
    """They lie outside of git, so the relative path that leads to them starts where it did."""
    (office.folder / "members.csv").write_text("mobile\n13800138000\n")
    office.settings(head="name: shop\nlists:\n  members: {file: ../members.csv}\n")
    text = office.campaign().read_text()
    office.write("news.yaml", f"{text.partition('  numbers')[0]}  lists: [members]\n")
    commit_all(office.folder)
    office.campaign(people=["13800138000", "13800138001"])

    changed = change(office)

    assert changed["recipients"] == {"before": 1, "after": 2, "come": 1, "go": 0}
    assert changed["fields"]["lists"] == {"before": ["members"], "after": []}


def test_only_the_named_campaigns_are_compared(office: Office) -> None:
    commit_all(office.folder)
    office.campaign("one")
    office.campaign("two")

    assert names(since(office, "two")) == {"two": "added"}


def test_people_read_what_is_another_in_words(office: Office) -> None:
    office.campaign(people=5, more=FUTURE)
    office.campaign("old")
    commit_all(office.folder)
    office.campaign(people=4, more="start: 2035-09-17 10:00\n")
    (office.root / "old.yaml").unlink()

    out = office.run("plan", "--since", "HEAD").out

    assert "1 removed, 1 changed" in out
    assert "start: 2035-09-16 09:00 -> 2035-09-17 10:00" in out
    assert "recipients: 5 -> 4, 0 come and 1 go" in out
    assert "old: removed" in out


def test_nothing_changed_says_so(office: Office) -> None:
    office.campaign()
    commit_all(office.folder)

    assert "no campaign has changed" in office.run("plan", "--since", "HEAD").out


# ---- where it is compared with


@pytest.mark.parametrize("revision", ["HEAD~1", "v1", "main", "commit"])
def test_a_revision_is_whatever_git_takes_for_one(office: Office, revision: str) -> None:
    office.campaign()
    commit = commit_all(office.folder)
    git(office.folder, "tag", "v1")
    git(office.folder, "branch", "--force", "-m", "work")
    git(office.folder, "branch", "main", commit)
    office.campaign("more")
    commit_all(office.folder)

    document = since(office, revision=commit if revision == "commit" else revision)

    assert names(document) == {"more": "added"}


def test_work_tree_and_index_stay_as_they_are(office: Office) -> None:
    office.campaign()
    commit_all(office.folder)
    office.campaign(title="staged")
    git(office.folder, "add", "--all")
    office.campaign(title="not staged")
    before = git(office.folder, "status", "--porcelain"), git(office.folder, "diff")

    since(office)

    assert (git(office.folder, "status", "--porcelain"), git(office.folder, "diff")) == before


def test_no_old_file_is_left_behind(
    office: Office, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.campaign()
    commit_all(office.folder)
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    since(office)

    assert list(temporary.iterdir()) == []


def test_a_workspace_at_the_top_of_its_repository_is_compared_too(office: Office) -> None:
    office.campaign()
    commit_all(office.root)
    office.campaign("more")

    assert names(since(office)) == {"more": "added"}


def test_a_link_in_the_workspace_leads_where_it_did(office: Office) -> None:
    office.write("lists/2026.csv", "mobile\n13800138000\n")
    (office.root / "lists/members.csv").symlink_to("2026.csv")
    text = office.campaign().read_text()
    office.write("news.yaml", f"{text.partition('  numbers')[0]}  files: [lists/members.csv]\n")
    commit_all(office.folder)
    office.write("lists/2026.csv", "mobile\n13800138001\n")

    assert change(office)["recipients"] == {"before": 1, "after": 1, "come": 1, "go": 1}


def test_a_workspace_that_is_new_since_then_is_all_new(office: Office) -> None:
    (office.folder / "README").write_text("nothing here yet")
    git(office.folder, "init", "--quiet")
    git(office.folder, "add", "README")
    git(office.folder, "commit", "--quiet", "--message", "begin")
    office.campaign()

    assert names(since(office)) == {"news": "added"}
    assert "every campaign is new" in office.run("plan", "--since", "HEAD").out


@pytest.mark.parametrize("revision", ["no-such-branch", "--help", "", "HEAD:campaigns", "a\nb"])
def test_an_unknown_revision_is_refused(office: Office, revision: str) -> None:
    office.campaign()
    commit_all(office.folder)

    ran = office.run("plan", "--since", revision)

    assert (ran.status, ran.out) == (2, "")
    assert "git knows no revision" in ran.err


def test_a_shallow_clone_says_what_to_fetch(office: Office) -> None:
    office.campaign()
    first = commit_all(office.folder)
    office.campaign("more")
    commit_all(office.folder)
    clone = office.folder / "clone"
    git(office.folder, "clone", "--quiet", "--depth=1", f"file://{office.folder}", str(clone))
    office.root = clone / "campaigns"

    ran = office.run("plan", "--since", first)

    assert ran.status == 2
    assert "fetch-depth: 0" in ran.err


def test_a_clone_without_its_files_says_so(office: Office) -> None:
    office.campaign()
    first = commit_all(office.folder)
    office.campaign(title="another")
    commit_all(office.folder)
    git(office.folder, "config", "uploadpack.allowFilter", "true")
    clone = office.folder / "clone"
    git(
        office.folder,
        "clone",
        "--quiet",
        "--filter=blob:none",
        f"file://{office.folder}",
        str(clone),
    )
    office.root = clone / "campaigns"

    ran = office.run("plan", "--since", first)

    assert ran.status == 2
    assert "lacks files" in ran.err


def test_a_workspace_in_no_repository_is_refused(office: Office) -> None:
    office.campaign()

    ran = office.run("plan", "--since", "HEAD")

    assert ran.status == 2
    assert "in no git repository" in ran.err


def test_without_git_it_says_that_git_is_needed(office: Office) -> None:
    office.campaign()
    commit_all(office.folder)

    ran = office.run("plan", "--since", "HEAD", PATH=str(office.folder))

    assert ran.status == 2
    assert "git is not installed" in ran.err


# ---- what was sent already


def test_a_file_that_was_sent_and_says_something_new_is_an_error(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=NOW)
    commit_all(office.folder)
    office.run("run")
    office.campaign(title="another", more=NOW)

    ran = office.run("plan", "--json", "--since", "HEAD")

    assert ran.status == 1
    assert "error[sent-file-reused]: this file was sent already" in ran.err
    assert "news.yaml:1:1" in ran.err
    assert "mms-runner copy news NEW" in ran.err
    assert ran.json["problems"][0].startswith("news.yaml: this file was sent already")


def test_a_new_start_for_what_was_sent_is_an_error(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=NOW)
    commit_all(office.folder)
    office.run("run")
    office.campaign(more=FUTURE)

    assert rules(office) == {"sent-file-reused"}


def test_a_cancelled_campaign_that_says_something_new_is_an_error(office: Office) -> None:
    office.campaign(more=f"{FUTURE}expect: {{recipients: 10}}\n")
    commit_all(office.folder)
    office.run("run", "news")
    assert office.run("cancel", "--yes", "news").status == 0
    office.campaign(title="another", more=FUTURE)

    assert "was cancelled" in office.run("plan", "--since", "HEAD").err


def test_what_stays_live_after_the_start_may_be_changed(office: Office, sandbox: Sandbox) -> None:
    office.campaign(more=NOW)
    commit_all(office.folder)
    office.run("run")
    office.campaign(more=f"{NOW}until: 2035-09-16 09:00\n")

    assert rules(office) == set()


def test_a_file_that_is_put_back_as_it_was_sent_is_no_error(
    office: Office, sandbox: Sandbox
) -> None:
    office.campaign(more=NOW)
    office.run("run")
    office.campaign(title="by mistake", more=NOW)
    commit_all(office.folder)
    office.campaign(more=NOW)

    assert rules(office) == set()


def test_a_scheduled_campaign_may_be_changed(office: Office) -> None:
    """The state knows it, and knows that nothing of it was sent, whatever its start says."""
    office.campaign(more=f"{NOW}expect: {{recipients: 10}}\n")
    commit_all(office.folder)
    office.run("run")
    office.campaign(title="another", more=NOW)

    assert rules(office) == set()


@pytest.mark.parametrize(("start", "word"), [(PAST, "2024-09-16 09:00"), (NOW, "start: now")])
def test_without_a_state_a_start_that_has_passed_counts_as_sent(
    office: Office, start: str, word: str
) -> None:
    office.campaign(more=start)
    commit_all(office.folder)
    office.campaign(title="another", more=FUTURE)

    ran = office.run("plan", "--since", "HEAD")

    assert ran.status == 1
    assert word in ran.err
    assert "unless something kept it" in ran.err


def test_a_state_that_cannot_be_read_is_no_reason_to_trust_a_passed_start(office: Office) -> None:
    office.campaign(more=PAST)
    commit_all(office.folder)
    office.campaign(title="another", more=FUTURE)
    office.state.parent.mkdir(parents=True)
    office.state.write_bytes(b"not a database" * 1000)

    assert rules(office) == {"sent-file-reused"}


@pytest.mark.parametrize(
    ("before", "title"),
    [("", "another"), (PAST, "news"), (f"{PAST}state: paused\n", "another")],
    ids=["a draft", "only another start", "was paused"],
)
def test_where_nobody_can_say_whether_it_was_sent_the_plan_says_that(
    office: Office, before: str, title: str
) -> None:
    office.campaign(more=before)
    commit_all(office.folder)
    office.campaign(title=title, more=FUTURE)

    [entry] = since(office)["campaigns"]

    assert "whether it was sent before" in entry["not_checked"]


def test_a_start_still_to_come_is_no_reason_for_doubt(office: Office) -> None:
    office.campaign(more=FUTURE)
    commit_all(office.folder)
    office.campaign(title="another", more=FUTURE)

    [entry] = since(office)["campaigns"]

    assert entry["not_checked"] == ["balance"]


def test_a_file_that_was_removed_is_no_reuse(office: Office) -> None:
    office.campaign(more=PAST)
    commit_all(office.folder)
    (office.root / "news.yaml").unlink()

    assert rules(office) == set()


def test_faults_in_the_files_exit_1_before_anything_is_compared(office: Office) -> None:
    office.campaign()
    commit_all(office.folder)
    office.campaign(more="start: tomorrow\n")

    ran = office.run("plan", "--since", "HEAD")

    assert (ran.status, ran.out) == (1, "")
