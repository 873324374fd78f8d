"""Every error the program raises on purpose, split by what the caller does next.

    RunnerError
    ├── FaultyFiles           fix the files: the diagnostics say where             (exit 1)
    ├── WrongUsage            fix the command, the settings or the machine         (exit 2)
    │   ├── FilesMoved        try again: files changed between two looks at them   (exit 2)
    │   └── StateRefused      the state is foreign, newer, locked or unreadable    (exit 2)
    │       ├── DiskFull      wait for room: nothing is lost, and it goes on       (exit 2)
    │       └── DiskFailed    mend the disk: nothing may be begun on it            (exit 2)
    ├── AnotherInstance       wait: another process holds the state                (exit 75)
    └── UnreadableAnswer      never repeat: the gateway said something, nobody knows what

An answer that the protocol foresees (a code, a failure report) is a value, not an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.language import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.model.diagnostic import Diagnostic


class RunnerError(Exception):
    """Anything of ours; ``str()`` of it is one clear sentence for a person, without secrets."""


class FaultyFiles(RunnerError):  # noqa: N818 - named for the thing, as the tree above reads
    """Files of the workspace have faults, so nothing was changed and nothing is sent."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        count = len(diagnostics)
        super().__init__(
            N_("1 fault in the files, so nothing was done")
            if count == 1
            else N_("{count} faults in the files, so nothing was done").format(count=count)
        )
        self.diagnostics = tuple(diagnostics)


class WrongUsage(RunnerError):  # noqa: N818 - as above
    """The command, the settings or the machine must change first.

    hint: what to do, a sentence, or None where the message says it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class FilesMoved(WrongUsage):
    """Files are no longer what they were when they were looked at first: what follows is void."""


class StateRefused(WrongUsage):
    """The state cannot be used as it is: foreign, of a newer version, locked, full or damaged."""


class DiskFull(StateRefused):
    """The disk of the state takes nothing more; what was to be written is undone, and may wait."""


class DiskFailed(StateRefused):
    """The disk of the state reported an error: what it holds may differ from what it shows."""


class AnotherInstance(RunnerError):  # noqa: N818 - as above
    """Another process holds the state's lock; ``holder`` says which one, in words."""

    def __init__(self, holder: str) -> None:
        super().__init__(N_("another instance holds the state: {holder}").format(holder=holder))
        self.holder = holder


class UnreadableAnswer(RunnerError):  # noqa: N818 - as above
    """The gateway's bytes are neither of the forms that its document foresees."""


_FRAMES = 8  # of a traceback, the innermost


def locate_defect(error: BaseException) -> str:
    """Say of an error that nobody raises on purpose what it is and where it comes from.

    Its own words are left out: they may hold what is sent, and to whom.
    """
    from traceback import walk_tb

    frames = walk_tb(error.__traceback__)
    calls = [f"{frame.f_globals.get('__name__')}:{line}" for frame, line in frames]
    return f"{type(error).__name__} at {' > '.join(calls[-_FRAMES:]) or 'an unknown place'}"
