"""What a stylesheet of this program asks of a browser: what older ones lack comes after a plain value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[2] / 'assets'
SHEETS = sorted((ASSETS / 'css').glob('*.css'))
NEWER = {
    'light-dark(': '(color: light-dark(red, red))',
    'color-mix(': '(color: color-mix(in srgb, red, red))',
    'cqw': '(container-type: size)',
    'cqh': '(container-type: size)',
}
"""What browsers of 2022 lack and take a whole declaration for nothing by, and what to ask before it is used."""
NEWER_UNITS = {'dvh': 'vh', 'dvw': 'vw', 'subgrid': 'minmax'}
"""What makes a declaration invalid when it is read, so that one before it in the same rule stays."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a stylesheet. conditions: the @supports and @media around it."""

    conditions: tuple[str, ...]
    selectors: tuple[str, ...]
    declarations: tuple[tuple[str, str], ...]


def rules(css: str, conditions: tuple[str, ...] = ()) -> Iterator[Rule]:
    """In their order, also those within @media and @supports."""
    css = re.sub(r'/\*.*?\*/', '', css, flags=re.DOTALL)
    position = 0
    while (opening := css.find('{', position)) >= 0:
        depth, closing = 1, opening + 1
        while depth:
            depth += {'{': 1, '}': -1}.get(css[closing], 0)
            closing += 1
        head, body = css[position:opening].split(';')[-1].strip(), css[opening + 1:closing - 1]
        position = closing
        if '{' in body:
            yield from rules(body, (*conditions, ' '.join(head.split())))
        else:
            declarations = re.findall(r'([\w-]+)\s*:\s*((?:[^;"]|"[^"]*")*)', body)
            yield Rule(conditions, tuple(' '.join(part.split()) for part in split_selectors(head)),
                       tuple((name, value.strip()) for name, value in declarations))


def split_selectors(head: str) -> list[str]:
    """At the commas that are in no brackets."""
    parts, depth = [''], 0
    for character in head:
        depth += {'(': 1, ')': -1}.get(character, 0)
        if character == ',' and not depth:
            parts.append('')
        else:
            parts[-1] += character
    return parts


def without_support(css: str) -> list[str]:
    """The declarations that an older browser would lose, with nothing in their place."""
    found, plain = [], set()
    for rule in rules(css):
        for name, value in rule.declarations:
            needed = {condition for feature, condition in NEWER.items() if feature in value}
            if not needed:
                plain |= {(selector, name) for selector in rule.selectors if not any(
                    condition.startswith('@supports') for condition in rule.conditions)}
                continue
            asked = {condition.removeprefix('@supports ') for condition in rule.conditions}
            for selector in rule.selectors:
                # a background that is only a shade may be left out; what a custom property is for, nobody can see here
                kept = (selector, name) in plain or not name.startswith('--')
                if not needed <= asked or not kept:
                    found.append(f'{selector} {{ {name}: {value} }}')
    return found


@pytest.mark.parametrize('sheet', SHEETS, ids=lambda sheet: sheet.name)
def test_what_older_browsers_lack_is_asked_for_and_has_a_plain_value_before_it(sheet: Path) -> None:
    assert without_support(sheet.read_text(encoding='utf-8')) == []


@pytest.mark.parametrize('sheet', SHEETS, ids=lambda sheet: sheet.name)
def test_a_newer_unit_follows_one_that_every_browser_knows(sheet: Path) -> None:
    for rule in rules(sheet.read_text(encoding='utf-8')):
        for number, (name, value) in enumerate(rule.declarations):
            for newer, older in NEWER_UNITS.items():
                if newer in value:
                    assert any(before == name and older in text and newer not in text
                               for before, text in rule.declarations[:number]), (rule.selectors, name)


@pytest.mark.parametrize('sheet', SHEETS, ids=lambda sheet: sheet.name)
def test_a_selector_that_older_browsers_lack_takes_no_other_with_it(sheet: Path) -> None:
    """One selector of a list that is not understood makes the whole rule void."""
    for rule in rules(sheet.read_text(encoding='utf-8')):
        with_has = [selector for selector in rule.selectors if ':has(' in selector]
        assert len(with_has) in {0, len(rule.selectors)}, rule.selectors


def test_the_check_finds_what_it_is_for() -> None:
    assert without_support('body { --bg: light-dark(#fff, #000); }')
    assert without_support('body { color: red; color: light-dark(red, blue); }')
    assert without_support('@supports (color: light-dark(red, red)) { body { --bg: light-dark(#fff, #000); } }')
    assert without_support('body { --a: red; } .x { background: color-mix(in srgb, var(--a), red); }')
    assert not without_support('body { --bg: #fff; } '
                               '@supports (color: light-dark(red, red)) { body { --bg: light-dark(#fff, #000); } }')
