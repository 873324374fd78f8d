"""The daemon: starts campaigns at their time, sends, polls reports and follows the files.

APScheduler only wakes these steps, and keeps nothing: the store decides what is due, so a wake-up
that is lost loses nothing. Sends happen in threads of our own.

    work      one thread: the heartbeat, and a date job for the next start
    files     one thread: looks at the workspace, reads it, answers `reload`
    reports   a thread for each account that is being polled
"""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from runner.daemon.clock_mind import ClockMind
from runner.daemon.collector import Collector
from runner.daemon.facts import Facts
from runner.daemon.files import Files
from runner.daemon.log import tell
from runner.daemon.memory import give_memory_back
from runner.daemon.senders import Senders
from runner.daemon.standstill import Standstill
from runner.dispatch.line import take_up
from runner.errors import DiskFull, RunnerError, StateRefused
from runner.reports import apply_left_over
from runner.store.outcomes import doubt_abandoned
from runner.store.reloads import answer_reload, next_reload
from runner.store.start import begin_due, is_due, miss_late, next_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from apscheduler.events import JobExecutionEvent

    from runner.daemon.files import Place
    from runner.daemon.mask import Mask
    from runner.daemon.systemd import Notifier
    from runner.dispatch.pump import Submitted
    from runner.store.database import Database
    from runner.store.reloads import ReloadRequest

_BEAT = timedelta(seconds=1)  # how soon another process's word is heard, and a waking noticed
_LOOK = timedelta(seconds=2)  # between two looks at the files: a thousand cost some milliseconds
_REVISION = timedelta(minutes=1)  # between two questions to git
_FOLD = timedelta(minutes=1)  # between two looks at whether readers let the state's log grow
_TIDY = timedelta(minutes=1)  # between two times that free memory is given back
_MOST_POLLS = 32  # accounts that are polled at once
_LAST_PATIENCE = 3.0  # seconds for a disk that is full, once told to stop
_WAIT = 0.1  # seconds between two looks at whether all is home


class Daemon:
    """Runs from `start` to `stop`.

    failure: what ended a part of it that must not end; whoever runs it looks at it, and stops it.
    """

    def __init__(
        self,
        place: Place,
        *,
        database: Database,
        mask: Mask,
        notifier: Notifier,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._notifier = notifier
        self._clock = clock
        self._standstill = Standstill(notifier)
        database.wait_for_room(math.inf, self._standstill.note)
        self._senders = Senders(
            database=database,
            clock=clock,
            notice=_say_nothing,
            stand_still=self._standstill.note,
        )
        self._files = Files(place, database=database, senders=self._senders, mask=mask, clock=clock)
        self._facts = Facts(database)
        self._stopping = threading.Event()
        self._collector = Collector(
            database=database, senders=self._senders, stopping=self._stopping, clock=clock
        )
        self._busy = _Count()
        self._heard: int | None = None  # whatever was asked before the first beat is heard in it
        self._next_start: datetime | None = None
        self._mind = ClockMind(clock())
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            logger=_quiet_logger(),
            executors={
                "work": ThreadPoolExecutor(1),
                "files": ThreadPoolExecutor(1),
                "reports": ThreadPoolExecutor(_MOST_POLLS),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._note_error, EVENT_JOB_ERROR)
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Take up what was left, read the files and begin to work; then say that it is ready.

        Raises WrongUsage where there are no settings to work with.
        """
        now = self._clock()
        for batch in take_up(self._database, [], now):
            tell(
                logging.WARNING,
                f"batch {batch.id} of {batch.campaign} is in doubt: its sender died",
                batch=batch.id,
                campaign=batch.campaign,
            )
        apply_left_over(self._database, now)
        self._files.reload(forced=False)
        self._add_job("beat", self._beat, "work", every=_BEAT)
        self._add_job("fold", self._database.fold_log, "work", every=_FOLD)
        self._add_job("tidy", give_memory_back, "work", every=_TIDY)
        self._add_job("look", self._look, "files", every=_LOOK)
        self._add_job("revision", self._files.ask_revision, "files", every=_REVISION)
        self._scheduler.start()
        self._follow_reload()

    def reload(self) -> None:
        """Read the files at once; comes back before it is done."""
        self._run_soon(self._reload)

    def mind_the_clock(self) -> None:
        """Bring forward what a clock that was set back has put off; judge by the new time."""
        now = self._clock()
        if moved := self._mind.find_jump(now):
            tell(logging.WARNING, f"the clock {moved}: it was set, or the machine slept")
            self._run_soon(self._judge_anew)
        for job in self._scheduler.get_jobs():
            interval = getattr(job.trigger, "interval", None)
            if interval and job.next_run_time > now + 2 * interval:
                with suppress(JobLookupError):  # an account that is polled no more
                    job.modify(next_run_time=now)

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Claim and ask nothing more, and let what is in flight come home, unless `hurry()`.

        What is left in flight then is in doubt.
        """
        self._notifier.stopping("waiting for what is in flight")
        tell(logging.INFO, "stopping: what is in flight comes home; a second signal does not wait")
        self._stopping.set()
        self._scheduler.pause()
        self._senders.stop()
        self._database.wait_for_room(_LAST_PATIENCE)
        self._senders.wait(hurry)
        while self._busy.count and not hurry():
            time.sleep(_WAIT)
        if hurry():
            self._give_up()
        self._scheduler.shutdown(wait=False)
        self.failure = self.failure or self._senders.find_failure()
        if self.failure is None:  # else the state may not be readable any more
            self._facts.tell_news()

    def _give_up(self) -> None:
        """Leave in doubt what is still in flight."""
        self._database.give_up()
        with suppress(StateRefused), self._database.writing() as transaction:  # else the next start
            doubt_abandoned(transaction, self._clock())

    def _beat(self) -> None:
        self._notifier.alive()
        self._database.require_sound_file()
        self.failure = self.failure or self._senders.find_failure()
        if self._standstill.is_over():
            self._heard = None  # what was asked of us meanwhile is answered
        heard = self._database.count_foreign_commits()
        if heard != self._heard:
            self._heard = heard
            self._senders.wake()
            self._run_soon(self._answer_reloads)
            self._database.keep_log_short()
        self._begin_due()
        self._facts.tell_news()

    def _begin_due(self) -> None:
        settings, now = self._files.settings, self._clock()
        with self._database.reading() as transaction:
            due = is_due(transaction, now)
            start = next_start(transaction, now)
        if due and settings:
            with self._database.writing() as transaction:
                begun = begin_due(transaction, settings.accounts, settings.zone, now)
            if begun:
                self._senders.wake()
        if start and start != self._next_start:
            self._next_start = start
            self._scheduler.add_job(
                self._do,
                "date",
                (self._begin_due,),
                run_date=start,
                id="start",
                executor="work",
                replace_existing=True,
            )

    def _look(self) -> None:
        if self._files.look():
            self._follow_reload()

    def _reload(self) -> None:
        self._notifier.reloading()
        self._files.reload(forced=False)
        self._follow_reload()

    def _judge_anew(self) -> None:
        """Judge by another time what was begun and kept, and what lists are too old."""
        with self._database.writing() as transaction:
            miss_late(transaction, self._clock())
        self._reload()

    def _answer_reloads(self) -> None:
        while request := self._find_request():
            self._answer(request)

    def _find_request(self) -> ReloadRequest | None:
        with self._database.reading() as transaction:
            return next_reload(transaction)

    def _answer(self, request: ReloadRequest) -> None:
        reload = self._files.reload(forced=request.forced)
        self._follow_reload()
        with self._database.writing() as transaction:
            answer_reload(
                transaction,
                request.id,
                self._clock(),
                problem=reload.problem,
                refused=reload.is_refused,
            )

    def _follow_reload(self) -> None:
        """Go on by the files in force, whether they are the new ones or not."""
        self._begin_due()
        self._follow_accounts()
        self._senders.wake()
        if self._files.settings:  # at boot git may be at work: then nothing was read yet
            self._notifier.ready("sending what is due")

    def _follow_accounts(self) -> None:
        """Poll the accounts that there are, each at its own pace."""
        accounts = self._files.settings.accounts if self._files.settings else {}
        wanted = {f"reports of {name}": account for name, account in accounts.items()}
        for job in self._scheduler.get_jobs():
            if job.executor == "reports" and job.id not in wanted:
                job.remove()
        for job_id, account in wanted.items():
            known = self._scheduler.get_job(job_id)
            if known is None or known.trigger.interval != account.reports.every:
                every, poll = account.reports.every, self._collector.poll
                self._add_job(job_id, poll, "reports", account.name, every=every)

    def _add_job(
        self, job_id: str, act: Callable[..., None], executor: str, *words: str, every: timedelta
    ) -> None:
        """Do something now, and again and again."""
        self._scheduler.add_job(
            self._do,
            _Every(every),
            (act, *words),
            id=job_id,
            executor=executor,
            next_run_time=self._clock(),
            replace_existing=True,
        )

    def _run_soon(self, act: Callable[[], None]) -> None:
        """Do something once, after what the files' thread is at."""
        self._scheduler.add_job(self._do, args=(act,), executor="files")

    def _do(self, act: Callable[..., None], *words: str) -> None:
        with self._busy.counting():
            if self._stopping.is_set():
                return
            try:
                act(*words)
            except DiskFull as error:
                self._standstill.note(error)
            except RunnerError as error:  # a defect is the listener's
                self.failure = self.failure or error

    def _note_error(self, event: JobExecutionEvent) -> None:
        self.failure = self.failure or event.exception


class _Every(BaseTrigger):  # type: ignore[misc] # APScheduler has no types
    """Fires once, and again an interval after that; never makes up for what was missed.

    The scheduler's own interval lists each beat that a clock set forward has skipped: of a year,
    in memory.
    """

    def __init__(self, interval: timedelta) -> None:
        self.interval = interval

    def get_next_fire_time(self, _previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Give the next moment to fire at."""
        return now + self.interval


class _Count:
    """How many are at something; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        with self._lock:
            self.count += 1
        try:
            yield
        finally:
            with self._lock:
                self.count -= 1


def _quiet_logger() -> logging.Logger:
    """Give the scheduler a logger for errors: it warns of every beat that the one before outlasts.

    Such a beat is left out, which is meant: a gateway that is down would fill the log.
    """
    logger = logging.getLogger("runner.daemon.scheduler")
    logger.setLevel(logging.ERROR)
    return logger


def _say_nothing(_step: Submitted) -> None:
    """Leave it to the event log of the state, which the log follows."""
