"""Pictures of every mode become upright RGB; what is hostile is refused before it is decoded."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from mmexplore.data.media.images import MAX_PIXELS, check_image, is_animated, open_image, thumbnail
from mmexplore.data.media.thumbnails import drawn_file
from mmexplore.errors import UserError


def saved(image: Image.Image, form: str = "PNG", **options) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def pixel(data: bytes, at=(0, 0)) -> tuple[int, ...]:
    return open_image(data).getpixel(at)


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises `width` x `height` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(31_623, 31_623), (60_000, 20_000), (9_000, 9_000), (1, 2**31 - 1)])
def test_the_pixel_cap_holds_before_anything_is_decoded(size):
    data = huge_png(*size)
    tracemalloc.start()
    for look in (open_image, check_image, thumbnail):
        with pytest.raises(UserError, match="pixels"):
            look(data)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_the_cap_is_of_pixels_and_can_be_set(jpeg):
    assert MAX_PIXELS == 80_000_000
    with pytest.raises(UserError, match="more than 100 pixels"):
        open_image(jpeg(size=(20, 20)), max_pixels=100)
    assert open_image(jpeg(size=(10, 10)), max_pixels=100).size == (10, 10)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_opens_as_rgb(form, jpeg, tmp_path):
    data = jpeg(1, (24, 16), form)
    path = tmp_path / "a.bin"  # what counts is what is inside
    path.write_bytes(data)
    for cell in (data, path):
        image = open_image(cell)
        assert (image.mode, image.size, image.info) == ("RGB", (24, 16), {})
        assert check_image(cell).format == form


@pytest.mark.parametrize(
    "data",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"%PDF-1.4\n%",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"",
        b"\0" * 100,
        b"not a picture",
    ],
)
def test_other_formats_are_refused(data):
    for look in (open_image, check_image):
        with pytest.raises(UserError):
            look(data)


def test_formats_that_pillow_knows_but_we_do_not_open():
    for form in ("ICO", "PPM", "TGA", "PCX", "SGI"):
        with pytest.raises(UserError, match="not a readable"):
            open_image(saved(Image.new("RGB", (32, 32), "red"), form))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    """The upright picture is 2 x 1, red then blue; each stored form turns back into it."""
    upright = np.zeros((8, 16, 3), np.uint8)
    upright[:, :8, 0], upright[:, 8:, 2] = 255, 255
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(np.ascontiguousarray(undo(upright))), "PNG", exif=exif)
    image = open_image(data)
    assert image.size == (16, 8)
    np.testing.assert_array_equal(np.asarray(image), upright)
    assert not image.getexif()


def test_cmyk():
    assert pixel(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF")) == (255, 0, 0)
    red, green, blue = pixel(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100))
    assert red > 245 and green < 10 and blue < 10


def test_palette_with_and_without_transparency():
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 10, 200, 30] + [0] * 762)
    assert pixel(saved(palette)) == (10, 200, 30)
    assert pixel(saved(palette, transparency=1)) == (255, 255, 255)


def test_sixteen_bits_and_floats_keep_their_greys():
    ramp = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    for form in ("PNG", "TIFF"):
        image = open_image(saved(Image.fromarray(ramp), form))
        np.testing.assert_array_equal(np.asarray(image)[:, :, 0].ravel(), np.arange(256))
    floats = np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16)
    image = np.asarray(open_image(saved(Image.fromarray(floats), "TIFF")))
    assert image.min() == 0 and image.max() == 255 and image[0, 0, 0] == 0
    floats[0, 0] = np.nan
    assert open_image(saved(Image.fromarray(floats), "TIFF")).mode == "RGB"


def test_alpha_is_flattened_on_white():
    assert pixel(saved(Image.new("RGBA", (4, 4), (255, 0, 0, 0)))) == (255, 255, 255)
    assert pixel(saved(Image.new("RGBA", (4, 4), (0, 0, 0, 128)))) == (127, 127, 127)
    assert pixel(saved(Image.new("LA", (4, 4), (0, 255)))) == (0, 0, 0)
    assert pixel(saved(Image.new("L", (4, 4), 7), transparency=7)) == (255, 255, 255)
    assert pixel(saved(Image.new("1", (4, 4), 1))) == (255, 255, 255)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_used(form):
    frames = [Image.new("RGB", (8, 8), c) for c in ("red", "lime", "blue")]
    data = saved(frames[0], form, save_all=True, append_images=frames[1:], lossless=True)
    red, green, blue = pixel(data)
    assert red > 250 and green < 5 and blue < 5
    assert is_animated(data) and not is_animated(saved(frames[0], form))


def test_a_draft_is_smaller_but_never_too_small(jpeg):
    data = jpeg(2, (640, 480))
    assert open_image(data).size == (640, 480)
    drafted = open_image(data, draft=(100, 100))
    assert drafted.size == (160, 120)
    assert open_image(data, draft=(2000, 2000)).size == (640, 480)
    assert open_image(jpeg(2, (640, 480), "PNG"), draft=(100, 100)).size == (640, 480)


def test_truncated_files_are_found_at_the_latest_when_decoded(jpeg):
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP"):
        data = jpeg(3, (200, 200), form)
        with pytest.raises(UserError, match="picture"):
            open_image(data[: len(data) // 2])
    with pytest.raises(UserError):  # a PNG's checksums are read at once
        check_image(jpeg(3, (200, 200), "PNG")[:2000])
    assert check_image(jpeg(3, (200, 200))[:2000]).format == "JPEG"  # a JPEG's header says nothing of its end


def test_missing_and_empty_files(tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    with pytest.raises(UserError, match=r"empty\.jpg: the file is empty"):
        open_image(tmp_path / "empty.jpg")
    with pytest.raises(UserError, match=r"none\.jpg: the file does not exist"):
        open_image(tmp_path / "none.jpg")


def test_thumbnails_are_small_jpegs_without_exif():
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    data = saved(Image.new("RGB", (800, 400), "navy"), "JPEG", exif=exif, comment=b"where I live")
    made = thumbnail(data, 64)
    image = Image.open(io.BytesIO(made))
    assert image.format == "JPEG" and image.size == (64, 32)
    assert not image.getexif() and b"where I live" not in made


def test_drawn_files_are_made_once(jpeg, tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes(jpeg(4, (300, 200)))
    drawn = []

    def draw() -> tuple[bytes, str]:
        drawn.append(1)
        return thumbnail(picture, 64), ""

    first, _ = drawn_file(picture, tmp_path / "thumbs", "64", draw)
    assert drawn_file(picture, tmp_path / "thumbs", "64", draw) == (first, "") and len(drawn) == 1
    assert Image.open(first).size == (64, 43)
    assert [p.name for p in first.parent.iterdir()] == [first.name]
