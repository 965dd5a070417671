"""Photos as they are kept: turned upright, without metadata, with a small picture; and what is not decoded at all."""

from __future__ import annotations

import asyncio
import io
import json
import random
import struct
import sys
import zlib
from collections.abc import Callable
from functools import cache

import pytest
from pictures import SECRETS, TURNED, chunk, encoded, motif, opened, photo, png_bomb, profile, telling
from PIL import Image, ImageSequence

from floor.core.errors import InvalidInputError
from floor.orders import pictures as pictures_module
from floor.orders.picture_process import MAX_PIXELS, output
from floor.orders.pictures import PROGRAM, Pictures
from floor.orders.work_order_files import MAX_FILE_BYTES, media_type, named_as


class Decoded(Pictures):
    """What the program makes of a picture, without a process for each."""

    async def _decoded(self, content: bytes, media_type: str) -> bytes:
        return output(content, media_type, MAX_FILE_BYTES)


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Pictures:
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', Image.MAX_IMAGE_PIXELS)
    return Decoded()


def is_red_on_top(content: bytes) -> bool:
    picture = opened(content).convert('RGB')
    width, height = picture.size
    red, _, blue = picture.getpixel((width // 2, height // 10))  # type: ignore[misc]
    below = picture.getpixel((width // 2, height * 9 // 10))
    return red > 150 > blue and below[2] > 150 > below[0]  # type: ignore[index]


@pytest.mark.parametrize(('kind', 'kept_as'), [
    ('JPEG', 'image/jpeg'), ('PNG', 'image/png'), ('WEBP', 'image/webp'), ('HEIF', 'image/jpeg'),
    ('AVIF', 'image/jpeg'), ('TIFF', 'image/jpeg')])
async def test_a_photo_is_kept_upright_and_tells_nothing_but_its_colours(
        pictures: Pictures, kind: str, kept_as: str) -> None:
    """Turned by 90 degrees: the left half is on top."""
    content = telling(kind, TURNED)
    assert b'SECRET-MAKER' in content
    kept = await pictures.rewritten(content, media_type(content))
    assert kept.media_type == kept_as == media_type(kept.content)
    for file in kept.content, kept.thumbnail:
        assert [secret for secret in SECRETS if secret in file] == []
        assert dict(opened(file).getexif()) == {}
        assert is_red_on_top(file)
    assert opened(kept.content).size == (480, 640)
    assert opened(kept.content).info['icc_profile'] == profile()
    assert opened(kept.thumbnail).size == (300, 400)


@pytest.mark.parametrize('orientation', range(1, 9))
async def test_each_way_that_a_camera_is_held(decoded: Pictures, orientation: int) -> None:
    kept = await decoded.rewritten(telling('JPEG', orientation), 'image/jpeg')
    picture = opened(kept.content)
    corner = picture.getpixel((5, 5)), picture.getpixel((picture.width - 5, picture.height - 5))
    red = corner[0][0] > 150, corner[1][0] > 150  # type: ignore[index]
    assert picture.size == ((640, 480) if orientation < 5 else (480, 640))
    assert red == ((True, False) if orientation in {1, 4, 5, 6} else (False, True))


shares_the_large_photo = pytest.mark.xdist_group('large photo')


@cache
def large_photo() -> bytes:
    return encoded(photo((4000, 3000)), 'JPEG', quality=92)


@shares_the_large_photo
async def test_a_photo_of_twelve_megapixels_is_as_good_and_as_large_as_it_was(pictures: Pictures) -> None:
    content = large_photo()
    kept = await pictures.rewritten(content, 'image/jpeg')
    assert len(content) > 3_000_000
    assert 0.9 < len(kept.content) / len(content) < 1.1
    assert len(kept.thumbnail) <= 24_000


@pytest.mark.parametrize('kind', ['GIF', 'PNG', 'WEBP'])
async def test_an_animation_still_moves(decoded: Pictures, kind: str) -> None:
    frames = [motif((60, 40)).rotate(90 * turn) for turn in range(4)]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=120, loop=0)
    kept = await decoded.rewritten(content, media_type(content))
    moving = Image.open(io.BytesIO(kept.content))
    assert (moving.format, getattr(moving, 'n_frames', 1), moving.info['loop']) == (kind, 4, 0)
    assert [frame.copy() and frame.info['duration'] for frame in ImageSequence.Iterator(moving)] == [120] * 4
    assert opened(kept.thumbnail).size == (60, 40)


@pytest.mark.parametrize('picture', [
    Image.new('1', (50, 50), 1), Image.new('L', (50, 50), 90), Image.new('P', (50, 50), 3),
    Image.new('LA', (50, 50), (90, 100)), Image.new('RGBA', (50, 50), (255, 0, 0, 0)),
    Image.new('I;16', (50, 50), 40_000)],
    ids=lambda picture: picture.mode)
@pytest.mark.parametrize('kind', ['PNG', 'TIFF'])
async def test_every_kind_of_pixels(decoded: Pictures, picture: Image.Image, kind: str) -> None:
    content = encoded(picture, kind)
    kept = await decoded.rewritten(content, media_type(content))
    if kind == 'PNG':
        assert opened(kept.content).tobytes() == opened(content).tobytes()
    if picture.mode == 'RGBA':
        assert opened(kept.thumbnail).convert('RGB').getpixel((20, 20)) == (255, 255, 255)
    if picture.mode == 'I;16':
        assert opened(kept.thumbnail).convert('L').getpixel((20, 20)) in range(150, 160)


async def test_a_photo_for_printing_becomes_one_for_screens(pictures: Pictures) -> None:
    """Without the colour profile of the printing press, which is no use for colours of a screen."""
    printed = encoded(Image.new('CMYK', (500, 400), (0, 200, 200, 0)), 'JPEG', icc_profile=b'of a printing press')
    kept = opened((await pictures.rewritten(printed, 'image/jpeg')).content)
    assert (kept.mode, kept.info.get('icc_profile')) == ('RGB', None)


@pytest.mark.parametrize(('most', 'size'), [
    (450_000, (800, 600)),   # as it is
    (250_000, (800, 600)),   # with a lower quality
    (100_000, (400, 300))])  # that is not enough
async def test_one_that_is_too_fine_to_fit_is_made_coarser(
        pictures: Pictures, monkeypatch: pytest.MonkeyPatch, most: int, size: tuple[int, int]) -> None:
    monkeypatch.setattr(pictures_module, 'MAX_FILE_BYTES', most)
    kept = await pictures.rewritten(noise(), 'image/avif')
    assert most / 3 < len(kept.content) <= most
    assert opened(kept.content).size == size


@cache
def noise() -> bytes:
    """A picture that nothing makes smaller."""
    picture = Image.frombytes('RGB', (800, 600), random.Random(7).randbytes(800 * 600 * 3))
    return encoded(picture, 'AVIF', quality=70, speed=10)


# what is refused, and why

JPEG = encoded(motif(), 'JPEG')
READ = ("import runpy, sys; sys.argv = ['-', 'image/jpeg', '10000']; "
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')")


def tiff_of_pages(count: int) -> bytes:
    pages = [motif() for _ in range(count)]
    return encoded(pages[0], 'TIFF', save_all=True, append_images=pages[1:])


DAMAGED: dict[str, Callable[[], bytes]] = {
    'half a JPEG': lambda: JPEG[:len(JPEG) // 2], 'head of a JPEG': lambda: JPEG[:400],
    'no JPEG': lambda: b'\xff\xd8\xff'.ljust(5_000, b'\0'), 'PNG': lambda: encoded(motif(), 'PNG')[:300],
    'HEIF': lambda: encoded(motif(), 'HEIF')[:600], 'AVIF': lambda: encoded(motif(), 'AVIF')[:400],
    'TIFF': lambda: encoded(motif(), 'TIFF')[:5_000], 'WEBP': lambda: encoded(motif(), 'WEBP')[:300],
    'GIF': lambda: encoded(motif(), 'GIF')[:200], 'no GIF': lambda: b'GIF89a<script>alert(1)</script>',
    'no PNG': lambda: b'\x89PNG\r\n\x1a\n<svg xmlns="http://www.w3.org/2000/svg"/>'}


@pytest.mark.parametrize('damaged', DAMAGED)
async def test_what_cannot_be_read_is_refused(decoded: Pictures, damaged: str) -> None:
    content = DAMAGED[damaged]()
    with pytest.raises(InvalidInputError, match='damaged or incomplete') as refusal:
        await decoded.rewritten(content, media_type(content))
    assert refusal.value.field == 'content'


async def test_pages_that_would_be_lost_are_refused(decoded: Pictures) -> None:
    with pytest.raises(InvalidInputError, match='this TIFF has 3 pages'):
        await decoded.rewritten(tiff_of_pages(3), 'image/tiff')


def gif_bomb() -> bytes:
    """65,535 × 65,535 pixels announced, one sent."""
    return (b'GIF89a' + struct.pack('<HH', 65_535, 65_535) + b'\x80\0\0\0\0\0\xff\xff\xff'
            + b',' + struct.pack('<HHHH', 0, 0, 65_535, 65_535) + b'\0\x02\x02D\x01\0;')


def jpeg_bomb() -> bytes:
    """A photo that says it had 65,500 × 65,500 pixels."""
    at = JPEG.index(b'\xff\xc0')
    return JPEG[:at + 5] + struct.pack('>HH', 65_500, 65_500) + JPEG[at + 9:]


@pytest.mark.parametrize(('bomb', 'size'), [(png_bomb, '50,000 × 50,000'), (gif_bomb, '65,535 × 65,535'),
                                            (jpeg_bomb, '65,500 × 65,500')])
async def test_a_picture_that_would_fill_the_memory_is_refused_by_its_header(
        pictures: Pictures, bomb: Callable[[], bytes], size: str) -> None:
    content = bomb()
    assert len(content) < 500_000
    with pytest.raises(InvalidInputError, match=size):
        await pictures.rewritten(content, media_type(content))


async def test_an_animation_without_end_is_refused(pictures: Pictures) -> None:
    width, height = 2000, 2000
    frames = MAX_PIXELS // (width * height) + 1
    control = b''.join(chunk(b'fcTL', struct.pack('>IIIIIHHBB', number, width, height, 0, 0, 1, 10, 0, 0))
                       for number in range(frames))
    content = (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 1, 0, 0, 0, 0))
               + chunk(b'acTL', struct.pack('>II', frames, 0)) + control + chunk(b'IDAT', zlib.compress(b'')) +
               chunk(b'IEND', b''))
    with pytest.raises(InvalidInputError, match='this animation has 13 frames'):
        await pictures.rewritten(content, 'image/png')


async def test_a_profile_or_text_that_unpacks_without_end_does_no_harm(pictures: Pictures) -> None:
    plain = encoded(motif(), 'PNG')
    endless = zlib.compress(bytes(200_000_000), 1)
    content = plain[:33] + chunk(b'iCCP', b'p\0\0' + endless) + plain[33:]
    try:
        kept = await pictures.rewritten(content, 'image/png')
    except InvalidInputError as refusal:
        assert 'picture' in str(refusal)
    else:
        assert len(kept.content) < 100_000


async def test_metadata_of_many_megabytes_goes(pictures: Pictures) -> None:
    comment = b'\xff\xfe\xff\xff' + bytes(65_533)
    content = JPEG[:2] + comment * 100 + JPEG[2:]
    assert len(content) > 6_000_000
    assert len((await pictures.rewritten(content, 'image/jpeg')).content) < 20_000


async def test_one_that_takes_too_long_is_ended_and_the_next_one_has_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    hurried = Pictures(decode_timeout=0.001)
    with pytest.raises(InvalidInputError, match='too much memory or time'):
        await hurried.rewritten(JPEG, 'image/jpeg')
    assert [record.message for record in caplog.records if record.levelname == 'WARNING'] == [
        'cannot decode a picture']


async def test_a_program_whose_limits_are_lower_already_reads_pictures_too() -> None:
    """As a service manager or a container may have set them."""
    limits = f'import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); {READ}'
    process = await asyncio.create_subprocess_exec(sys.executable, '-c', limits, stdin=asyncio.subprocess.PIPE,
                                                   stdout=asyncio.subprocess.PIPE)
    answer, _ = await process.communicate(JPEG)
    assert json.loads(answer.partition(b'\n')[0])['media_type'] == 'image/jpeg'


@shares_the_large_photo
async def test_the_loop_goes_on_while_pictures_are_read(pictures: Pictures) -> None:
    content = large_photo()
    beats = 0
    reading = asyncio.create_task(pictures.rewritten(content, 'image/jpeg'))
    while not reading.done():
        await asyncio.sleep(0.005)
        beats += 1
    assert beats > 10


async def test_who_leaves_ends_the_program_that_reads(pictures: Pictures) -> None:
    content = encoded(photo((2000, 1500)), 'PNG', compress_level=1)
    reading = asyncio.create_task(pictures.rewritten(content, 'image/png'))
    while pictures.busy == 0:  # noqa: ASYNC110 (there is no event to wait for)
        await asyncio.sleep(0.005)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert pictures.busy == 0


@pytest.mark.parametrize(('content', 'what'), [
    (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 'an SVG drawing'),
    (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->\n<svg/>', 'an SVG drawing'),
    (b'<!DOCTYPE html><html></html>', 'a web page'), (b'  <html><body>', 'a web page'),
    (b'\0\0\0\x18ftypmp42', 'a video'), (b'\0\0\0\x14ftypqt  ', 'a video'), (b'PK\3\4word', 'a ZIP archive'),
    (b'BM' + bytes(40), 'a BMP picture'), (b'MZ\x90\0', 'a file of another type')])
def test_what_may_not_be_attached_is_called_by_its_name(content: bytes, what: str) -> None:
    with pytest.raises(InvalidInputError, match=f'this is {what}'):
        media_type(content)


@pytest.mark.parametrize(('name', 'kept'), [
    ('IMG_0042.HEIC', 'IMG_0042.jpg'), ('scan.tiff', 'scan.jpg'), ('a.b.avif', 'a.b.jpg'), ('leak.jpeg', 'leak.jpeg'),
    ('leak', 'leak.jpg'), ('x' * 195 + '.heic', 'x' * 195 + '.jpg'), ('y' * 200, 'y' * 196 + '.jpg')])
def test_a_converted_picture_has_the_ending_of_its_kind(name: str, kept: str) -> None:
    assert named_as(name, 'image/jpeg') == kept
    assert named_as(name, 'image/png') == name
