"""Looks into image files: an image is what its bytes are, and goes out only where it is sound.

Nothing is converted here: what a phone might not show is a fault that says what to do. Sizes are
judged by the headers before a pixel is decoded.
"""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from runner.language import N_
from runner.model.campaign import Part, PartType
from runner.workspace.jpeg import Jpeg, read_jpeg

if TYPE_CHECKING:
    from collections.abc import Generator

MOST_BYTES = 5_000_000  # fifty times what any message may weigh

_MOST_PIXELS = 50_000_000
_MOST_FRAMES = 1000
_BASELINE = 0xC0
_PROCESSES = {0xC2: N_("progressive"), 0xC9: N_("arithmetic-coded"), 0xCA: N_("arithmetic-coded")}
_CMYK_COMPONENTS = 4
_TURNED = range(2, 9)
_SRGB_RED = (0.436, 0.222, 0.014)  # of IEC 61966-2-1 under D50, as colour profiles have it

_SUFFIXES = {"JPEG": (".jpg", ".jpeg"), "GIF": (".gif",)}
_SIGNATURES = {  # nearly always the first of them is all that `re` has to compile
    "JPEG": rb"\xff\xd8\xff",
    "GIF": rb"GIF8[79]a",
    "PNG": rb"\x89PNG",
    "WebP": rb"RIFF.{4}WEBP",
    "HEIC": rb".{4}ftyp(?:hei|hev|mif|msf)",
    "AVIF": rb".{4}ftypavi",
    "TIFF": rb"II\*\0|MM\0\*",
    "BMP": rb"BM",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFault:
    """Why an image cannot be sent."""

    rule: str
    message: str
    hint: str | None = None


class _Unfit(Exception):  # noqa: N818 - carries the value that inspect_image returns
    def __init__(self, rule: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.fault = ImageFault(rule=rule, message=message, hint=hint)


def inspect_image(data: bytes, *, name: str) -> Part | ImageFault:
    """Make a part of an image file's bytes, or say why not.

    A JPEG loses its EXIF and XMP, and both what follows their end; the rest goes out as it is.
    name: how the campaign names the file; it stands in messages, and its suffix must be true.
    """
    try:
        if len(data) > MOST_BYTES:
            raise _too_large(name)
        kind = _recognise(data, name)
        _check_kind(kind, name)
        return _read_gif(data, name) if kind == "GIF" else _read_jpeg(data, name)
    except _Unfit as unfit:
        return unfit.fault


def _too_large(name: str) -> _Unfit:
    return _Unfit(
        "image-too-large",
        N_("`{name}` is larger than 5 MB, and a whole message holds about 100 KB").format(
            name=name
        ),
        N_("save a smaller version: 640 pixels on the longer side are enough for a phone"),
    )


def _recognise(data: bytes, name: str) -> str:
    if data.startswith(b"version https://git-lfs"):
        message = N_("`{name}` is a Git LFS pointer, not the image itself").format(name=name)
        raise _Unfit("unknown-image", message, N_("fetch the image with `git lfs pull`"))
    heads = _SIGNATURES.items()
    kind = next((kind for kind, head in heads if re.match(head, data, re.DOTALL)), None)
    if kind is None:
        message = (
            N_("`{name}` is not an image").format(name=name)
            if data
            else N_("`{name}` is empty").format(name=name)
        )
        raise _Unfit("unknown-image", message, N_("name a JPEG (.jpg) or GIF (.gif) file"))
    return kind


def _check_kind(kind: str, name: str) -> None:
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if suffix in _SUFFIXES.get(kind, ()):
        return
    disguised = N_("this file is a {kind} under the name {file}").format(kind=kind, file=path.name)
    if kind in _SUFFIXES:
        hint = N_("rename it to {file}").format(file=path.with_suffix(_SUFFIXES[kind][0]).name)
        raise _Unfit("wrong-suffix", disguised, hint)
    plain = N_("`{name}` is a {kind}; only JPEG and GIF can be sent").format(name=name, kind=kind)
    command = _command(path, "-background white -flatten")
    hint = N_("save it as JPEG, for example with `{command}`").format(command=command)
    is_disguised = any(suffix in suffixes for suffixes in _SUFFIXES.values())
    raise _Unfit("unsupported-image", disguised if is_disguised else plain, hint)


def _command(path: PurePosixPath, options: str) -> str:
    """Show how ImageMagick makes a JPEG of a file."""
    from shlex import quote

    target = path.with_suffix(".jpg")
    return f"magick {quote(str(path))} {options} {quote(str(target))}"


def _read_gif(data: bytes, name: str) -> Part:
    from runner.workspace.gif import read_gif

    try:
        gif = read_gif(data)
    except ValueError as error:
        raise _damaged(name) from error
    if gif.frames > _MOST_FRAMES:
        message = N_("`{name}` has {count} frames; the most are {most}").format(
            name=name, count=gif.frames, most=_MOST_FRAMES
        )
        raise _Unfit("too-many-frames", message, N_("leave out frames"))
    _check_pixels(gif.width * gif.height * gif.frames, name)
    _decode_gif(data, name)
    size = gif.width, gif.height
    return Part(type=PartType.GIF, payload=data[: gif.length], size=size)


def _read_jpeg(data: bytes, name: str) -> Part:
    try:
        jpeg = read_jpeg(data)
    except ValueError as error:
        raise _damaged(name) from error
    _check_pixels(jpeg.width * jpeg.height, name)
    reasons = _why_unsuitable(jpeg)
    if reasons:
        options = "-auto-orient -colorspace sRGB -interlace none"
        command = _command(PurePosixPath(name), options)
        hint = N_(
            "save it as an upright baseline JPEG in sRGB, for example with `{command}`"
        ).format(command=command)
        raise _Unfit(
            "unsuitable-jpeg",
            N_("`{name}` is {reason}").format(name=name, reason=reduce(_both, reasons)),
            hint,
        )
    _check_colours(_decode_jpeg(jpeg.clean, name), name)
    return Part(type=PartType.JPG, payload=jpeg.clean, size=(jpeg.width, jpeg.height))


def _why_unsuitable(jpeg: Jpeg) -> list[str]:
    """Say what phones may not show, in words that follow `is`."""
    reasons = []
    if jpeg.process != _BASELINE:
        reasons.append(_PROCESSES.get(jpeg.process, N_("not baseline")))
    if jpeg.components == _CMYK_COMPONENTS:
        reasons.append(N_("in CMYK"))
    if jpeg.orientation in _TURNED:
        reasons.append(N_("turned or mirrored by its EXIF data, which is not sent"))
    return reasons


def _both(one: str, other: str) -> str:
    return N_("{one} and {other}").format(one=one, other=other)


def _check_pixels(pixels: int, name: str) -> None:
    if pixels > _MOST_PIXELS:
        message = N_("`{name}` has {count} megapixels in all; the most are 50").format(
            name=name, count=pixels // 1_000_000
        )
        hint = N_("save a smaller version: 640 pixels on the longer side are enough for a phone")
        raise _Unfit("too-many-pixels", message, hint)


def _decode_jpeg(data: bytes, name: str) -> bytes | None:
    """Decode the whole picture, as a phone will have to; returns the colour profile, if any.

    As an eighth in grey: every coded bit is read all the same, and what is left out is arithmetic
    that cannot fail. It takes a third of the time, and a hundredth of the memory.
    """
    # By its name: Image.open would load the readers of other formats too.
    from PIL.JpegImagePlugin import JpegImageFile

    with _decoding(name), JpegImageFile(BytesIO(data)) as image:
        image.draft("L", (1, 1))
        image.load()
        profile: bytes | None = image.info.get("icc_profile")
        return profile


def _decode_gif(data: bytes, name: str) -> None:
    """Decode every frame, as a phone will have to."""
    from PIL.GifImagePlugin import GifImageFile
    from PIL.ImageSequence import Iterator

    with _decoding(name), GifImageFile(BytesIO(data)) as image:
        for frame in Iterator(image):
            frame.load()


@contextmanager
def _decoding(name: str) -> Generator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's doubts about metadata, which nobody needs
            yield
    except Exception as error:  # Pillow's decoders raise nearly any type on bad bytes
        raise _damaged(name) from error


def _damaged(name: str) -> _Unfit:
    message = N_("`{name}` is damaged or cut short: it cannot be decoded to its end").format(
        name=name
    )
    return _Unfit("damaged-image", message, N_("save it once more from its original"))


def _check_colours(profile: bytes | None, name: str) -> None:
    if profile and not _is_srgb(profile):
        message = N_("the colours of `{name}` are not sRGB, so a phone would show others").format(
            name=name
        )
        raise _Unfit("foreign-colours", message, N_("convert it to sRGB in an image editor"))


def _is_srgb(profile: bytes) -> bool:
    """Compare where red lies; a profile without colours or without sense changes nothing."""
    from PIL import ImageCms

    try:
        red = ImageCms.ImageCmsProfile(BytesIO(profile)).profile.red_colorant
    except OSError:
        return True
    if red is None:
        return True
    return all(abs(a - b) < 0.01 for a, b in zip(red[0], _SRGB_RED, strict=True))
