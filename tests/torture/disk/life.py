"""One life of the program, recorded, and the power that goes at chosen moments of it."""

from __future__ import annotations

import hashlib
import shutil
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from torture.disk.acknowledged import Ledger
from torture.disk.court import judge_image, write_image
from torture.disk.legal import Disk
from torture.disk.recording import Heard, Passed, Sent, read_recording, record_to
from torture.processes.case import Beginning, Kill
from torture.processes.world import World
from torture.proof import chance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.disk.legal import Image
    from torture.disk.recording import Event
    from torture.processes.case import Case

_ABANDON = Kill(place="gateway.begun", passing=5)
_CHOICES = 4  # how often luck chooses what is left, at each moment
_ANOTHER_GATEWAY = 1000  # added to a seed: its task ids are not those of the first


@dataclass(frozen=True, slots=True)
class Settled:
    """The files of a folder were replaced by hand, and all of them are on the disk for sure."""

    files: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a world's processes did to its state, in order. root: the folder that is there."""

    world: World
    root: Path
    events: list[Event | Settled]

    @property
    def last_settled(self) -> int:
        """The number of the last event that put another file in the state's place; -1 for none."""
        numbers = [number for number, event in enumerate(self.events) if isinstance(event, Settled)]
        return max(numbers, default=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a disk may hold at a moment, and what was relied on until then. number: of the event."""

    number: int
    image: Image
    ledger: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What came of one life. images: how many disks were judged; lived: from how many of them the
    program went on to its end. home: what was kept, None where every promise was.
    """

    case: Case
    moments: int = 0
    images: int = 0
    lived: int = 0
    broken: list[str] = field(default_factory=list)
    home: Path | None = None


def go_through(case: Case, folder: Path, *, moments: int, lives: int) -> Outage:
    """Record a life and judge what the disk may hold at some of its moments.

    lives: on how many of those disks the real program goes on to the end.
    """
    home = folder / f"{case}".replace("/", "-").strip("-")
    recording = record_life(case, home)
    luck = chance(case.seed, "power")
    found = list(_find_moments(recording, luck_name=case.seed, most=moments))
    outage = Outage(case=case, moments=len({each.number for each in found}), images=len(found))
    for number, moment in enumerate(found):
        if broken := _judge(moment, recording, home / "image"):
            kept = home / f"image-{number}"
            write_image(moment.image, str(recording.root), kept)
            texts = [f"before event {moment.number}: {text}; {kept}" for text in broken]
            outage = replace(outage, broken=[*outage.broken, *texts], home=home)
    same_file = [each for each in found if each.number > recording.last_settled]  # else a copy
    for moment in luck.sample(same_file, min(lives, len(same_file))):
        broken = _live_on(moment, recording)
        outage = replace(outage, lived=outage.lived + 1, broken=[*outage.broken, *broken])
    if not outage.broken:
        shutil.rmtree(home)
    return replace(outage, home=home if outage.broken else None)


def record_life(case: Case, home: Path) -> Recording:
    """Live a case to its end and write down what its processes do."""
    home.mkdir(parents=True)

    def name_trace(number: int) -> Path:
        return home / f"{number}.strace"

    events: list[Event | Settled] = []
    with World(case, home / "world", before=lambda number: record_to(name_trace(number))) as world:

        def read_new(since: int) -> int:
            for process in world.processes[since:]:
                events.extend(read_recording(name_trace(process.number), world.office.folder))
            return len(world.processes)

        read = 0
        if case.beginning is not Beginning.FRESH:
            world.die(_ABANDON)
            read = read_new(read)
        if case.beginning is Beginning.OLDER:
            world.become_older()
            folder = Path(world.office.environment["XDG_STATE_HOME"])
            files = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            events.append(Settled(files))
        for kill in case.kills:
            world.die(kill)
        world.come_to_an_end()
        if world.broken:
            raise AssertionError(world.broken)
        read_new(read)
    return Recording(world=world, root=world.office.folder, events=events)


def _find_moments(recording: Recording, *, luck_name: int, most: int) -> Iterator[Moment]:
    """Give each disk that there may be at some moments, once, with all that was relied on by then.

    most: moments, of all at which something changes what may be on the disk.
    """
    luck = chance(luck_name, "moments")
    changing = [
        number
        for number, event in enumerate(recording.events)
        if not isinstance(event, Sent | Heard | Passed)
    ]
    chosen = set(luck.sample(changing, min(most, len(changing)))) | {len(recording.events)}
    disk, ledger, seen = Disk(str(recording.root)), Ledger(), set()
    for number, event in enumerate([*recording.events, None]):
        if number in chosen:
            for image in disk.images(luck, _CHOICES):
                key = _digest(image), len(ledger.batches), len(ledger.reports)
                if key not in seen:
                    seen.add(key)
                    yield Moment(number=number, image=image, ledger=deepcopy(ledger))
        if isinstance(event, Settled):
            disk.settle(event.files)
        elif event is not None:
            disk.apply(event)
            ledger.note(event)


def _judge(moment: Moment, recording: Recording, folder: Path) -> list[str]:
    write_image(moment.image, str(recording.root), folder)
    try:
        state = recording.world.office.state.relative_to(recording.root)
        return judge_image(folder / state, moment.ledger)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _live_on(moment: Moment, recording: Recording) -> list[str]:
    """Let the program go on with such a disk, at a gateway that remembers nothing of before."""
    case = recording.world.case
    world = recording.world.begin_anew(_ANOTHER_GATEWAY + case.seed)
    _put_back(moment.image, recording)
    with world:
        world.come_to_an_end()
    before = {
        (batch.campaign, mobile)
        for batch in moment.ledger.batches.values()
        if not batch.not_sent
        for mobile in batch.mobiles
    }
    after = {
        (each.title, mobile)
        for each in world.sandbox.submissions
        if each.taken
        for mobile in each.mobiles
    }
    twice = [f"{mobile} was sent {campaign} again" for campaign, mobile in before & after]
    return [*(text for text in world.broken if "never came to an end" not in text), *twice]


def _put_back(image: Image, recording: Recording) -> None:
    """Make the files of a disk the state; the file itself stays, or it would be a copy."""
    state = recording.world.office.state
    for path in state.parent.iterdir():
        if path != state:
            path.unlink()
    with state.open("r+b") as opened:
        opened.truncate(0)
    for path, content in image.items():
        if not path.endswith(("-shm", ".lock")):
            with Path(path).open("r+b" if Path(path) == state else "wb") as opened:
                opened.write(content)


def _digest(image: Image) -> bytes:
    digest = hashlib.blake2b()
    for path in sorted(image):
        digest.update(path.encode() + b"\0" + hashlib.blake2b(image[path]).digest())
    return digest.digest()
