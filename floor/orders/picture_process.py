"""Converts one picture: `python picture_process.py MEDIA_TYPE MAX_BYTES`, the file on stdin, the result on stdout.

pictures.py runs it as a separate process with limited memory and time, because it decodes untrusted files. It is
started by its path and imports nothing else of this project.

The result is a line of JSON and then the bytes that it announces: the picture, upright, with its colour profile but
without other metadata, and a thumbnail; or an error message.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, ImageSequence, JpegImagePlugin
from PIL.Image import Resampling

MAX_PIXELS = 50_000_000
"""Of the decoded picture. Phone cameras have up to 50 million."""
MAX_JPEG_PIXELS = 4 * MAX_PIXELS
"""The decoder can halve the width and height of a JPEG."""
MAX_FRAMES = 1_000
MAX_PROFILE_BYTES = 1_000_000
THUMBNAIL = (400, 400)
MAX_THUMBNAIL_BYTES = 24_000
MEMORY_BYTES, PROCESSOR_S = 1536 * 1024 * 1024, 60

FORMATS = {'image/jpeg': 'JPEG', 'image/png': 'PNG', 'image/gif': 'GIF', 'image/webp': 'WEBP', 'image/heic': 'HEIF',
           'image/avif': 'AVIF', 'image/tiff': 'TIFF'}
CONVERTED = {'HEIF', 'AVIF', 'TIFF'}
"""Formats that few browsers show; stored as JPEG."""
DAMAGED = 'this picture is damaged or incomplete: take it or export it again'
TOO_LARGE = 'this picture needs too much memory: make it smaller'


class RefusedPictureError(Exception):
    """The picture is refused; the message says why and what to do."""


def main() -> None:
    """Convert the picture on stdin."""
    _limit_resources()
    sys.stdout.buffer.write(output(sys.stdin.buffer.read(), sys.argv[1], int(sys.argv[2])))


def output(content: bytes, media_type: str, max_bytes: int) -> bytes:
    """What the program prints for a picture."""
    parts: list[bytes] = []
    try:
        media_type, *parts = rewritten(content, FORMATS[media_type], max_bytes)
        answer: dict[str, Any] = {'media_type': media_type, 'sizes': [len(part) for part in parts]}
    except RefusedPictureError as refusal:
        answer = {'problem': str(refusal)}
    except MemoryError:
        answer = {'problem': TOO_LARGE}
    except Exception as error:  # decoders raise errors of any type for damaged files
        answer = {'problem': DAMAGED, 'error': f'{type(error).__name__}: {error}'}
    return b''.join([json.dumps(answer).encode(), b'\n', *parts])


def rewritten(content: bytes, kind: str, max_bytes: int) -> tuple[str, bytes, bytes]:
    """The media type, the converted picture and its thumbnail, a JPEG.

    :raises RefusedPictureError: the picture is too large, or converting it would lose pages
    """
    image = _opened(content, kind)
    profile = image.info.get('icc_profile')
    if not isinstance(profile, bytes) or len(profile) > MAX_PROFILE_BYTES:
        profile = None
    frames = getattr(image, 'n_frames', 1)
    if kind in {'GIF', 'PNG', 'WEBP'} and frames > 1:
        animated = [_without_metadata(frame) for frame in _frames(image, frames)]
        thumbnail = _thumbnail(animated[0][0], profile)
        return f'image/{kind.lower()}', _animation(image, kind, animated, profile, max_bytes), thumbnail
    if kind == 'TIFF' and frames > 1:
        _refuse_pages(image, frames)
    image.load()
    upright = _upright(image)
    thumbnail = _thumbnail(upright, profile)
    if kind in CONVERTED or kind == 'JPEG':
        return 'image/jpeg', _jpeg(upright, profile, max_bytes, _quality_of(image)), thumbnail
    options: dict[str, Any] = {'lossless': b'VP8L' in content[:200], 'quality': 90} if kind == 'WEBP' else {}
    written = _written(_without_metadata(upright)[0], kind, icc_profile=profile, **options)
    if len(written) > max_bytes:
        return 'image/jpeg', _jpeg(upright, profile, max_bytes, {'quality': 90}), thumbnail
    return f'image/{kind.lower()}', written, thumbnail


def _opened(content: bytes, kind: str) -> Image.Image:
    """The picture with only its header read."""
    if kind == 'HEIF':
        import pillow_heif  # noqa: PLC0415 (loading it takes longer than most conversions)
        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.MAX_IMAGE_PIXELS = None  # checked below, with a better message
    image = Image.open(io.BytesIO(content), formats=[kind])
    width, height = image.size
    most = MAX_JPEG_PIXELS if kind == 'JPEG' else MAX_PIXELS
    if width * height > most:
        raise RefusedPictureError(f'this picture has {width:,} × {height:,} pixels; the maximum is '
                                  f'{most // 1_000_000} million: make it smaller')
    if width * height > MAX_PIXELS:
        image.draft(None, (width // 2, height // 2))
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter('error', Image.DecompressionBombWarning)
    return image


def _refuse_pages(image: Image.Image, pages: int) -> None:
    """Refuse other pages, as they would be lost. A small preview by the camera does not count as a page."""
    width, height = image.size
    for page in range(1, min(pages, MAX_FRAMES)):
        image.seek(page)
        if 2 * image.size[0] > width and 2 * image.size[1] > height:
            raise RefusedPictureError(f'this TIFF has {pages} pages, and only one can be stored: attach it as a PDF, '
                                      'or each page as a picture')
    image.seek(0)


def _frames(image: Image.Image, frames: int) -> Iterator[Image.Image]:
    width, height = image.size
    if frames > MAX_FRAMES or frames * width * height > MAX_PIXELS:
        raise RefusedPictureError(f'this animation has {frames:,} frames of {width:,} × {height:,} pixels, which is '
                                  'too large: make it smaller or shorter')
    yield from ImageSequence.Iterator(image)


def _without_metadata(image: Image.Image) -> tuple[Image.Image, float]:
    """A copy without metadata, and how long an animation shows it, in ms."""
    copy = image.copy()
    copy.info = {key: value for key, value in image.info.items() if key == 'transparency'}
    return copy, image.info.get('duration', 0) or 100


def _animation(image: Image.Image, kind: str, frames: list[tuple[Image.Image, float]], profile: bytes | None,
               max_bytes: int) -> bytes:
    options: dict[str, Any] = {'save_all': True, 'append_images': [frame for frame, _ in frames[1:]],
                               'duration': [round(duration) for _, duration in frames], 'icc_profile': profile}
    if 'loop' in image.info:
        options['loop'] = image.info['loop']
    if kind == 'GIF':
        options['disposal'] = 2  # clear before the next frame: each frame is complete
    written = _written(frames[0][0], kind, **options)
    if len(written) > max_bytes:
        raise RefusedPictureError('this animation is too large after conversion: make it smaller or shorter')
    return written


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (AttributeError, IndexError, KeyError, OSError, SyntaxError, TypeError, ValueError, ZeroDivisionError):
        return image  # the EXIF data is damaged: assume that the picture is upright


def _quality_of(image: Image.Image) -> dict[str, Any]:
    """Encoder options that keep the quality and size of a JPEG."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or image.mode not in {'L', 'RGB'}:
        return {'quality': 90}
    sampling = JpegImagePlugin.get_sampling(image)
    return {'qtables': image.quantization} | ({'subsampling': sampling} if sampling >= 0 else {})


def _jpeg(image: Image.Image, profile: bytes | None, max_bytes: int, quality: dict[str, Any]) -> bytes:
    """A JPEG of at most max_bytes: with lower quality if necessary, then with fewer pixels."""
    if image.mode == 'CMYK':
        image, profile = _screen_colours(image, profile), None
    image = _opaque(image)
    while True:
        for options in quality, {'quality': 80}, {'quality': 65}:
            written = _written(image, 'JPEG', icc_profile=profile, **options)
            if len(written) <= max_bytes:
                return written
        image = image.resize((-(-image.width // 2), -(-image.height // 2)), Resampling.BOX)


def _thumbnail(image: Image.Image, profile: bytes | None) -> bytes:
    small = image if image.mode in {'L', 'RGB', 'CMYK'} else _opaque(image)
    small = small.copy() if small is image else small
    small.thumbnail(THUMBNAIL, reducing_gap=2.0)
    return _jpeg(_screen_colours(small, profile), None, MAX_THUMBNAIL_BYTES, {'quality': 75})


def _opaque(image: Image.Image) -> Image.Image:
    """In grey or RGB, on a white background."""
    if image.mode in {'I', 'I;16', 'I;16B', 'I;16L', 'F'}:
        _, most = image.getextrema()
        largest = 65535 if 'I' in image.mode else max(float(most), 1.0)  # type: ignore[arg-type]
        image = image.convert('F').point(lambda value: value * (255 / largest)).convert('L')
    if image.has_transparency_data:
        image = image.convert('RGBA')
        background = Image.new('RGB', image.size, 'white')
        background.paste(image, mask=image.getchannel('A'))
        image = background
    image = image if image.mode in {'L', 'RGB'} else image.convert('L' if image.mode in {'1', 'LA'} else 'RGB')
    return _without_metadata(image)[0] if image.info else image


def _screen_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    """In sRGB, which needs no colour profile."""
    if profile is not None and image.mode in {'RGB', 'CMYK'}:
        try:
            converted = ImageCms.profileToProfile(image, io.BytesIO(profile), ImageCms.createProfile('sRGB'),
                                                  outputMode='RGB')
        except (ImageCms.PyCMSError, OSError):
            pass  # ignore a damaged profile
        else:
            assert converted is not None  # noqa: S101 (None only if inPlace is set)
            return converted
    return image if image.mode in {'L', 'RGB'} else image.convert('RGB')


def _written(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **{name: value for name, value in options.items() if value is not None})
    return file.getvalue()


def _limit_resources() -> None:
    try:
        import resource  # noqa: PLC0415 (missing on Windows, where only the time-out of pictures.py applies)
    except ImportError:
        return
    for limit, wanted in (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, PROCESSOR_S):
        _, most = resource.getrlimit(limit)
        value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        with suppress(ValueError, OSError):  # macOS has no limit of memory
            resource.setrlimit(limit, (value, value))


if __name__ == '__main__':
    main()
