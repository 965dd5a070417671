"""ETag, If-None-Match and If-Match (RFC 9110, 8.8.3 and 13.1).

The tag of an order begins with its version, such as "3-5f1d09c2"; after a change, it is only the version. If-Match only
compares versions: changes that are not an edit of the order, such as a checked item of its checklist, do not conflict.
Weak tags are accepted, because proxies that compress responses make tags weak.
"""

from __future__ import annotations

import re
from hashlib import sha256

from fastapi import Request, Response

TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
LIST = re.compile(rf'\s*(?:{TAG.pattern}\s*(?:,\s*)*)+', re.ASCII)
VERSION = re.compile(r'(\d{1,19})(?:-[0-9a-f]+)?', re.ASCII)


def tag_of(content: bytes, version: int | None = None) -> str:
    """The tag of a response with this body. version: the version of the order in it."""
    digest = sha256(content).hexdigest()[:16]
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def tag_of_version(version: int) -> str:
    """The tag of an order after it was created or changed."""
    return f'"{version}"'


def with_tag(request: Request, response: Response) -> Response:
    """The response with the tag of its body, or 304 without a body if If-None-Match contains the tag."""
    if request.method != 'GET' or response.status_code != 200 or not getattr(response, 'body', None):  # noqa: PLR2004
        return response
    tag = response.headers.setdefault('ETag', tag_of(bytes(response.body)))
    if not knows(request, tag):
        return response
    return Response(status_code=304, headers={name: value for name, value in response.headers.items()
                                              if name not in {'content-length', 'content-type'}})


def versions_in(if_match: str) -> frozenset[int] | None:
    """The versions in an If-Match header; None: any."""
    if if_match.strip() == '*':
        return None
    found = [VERSION.fullmatch(tag) for tag in TAG.findall(if_match)] if LIST.fullmatch(if_match) else []
    return frozenset(int(version[1]) for version in found if version)


def knows(request: Request, tag: str) -> bool:
    """Whether If-None-Match contains this tag, so that the client has the response already."""
    plain = tag.strip('"')
    return any(header.strip() == '*' or plain in TAG.findall(header)
               for header in request.headers.getlist('if-none-match'))
