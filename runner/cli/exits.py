"""Exit statuses, as scripts rely on them; where several hold, the first of this order counts."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    INTERRUPTED = 130  # Ctrl-C
    DEFECT = 70  # an error of the program's own, which no user can cause
    ANOTHER_INSTANCE = 75  # another process holds the state
    WRONG_USAGE = 2  # the command, the settings or the machine
    FAULTY_FILES = 1  # problems in the files
    CREDENTIALS_REFUSED = 4  # the gateway answered 1 or 2
    PERSON_NEEDED = 3  # something waits for a person's decision
    OK = 0
