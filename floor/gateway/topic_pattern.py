"""Topics with placeholders: plant/{line}/{machine}/status."""

from __future__ import annotations

import re

_NAME = re.compile(r'\{([^{}]*)\}')


class TopicPattern:
    """A topic, in which {name} is a level or a part of one, and + and # are as in MQTT."""

    def __init__(self, text: str) -> None:
        """:raises ValueError: it is no pattern"""
        levels = text.split('/')
        if '#' in text and (text.count('#') > 1 or levels[-1] != '#'):
            raise ValueError('# is only allowed as the last level of a topic')
        if any('+' in level and level != '+' for level in levels):
            raise ValueError('+ is only allowed as a whole level of a topic')
        self.names = _NAME.findall(text)
        if len(set(self.names)) < len(self.names) or not all(name.isidentifier() for name in self.names):
            raise ValueError('each placeholder has another name of letters, as in {line}/{machine}')
        if re.search(r'[{}]', _NAME.sub('', text)):
            raise ValueError('a placeholder is written as {machine}')
        self.filter = '/'.join('+' if _NAME.search(level) else level for level in levels)
        """To subscribe to."""
        self._pattern = re.compile('/'.join(_expression(level) for level in levels).replace('/.*', '(?:/.*)?'))

    def match(self, topic: str) -> dict[str, str] | None:
        """What the placeholders are in a topic; None: it does not match."""
        found = self._pattern.fullmatch(topic)
        return found and found.groupdict()


def fill(template: str, values: dict[str, str]) -> str:
    """A text with its placeholders replaced."""
    return _NAME.sub(lambda name: values.get(name[1], name[0]), template)


def names_in(template: str) -> list[str]:
    """The placeholders of a text."""
    return _NAME.findall(template)


def _expression(level: str) -> str:
    if level in {'+', '#'}:
        return '[^/]*' if level == '+' else '.*'
    parts = _NAME.split(level)  # text, name, text, ...
    return ''.join(f'(?P<{part}>[^/]+)' if number % 2 else re.escape(part) for number, part in enumerate(parts))
