"""Whoever is beside the daemon: reads, pauses, reloads, tops up, opts people out, resolves.

Most commands run in this process, some as processes of their own; either way beside the daemon.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

from torture.processes.state import looking_into

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from cli_workspace import Office, Ran

    from runner.sandbox import Sandbox
    from torture.soak.author import Author
    from torture.soak.keeper import Keeper

_UNDO = (2.0, 12.0)  # seconds until what was paused, lost or broken is put right
_LONG_LOOK = (5.0, 60.0)  # seconds for which somebody reads from one moment of the state
_SURE = 20.0  # seconds after which nothing of a request can be under way any more
_TOP_UP = 20_000  # people

_DOUBTS = "SELECT id, campaign FROM batches WHERE state = 'in_doubt'"
_NAMED = """
    SELECT p.mobile FROM recipients AS p WHERE p.batch = ? AND p.cancelled IS NULL LIMIT 1
"""
_STOPPED = "SELECT id FROM campaigns WHERE state IN ('halted', 'missed')"
_ACCOUNTS = "SELECT state FROM accounts"
_RUNNING = "SELECT id FROM campaigns WHERE state = 'running'"
_FINISHED = "SELECT id FROM campaigns WHERE state IN ('finished', 'cancelled')"


class Supervisor:
    """Does one thing after another, drawn by a seed. deeds: how often each was done.

    broken: commands that did not end as they should.
    """

    def __init__(
        self, office: Office, author: Author, keeper: Keeper, sandbox: Sandbox, luck: random.Random
    ) -> None:
        self.deeds: Counter[str] = Counter()
        self.broken: list[str] = []
        self._office = office
        self._author = author
        self._keeper = keeper
        self._sandbox = sandbox
        self._luck = luck
        self._later: list[tuple[float, Callable[[], object]]] = []
        self._doubted: dict[int, float] = {}  # since when, on the clock of `act`
        self._looks = ExitStack()
        self._kinds: Mapping[str, tuple[int, Callable[[float], None]]] = {
            "idle moments": (30, lambda _: None),
            "edits": (6, lambda _: self._author.edit()),
            "lost files": (3, self._lose_a_file),
            "faulty files": (2, self._break_a_file),
            "settings": (1, lambda _: self._author.change_settings()),
            "opt-outs": (2, lambda _: self._author.opt_out()),
            "reloads": (3, self._reload),
            "hang-ups": (2, lambda _: self._keeper.reload()),
            "pauses": (4, self._pause),
            "cancels": (1, self._cancel),
            "looks": (6, self._look),
            "looks of other processes": (1, self._look_from_outside),
            "long looks": (1, self._look_long),
        }

    def act(self, at: float) -> None:
        """Do what is due and one thing more; at: seconds on any clock."""
        due = [act for moment, act in self._later if moment <= at]
        self._later = [each for each in self._later if each[0] > at]
        for act in due:
            act()
        names = list(self._kinds)
        [name] = self._luck.choices(names, [often for often, _ in self._kinds.values()])
        self.deeds[name] += 1
        self._kinds[name][1](at)

    def care(self, at: float) -> None:
        """Let go on what the gateway stopped, and settle some of what is in doubt."""
        with looking_into(self._office.state) as connection:
            doubts = dict(connection.execute(_DOUBTS).fetchall())
            named = {batch: connection.execute(_NAMED, [batch]).fetchone() for batch in doubts}
            stopped = [row[0] for row in connection.execute(_STOPPED)]
            accounts = [row[0] for row in connection.execute(_ACCOUNTS)]
            finished = [row[0] for row in connection.execute(_FINISHED)]
        self._author.put_away(finished)
        if "low_balance" in accounts:
            self._sandbox.top_up(_TOP_UP)
            self.deeds["top-ups"] += 1
        if set(accounts) - {"active"}:
            self._run("resume", "--account", "main")
        for campaign in stopped:
            self._run("resume", campaign)
        self._doubted = {batch: self._doubted.get(batch, at) for batch in doubts}
        for batch, since in self._doubted.items():
            # Evidence is given its time first.
            if at - since > _SURE and self._luck.random() < 0.2 and named[batch]:
                self._resolve(batch, doubts[batch], str(named[batch][0]))

    def let_go(self) -> None:
        """Put right whatever this one has put wrong."""
        self._looks.close()
        for _, act in self._later:
            act()
        self._later = []
        self._run("resume", "--all")

    def see_files_in_force(self) -> bool:
        """Whether the daemon goes by the files as they lie there now."""
        return self._office.run("reload", "--force").status == 0

    def _resolve(self, batch: int, campaign: str, mobile: str) -> None:
        """Say what became of a batch, as the gateway's operator would know it."""
        tasks = [
            each.task_id
            for each in self._sandbox.submissions
            if each.taken and each.title == campaign and mobile in each.mobiles
        ]
        if not tasks:
            self.deeds["resolved as not sent"] += 1
            self._run("resolve", f"{batch}", "--not-sent", "--yes", right=(0, 2))
            return
        self.deeds["resolved as accepted"] += 1
        known = ["--task", f"{tasks[0]}"] if self._luck.random() < 0.5 else []
        self._run("resolve", f"{batch}", "--accepted", *known, right=(0, 2))

    def _lose_a_file(self, at: float) -> None:
        self._author.lose_a_file()
        self._undo(at, self._author.mend)

    def _break_a_file(self, at: float) -> None:
        self._author.break_a_file()
        self._undo(at, self._author.mend)

    def _reload(self, _at: float) -> None:
        # 1: a file is broken just now; 3: it would unschedule much.
        self._run("reload", right=(0, 1, 3))

    def _pause(self, at: float) -> None:
        subjects = [["--all"], ["--account", "main"], *([name] for name in self._running())]
        subject = self._luck.choice(subjects)
        # 2: it is over by now.
        self._run("pause", *subject, right=(0, 2))
        self._undo(at, lambda: self._run("resume", *subject, right=(0, 2)))

    def _cancel(self, _at: float) -> None:
        if running := self._running():
            self._run("cancel", self._luck.choice(running), "--yes", right=(0, 2))

    def _look(self, _at: float) -> None:
        words = self._luck.choice(
            [["status"], ["status", "--json"], ["reports"], ["plan"], ["report"]]
        )
        if words == ["report"]:
            words = ["report", self._luck.choice(self._finished() or ["c00001"])]
        # 1 and 3 of `plan`: a fault, or something is held; 2 of `report`: nothing of it was sent.
        self._run(*words, right=(0, 1, 2, 3))

    def _look_from_outside(self, _at: float) -> None:
        ran = self._office.call("status", "--json")
        self._check(("status", "as a process"), ran, (0,))

    def _look_long(self, at: float) -> None:
        look = ExitStack()
        look.enter_context(looking_into(self._office.state)).execute(_ACCOUNTS).fetchall()
        self._looks.push(look)
        self._later.append((at + self._luck.uniform(*_LONG_LOOK), look.close))

    def _undo(self, at: float, act: Callable[[], object]) -> None:
        self._later.append((at + self._luck.uniform(*_UNDO), act))

    def _running(self) -> list[str]:
        return self._read_names(_RUNNING)

    def _finished(self) -> list[str]:
        return self._read_names(_FINISHED)

    def _read_names(self, query: str) -> list[str]:
        with looking_into(self._office.state) as connection:
            return [row[0] for row in connection.execute(query)]

    def _run(self, *words: str, right: tuple[int, ...] = (0,)) -> None:
        try:
            ran = self._office.run(*words)
        except Exception as error:  # noqa: BLE001 - a user would see a traceback
            self.broken.append(f"`{' '.join(words)}` raised {error!r}")
        else:
            self._check(words, ran, right)

    def _check(self, words: tuple[str, ...], ran: Ran, right: tuple[int, ...]) -> None:
        if ran.status not in right:
            self.broken.append(f"`{' '.join(words)}` ended with {ran.status}: {ran.err.strip()}")
