"""Images: what goes out as it is, what is taken out of it, and what is refused with a remedy."""

import io
import random
import struct
import zipfile
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from runner.model.campaign import Part, PartType
from runner.workspace.images import ImageFault, _decode_jpeg, inspect_image


def draw(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert(mode)


def save(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = "a camera"
    return data.tobytes()


def animate(frames: int, size: tuple[int, int] = (16, 16)) -> bytes:
    first, *others = [draw("L", size).point(lambda v, n=n: (v + n) % 256) for n in range(frames)]
    return save(first, "GIF", save_all=True, append_images=others, duration=100)


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


@pytest.mark.parametrize("name", ["moon.jpg", "moon.jpeg", "MOON.JPG"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_sound_jpeg_goes_out_as_it_is(name, mode):
    data = save(draw(mode))
    assert inspect_image(data, name=name) == Part(type=PartType.JPG, payload=data)


@pytest.mark.parametrize("frames", [1, 5])
def test_a_sound_gif_goes_out_as_it_is(frames):
    data = animate(frames)
    assert inspect_image(data, name="media/map.gif") == Part(type=PartType.GIF, payload=data)


def test_exif_and_xmp_are_left_out_and_nothing_else_changes():
    plain = save(draw(), comment=b"kept")
    data = save(draw(), comment=b"kept", exif=exif(1), xmp=b"<x:xmpmeta/>")
    assert b"a camera" in data
    assert inspect_image(data, name="moon.jpg").payload == plain


def test_what_follows_the_end_of_a_jpeg_is_left_out():
    """Phones hang further pictures there, each with its EXIF, and an index of them in APP2."""
    plain = save(draw())
    data = after_start(plain, segment(0xE2, b"MPF\0II*\0")) + save(draw(), exif=exif(1))
    assert inspect_image(data, name="moon.jpg").payload == plain


@pytest.mark.parametrize("frames", [1, 100])
@pytest.mark.parametrize(
    "tail", [b"PK\x03\x04 a ZIP", b"<script>alert(1)</script>", b"GIF89a", b"\0"]
)
def test_what_follows_the_end_of_a_gif_is_left_out(frames, tail):
    data = animate(frames)
    assert inspect_image(data + tail, name="map.gif").payload == data


def test_a_jpeg_that_is_a_zip_file_too_is_a_jpeg_alone():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("virus.exe", b"MZ")
    data = save(draw()) + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(data))
    payload = inspect_image(data, name="moon.jpg").payload
    assert payload == save(draw())
    assert not zipfile.is_zipfile(io.BytesIO(payload))


@pytest.mark.parametrize(
    "data",
    [b"GIF89a=1/*" + b"\0" * 20 + b"*/;alert(1)", b"\xff\xd8\xff/*<html>*/", b"GIF89a<html>"],
)
def test_what_only_begins_as_an_image_is_none(data):
    name = "a.gif" if data.startswith(b"GIF") else "a.jpg"
    assert inspect_image(data, name=name).rule == "damaged-image"


def test_a_torn_exif_is_left_out_as_well():
    plain = save(draw())
    data = after_start(plain, segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"))
    assert inspect_image(data, name="moon.jpg").payload == plain


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_jpeg_is_refused(orientation):
    fault = inspect_image(save(draw(), exif=exif(orientation)), name="moon.jpg")
    assert fault.rule == "unsuitable-jpeg"
    assert "turned or mirrored" in fault.message
    assert "magick moon.jpg -auto-orient" in fault.hint


def test_a_progressive_cmyk_jpeg_is_refused_for_both():
    fault = inspect_image(save(draw("CMYK"), progressive=True), name="moon.jpg")
    assert fault.rule == "unsuitable-jpeg"
    assert fault.message == "`moon.jpg` is progressive and in CMYK"


def test_an_arithmetic_coded_jpeg_is_refused():
    data = save(draw()).replace(b"\xff\xc0\x00\x11", b"\xff\xc9\x00\x11", 1)
    assert inspect_image(data, name="moon.jpg").message == "`moon.jpg` is arithmetic-coded"


def test_a_jpeg_that_says_that_it_is_srgb_goes_out_as_it_is():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = save(draw(), icc_profile=profile)
    assert inspect_image(data, name="moon.jpg").payload == data


def test_a_jpeg_in_other_colours_is_refused():
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for entry in range(132, 132 + 12 * 20, 12):
        if profile[entry : entry + 4] == b"rXYZ":
            offset = int.from_bytes(profile[entry + 4 : entry + 8], "big")
            profile[offset + 8 : offset + 12] = struct.pack(">i", round(0.5151 * 65536))  # P3
            break
    fault = inspect_image(save(draw(), icc_profile=bytes(profile)), name="moon.jpg")
    assert fault.rule == "foreign-colours"


def test_a_profile_without_sense_changes_nothing():
    data = save(draw(), icc_profile=b"nonsense")
    assert inspect_image(data, name="moon.jpg").payload == data


def test_a_png_under_the_name_of_a_jpeg_says_what_it_is_and_what_to_do():
    fault = inspect_image(save(draw(), "PNG"), name="media/my moon.jpg")
    assert fault.rule == "unsupported-image"
    assert fault.message == "this file is a PNG under the name my moon.jpg"
    assert "magick 'media/my moon.jpg' -background white -flatten 'media/my moon.jpg'" in fault.hint


@pytest.mark.parametrize("kind", ["PNG", "WebP", "BMP", "TIFF"])
def test_other_formats_are_refused_by_their_name(kind):
    fault = inspect_image(save(draw(), kind), name=f"moon.{kind.lower()}")
    assert fault.message == f"`moon.{kind.lower()}` is a {kind}; only JPEG and GIF can be sent"
    assert fault.hint.endswith("moon.jpg`")


def test_a_photo_of_a_telephone_in_heic_is_refused_by_its_name():
    fault = inspect_image(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", name="moon.jpg")
    assert fault.message == "this file is a HEIC under the name moon.jpg"


@pytest.mark.parametrize(
    ("data", "name", "new_name"),
    [
        (save(draw(), "GIF"), "map.jpg", "map.gif"),
        (save(draw()), "media/moon.gif", "moon.jpg"),
        (save(draw()), "moon.png", "moon.jpg"),
        (save(draw()), "moon", "moon.jpg"),
    ],
)
def test_a_wrong_suffix_asks_for_the_right_one(data, name, new_name):
    fault = inspect_image(data, name=name)
    assert (fault.rule, fault.hint) == ("wrong-suffix", f"rename it to {new_name}")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"hello", "is not an image"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    ],
)
def test_what_is_no_image_is_refused(data, words):
    fault = inspect_image(data, name="moon.jpg")
    assert fault.rule == "unknown-image"
    assert words in fault.message


@pytest.mark.parametrize("data", [save(draw()), save(draw(), exif=exif(1))], ids=["plain", "exif"])
def test_a_jpeg_that_is_cut_anywhere_is_damaged(data):
    for length in range(3, len(data) - 1, 7):
        assert inspect_image(data[:length], name="moon.jpg").rule == "damaged-image"


def decodes(decode, data):
    try:
        decode(data)
    except Exception:  # noqa: BLE001 - Pillow raises nearly any type on bad bytes
        return False
    return True


def decode_every_pixel(data):
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        image.load()


@pytest.mark.parametrize("options", [{"quality": 90}, {"restart_marker_blocks": 2}], ids=str)
@given(spot=st.floats(0, 1, exclude_max=True), bytes_=st.binary(max_size=3))
def test_to_decode_an_eighth_of_a_jpeg_finds_what_to_decode_all_of_it_finds(options, spot, bytes_):
    """Every coded bit is read either way; what is spared is the arithmetic behind them."""
    noise = Image.frombytes("RGB", (33, 17), random.Random(1).randbytes(33 * 17 * 3))
    data = save(noise, **options)
    start = int(spot * len(data))
    data = data[:start] + bytes_ + (data[start + len(bytes_) :] if bytes_ else b"")
    in_an_eighth = partial(_decode_jpeg, name="a.jpg")
    assert decodes(in_an_eighth, data) == decodes(decode_every_pixel, data)


def test_a_gif_that_is_cut_anywhere_is_damaged():
    data = animate(3)
    for length in range(6, len(data), 7):
        assert inspect_image(data[:length], name="map.gif").rule == "damaged-image"


def test_a_gif_without_a_frame_is_damaged():
    data = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b";"
    assert inspect_image(data, name="map.gif").rule == "damaged-image"


def test_a_jpeg_bomb_is_refused_by_its_header():
    data = bytearray(save(draw()))
    at = data.index(b"\xff\xc0\x00\x11") + 5
    data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    fault = inspect_image(bytes(data), name="moon.jpg")
    assert fault.rule == "too-many-pixels"
    assert "3600 megapixels" in fault.message


def test_a_gif_bomb_is_refused_by_its_header():
    data = bytearray(animate(2))
    data[6:10] = struct.pack("<HH", 6_000, 6_000)
    assert inspect_image(bytes(data), name="map.gif").rule == "too-many-pixels"


def test_a_frame_that_is_larger_than_its_gif_counts_as_large_as_it_is():
    data = bytearray(animate(1))
    at = data.index(b"\x2c\0\0\0\0\x10\0\x10\0") + 5
    data[at : at + 4] = struct.pack("<HH", 60_000, 60_000)
    assert inspect_image(bytes(data), name="map.gif").rule == "too-many-pixels"


def test_a_gif_of_too_many_frames_is_refused():
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    data = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0" * 6 + frame * 1001 + b";"
    fault = inspect_image(data, name="map.gif")
    assert (fault.rule, fault.message) == (
        "too-many-frames",
        "`map.gif` has 1001 frames; the most are 1000",
    )


def test_a_file_over_five_megabytes_is_refused_before_it_is_looked_at():
    assert inspect_image(b"\0" * 5_000_001, name="moon.jpg").rule == "image-too-large"


@given(st.data())
def test_spoilt_bytes_are_an_image_or_a_fault(data):
    source = data.draw(st.sampled_from([save(draw(), exif=exif(6)), animate(2)]))
    spoilt = bytearray(source)
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    for name in ("a.jpg", "a.gif"):
        assert isinstance(inspect_image(bytes(spoilt), name=name), Part | ImageFault)
