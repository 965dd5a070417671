"""Pictures as cameras make them, with everything that they know of where they were taken."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageCms, ImageDraw

pillow_heif.register_heif_opener()

SECRETS = (b'SECRET-MAKER', b'SECRET-SERIAL', b'SECRET-XMP', b'SECRET-IPTC', b'SECRET-COMMENT', b'SECRET-TRAILER',
           b'Exif')
"""No file that is kept may contain one of these."""
GPS = {ExifTags.GPS.GPSLatitudeRef: 'N', ExifTags.GPS.GPSLatitude: (48.0, 8.0, 14.0)}
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a b="SECRET-XMP"/></x:xmpmeta>'
TURNED = 6
"""Of EXIF's orientations: as a phone writes that is held upright."""


def motif(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Blue, with a red left half: what is turned can be seen."""
    picture = Image.new('RGB', size, (20, 40, 200))
    ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 2 - 1, size[1]), fill=(220, 30, 20))
    return picture


def photo(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """As rich in detail as a photo of a machine: several MB at 12 megapixels."""
    noise = Image.effect_noise((size[0] // 2, size[1] // 2), 40).resize(size)
    shades = Image.linear_gradient('L').resize(size), Image.radial_gradient('L').resize(size)
    picture = Image.merge('RGB', [shades[0], noise, shades[1]])
    draw = ImageDraw.Draw(picture)
    for step in range(60):
        at = (step * 97 + seed * 31) % size[0], (step * 53) % size[1]
        draw.ellipse((*at, at[0] + 200, at[1] + 160), fill=(step * 4, 255 - step * 3, (seed * 40) % 255))
    return picture


def exif(orientation: int = 1) -> bytes:
    """Where, by what camera, and its maker's own notes."""
    known = Image.Exif()
    known[ExifTags.Base.Orientation] = orientation
    known[ExifTags.Base.Make] = 'SECRET-MAKER'
    inner = known.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.MakerNote] = b'SECRET-MAKER'
    inner[ExifTags.Base.BodySerialNumber] = 'SECRET-SERIAL'
    known.get_ifd(ExifTags.IFD.GPSInfo).update(GPS)  # type: ignore[arg-type]
    return known.tobytes()


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def telling(kind: str, orientation: int = 1, picture: Image.Image | None = None) -> bytes:
    """A picture with metadata of every sort that its format has."""
    options: dict[str, Any] = {'exif': exif(orientation), 'icc_profile': profile()}
    if kind in {'JPEG', 'WEBP', 'AVIF', 'HEIF'}:
        options['xmp'] = XMP
    if kind == 'JPEG':
        options['comment'] = b'SECRET-COMMENT'
    content = encoded(picture or motif(), kind, **options)
    if kind == 'JPEG':
        iptc = b'Photoshop 3.0\0' + b'8BIM\4\4\0\0\0\0\0\x0fSECRET-IPTC....'
        content = content[:2] + b'\xff\xed' + struct.pack('>H', len(iptc) + 2) + iptc + content[2:] + b'SECRET-TRAILER'
    if kind == 'PNG':
        text = b'Comment\0SECRET-COMMENT'
        content = content[:33] + chunk(b'tEXt', text) + content[33:] + b'SECRET-TRAILER'
    return content


@cache
def profile() -> bytes:
    """A colour profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()


def chunk(kind: bytes, content: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))


def png_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """All in white; a row of 1 bit for each pixel. A hundred times the same part, which is packed once."""
    part = (b'\0' + b'\xff' * (-(-width // 8))) * (height // 100)
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(100):
        checksum = zlib.adler32(part, checksum)
    lines = b'\x78\xda' + packed * 100 + packer.flush() + struct.pack('>I', checksum)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 1, 0, 0, 0, 0))
            + chunk(b'IDAT', lines) + chunk(b'IEND', b''))


def opened(content: bytes) -> Image.Image:
    """Decoded."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture
