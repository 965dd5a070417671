"""What may be attached to a work order: photos and PDF, told by their first bytes and never by their names."""

from __future__ import annotations

import re
import unicodedata

from ..commands import clean_text
from ..errors import InvalidInput

MOST_BYTES = 10 * 1024 * 1024
LONGEST_NAME = 200

_SIGNATURES = (
    (re.compile(rb'\xff\xd8\xff'), 'image/jpeg'),
    (re.compile(rb'\x89PNG\r\n\x1a\n'), 'image/png'),
    (re.compile(rb'GIF8[79]a'), 'image/gif'),
    (re.compile(rb'RIFF....WEBPVP8[ LX]', re.DOTALL), 'image/webp'),
    (re.compile(rb'%PDF-\d'), 'application/pdf'),
)


def media_type(content: bytes) -> str:
    """What a file is.

    :raises InvalidInput: it is empty, too large, or nothing that may be attached
    """
    if not content:
        raise InvalidInput('this file is empty', 'content')
    if len(content) > MOST_BYTES:
        raise InvalidInput(f'this file has {len(content) / 1024 / 1024:.1f} MiB; at most 10 MiB fit', 'content')
    for signature, kind in _SIGNATURES:
        if signature.match(content):
            return kind
    raise InvalidInput('only photos (JPEG, PNG, GIF, WebP) and PDF can be attached: this is neither', 'content')


def clean_file_name(name: str) -> str:
    """The last part of a path, without what can't be seen; a name that is too long keeps its ending.

    :raises InvalidInput: nothing is left
    """
    name = re.split(r'[/\\]', name)[-1]
    name = ''.join(letter for letter in name if unicodedata.category(letter) not in {'Cc', 'Cf', 'Cs', 'Zl', 'Zp'})
    name = name.strip().lstrip('.')
    stem, dot, ending = name.rpartition('.')
    if len(name) > LONGEST_NAME and dot and len(ending) < LONGEST_NAME // 2:
        name = f'{stem[:LONGEST_NAME - len(ending) - 1]}.{ending}'
    return clean_text(name[:LONGEST_NAME], 'file_name', LONGEST_NAME)
