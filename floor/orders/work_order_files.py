"""The files that can be attached to a work order: photos and PDF, recognized by their content, not their name."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from ..core.errors import InvalidInputError
from ..core.text import clean_text

PDF = 'application/pdf'
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_NAME_LENGTH = 200

_CONVERTED_ENDINGS = {'heic', 'heif', 'hif', 'avif', 'tif', 'tiff', 'png', 'webp'}
_SIGNATURES = (
    (re.compile(rb'\xff\xd8\xff'), 'image/jpeg'),
    (re.compile(rb'\x89PNG\r\n\x1a\n'), 'image/png'),
    (re.compile(rb'GIF8[79]a'), 'image/gif'),
    (re.compile(rb'RIFF....WEBPVP8[ LX]', re.DOTALL), 'image/webp'),
    (re.compile(rb'....ftyp(?:hei[cxms]|hev[cxms]|mif[12]|msf1)', re.DOTALL), 'image/heic'),
    (re.compile(rb'....ftypavi[fs]', re.DOTALL), 'image/avif'),
    (re.compile(rb'II[*+]\0|MM\0[*+]'), 'image/tiff'),
    (re.compile(rb'%PDF-[0-9]'), PDF),
)
_OTHERS = (
    (re.compile(rb'\s*<(?:!doctype html|html|head|body|script)', re.I), 'a web page'),
    (re.compile(rb'\s*<.{,1000}?\bsvg\b', re.DOTALL | re.I), 'an SVG drawing'),
    (re.compile(rb'....ftyp|\x1aE\xdf\xa3|RIFF....AVI ', re.DOTALL), 'a video'),
    (re.compile(rb'PK\x03\x04'), 'a ZIP archive or an Office document'),
    (re.compile(rb'BM.{12}', re.DOTALL), 'a BMP picture'),
)


def media_type(content: bytes) -> str:
    """The media type of a file.

    :raises InvalidInputError: it is empty, too large, or of another type
    """
    if not content:
        raise InvalidInputError('this file is empty', 'content')
    if len(content) > MAX_FILE_BYTES:
        raise InvalidInputError(f'this file has {len(content) / 1024 / 1024:.1f} MiB; the maximum is 10 MiB', 'content')
    for signature, kind in _SIGNATURES:
        if signature.match(content):
            return kind
    head = content[:4096].removeprefix(b'\xef\xbb\xbf')
    kind = next((kind for signature, kind in _OTHERS if signature.match(head)), 'a file of another type')
    raise InvalidInputError('only photos (JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF) and PDF can be attached: this '
                            f'is {kind}', 'content')


def digest_of_file(order_id: str, file_name: str, content: bytes) -> str:
    """A digest of an upload; a repeated request has the same."""
    digest = sha256(f'{order_id}\0{file_name}\0'.encode())
    digest.update(content)
    return digest.hexdigest()


def is_picture(media_type: str) -> bool:
    """Whether files of this type are converted and have a thumbnail."""
    return media_type != PDF


def named_as(file_name: str, media_type: str) -> str:
    """The name of a converted picture, with the ending of its new type."""
    if media_type != 'image/jpeg' or file_name.lower().endswith(('.jpg', '.jpeg')):
        return file_name
    stem, dot, ending = file_name.rpartition('.')
    stem = stem if dot and ending.lower() in _CONVERTED_ENDINGS else file_name
    return f'{stem[:MAX_NAME_LENGTH - 4]}.jpg'


def clean_file_name(name: str) -> str:
    """The last part of a path, without invisible characters; a name that is too long keeps its ending.

    :raises InvalidInputError: nothing is left
    """
    name = re.split(r'[/\\]', name)[-1]
    name = ''.join(letter for letter in name if unicodedata.category(letter) not in {'Cc', 'Cf', 'Cs', 'Zl', 'Zp'})
    name = name.strip().lstrip('.')
    stem, dot, ending = name.rpartition('.')
    if len(name) > MAX_NAME_LENGTH and dot and len(ending) < MAX_NAME_LENGTH // 2:
        name = f'{stem[:MAX_NAME_LENGTH - len(ending) - 1]}.{ending}'
    return clean_text(name[:MAX_NAME_LENGTH], 'file_name', MAX_NAME_LENGTH)
