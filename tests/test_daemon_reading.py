"""What the daemon makes of its files look by look, by a clock that a test moves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from os import utime
from typing import TYPE_CHECKING

import pytest
from builders import NOW, calls_of
from checkouts import commit_all, git
from cli_workspace import opening_office, until
from daemons import FAR, lasting_senders, place_of

from runner.daemon.daemon import Daemon
from runner.daemon.files import Files
from runner.daemon.mask import Mask
from runner.daemon.systemd import Notifier
from runner.store.identity import claim_workspace
from runner.store.planning import list_campaigns, read_facts
from runner.store.reloads import read_workspace_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builders import Clock
    from cli_workspace import Office

    from runner.daemon.senders import Senders
    from runner.store.database import Database
    from runner.store.reloads import WorkspaceStatus

LIST = "files: [members.csv]"

office = pytest.fixture(opening_office)


@pytest.fixture
def senders(database: Database, clock: Clock) -> Iterator[Senders]:
    with lasting_senders(database, clock) as senders:
        yield senders


@pytest.fixture
def files(
    office: Office,
    state: Path,
    database: Database,
    senders: Senders,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Files:
    for name in ("MMS_URL", "MMS_PASSWORD"):
        monkeypatch.setenv(name, office.environment[name])
    with database.writing() as transaction:
        claim_workspace(transaction, name="shop", folder=str(office.root))
    place = place_of(office, state)
    return Files(place, database=database, senders=senders, mask=Mask(), clock=clock)


def status_of(database: Database) -> WorkspaceStatus:
    with database.reading() as transaction:
        return read_workspace_status(transaction)


def test_a_change_is_read_when_a_second_look_finds_it_at_rest(
    office: Office, files: Files, database: Database
) -> None:
    files.reload(forced=False)
    office.campaign(more=FAR)
    looks = [files.look(), files.look(), files.look()]

    assert [look is not None for look in looks] == [False, True, False]
    with database.reading() as transaction:
        assert list(read_facts(transaction, list_campaigns(transaction))) == ["news"]


def test_a_campaign_that_did_not_change_is_neither_read_nor_gathered_nor_cut_again(
    office: Office, files: Files
) -> None:
    office.write("members.csv", "13800138000\n")
    path = office.campaign(more=FAR)
    path.write_text(path.read_text().replace("recipients:\n", f"recipients:\n  {LIST}\n"))
    time.sleep(2.1)  # until a change of the list would show in its time
    work = {"read_numbers", "_choose_people", "_cut"}
    assert work <= calls_of(lambda: files.reload(forced=False))
    assert not work & calls_of(lambda: files.reload(forced=False))


def test_a_commit_is_in_force_though_it_changes_no_file(
    office: Office, files: Files, database: Database
) -> None:
    commit_all(office.root)
    files.reload(forced=False)
    git(office.root, "commit", "--quiet", "--allow-empty", "--message", "no change")
    files.ask_revision()
    files.look()

    assert status_of(database).revision == git(office.root, "rev-parse", "HEAD")[:8]


def test_a_commit_with_a_fault_is_not_in_force(
    office: Office, files: Files, database: Database
) -> None:
    commit = commit_all(office.root)
    files.reload(forced=False)
    office.campaign(more="starts: tomorrow\n")
    commit_all(office.root)
    files.ask_revision()
    for _ in range(3):
        files.look()

    assert status_of(database).revision == commit[:8]
    assert "news.yaml:2:1" in (status_of(database).problem or "")


def test_a_folder_that_is_gone_is_a_problem_until_it_is_back(
    office: Office, files: Files, database: Database
) -> None:
    office.campaign(more=FAR)
    files.reload(forced=False)
    away = office.root.rename(office.folder / "away")
    for _ in range(2):
        files.look()
    gone = status_of(database)
    away.rename(office.root)
    files.look()

    assert "cannot be read: No such file or directory" in (gone.problem or "")
    assert status_of(database).problem is None
    with database.reading() as transaction:
        assert list(read_facts(transaction, list_campaigns(transaction))) == ["news"]


def test_files_that_git_was_writing_are_read_when_it_has_done(
    office: Office, files: Files, database: Database
) -> None:
    commit_all(office.root)
    files.reload(forced=False)
    lock = office.root / ".git" / "index.lock"
    lock.touch()
    utime(lock, (NOW.timestamp(), NOW.timestamp()))
    refused = files.reload(forced=False)
    lock.unlink()
    files.look()

    assert "git is at work" in (refused.problem or "")
    assert status_of(database).problem is None


def test_the_file_of_a_secret_is_watched_too(
    office: Office, files: Files, senders: Senders
) -> None:
    secret = office.folder / "password"
    secret.write_text("yesterday's")
    settings = (office.root / "runner.yaml").read_text()
    office.write("runner.yaml", settings.replace("{env: MMS_PASSWORD}", f"{{file: {secret}}}"))
    files.reload(forced=False)
    for _ in range(2):
        files.look()
    secret.write_text("today's")
    for _ in range(2):
        files.look()

    line = senders.find_line("main")
    assert line
    assert line.credentials.password == "today's"


def test_settings_that_stay_the_same_keep_their_line(
    office: Office, files: Files, senders: Senders
) -> None:
    files.reload(forced=False)
    line = senders.find_line("main")
    office.campaign(more=FAR)
    files.reload(forced=False)

    assert senders.find_line("main") is line


def test_settings_that_are_read_while_the_daemon_ends_send_nothing(
    files: Files, senders: Senders
) -> None:
    senders.stop()
    files.reload(forced=False)

    assert senders.find_line("main") is None


def test_what_a_clock_that_was_set_back_has_put_off_is_brought_forward(
    files: Files, office: Office, state: Path, database: Database
) -> None:
    place = place_of(office, state)
    mask, now = Mask(), datetime.now(UTC)
    daemon = Daemon(
        place,
        database=database,
        mask=mask,
        notifier=Notifier(mask, address=None, watchdog=None),
        clock=lambda: datetime.now(UTC),
    )
    daemon.start()
    beat = daemon._scheduler.get_job("beat")
    beat.modify(next_run_time=now + timedelta(days=365))
    daemon.mind_the_clock()
    until(lambda: daemon._scheduler.get_job("beat").next_run_time < now + timedelta(hours=1))
    daemon.stop(lambda: False)

    assert daemon.failure is None


def test_a_clock_that_jumps_ahead_has_one_beat_to_make_up_for(
    files: Files, office: Office, state: Path, database: Database
) -> None:
    """APScheduler's own interval would list each second of the year."""
    mask = Mask()
    daemon = Daemon(
        place_of(office, state),
        database=database,
        mask=mask,
        notifier=Notifier(mask, address=None, watchdog=None),
        clock=lambda: datetime.now(UTC),
    )
    daemon.start()
    beat = daemon._scheduler.get_job("beat")
    missed = beat._get_run_times(datetime.now(UTC) + timedelta(days=365))
    daemon.stop(lambda: False)

    assert len(missed) <= 1
