"""What people can see of a text, which texts can be stored and name something, and how they are shown."""

from __future__ import annotations

import unicodedata

import pytest

from floor.core.errors import InvalidInputError
from floor.core.text import clean_text, escaped, exact_name, identity_problem, is_visible, one_line, shortened, shown

SPACES = [' ', '\t', '\n', '\u00a0', '\u2003', '\u3000', '\u2028']
MARKS = ['\u200b', '\u200d', '\ufeff', '\u202e', '\u2066', '\u00ad', '\u2060', '\U000e0041', '\ufe0f', '\u034f']
FILLERS = ['\u3164', '\u115f', '\u1160', '\uffa0', '\u2800', '\u180e', '\u17b4']


@pytest.mark.parametrize('letter', [*SPACES, *MARKS, *FILLERS, '\0', '\ud800', ''], ids=ascii)
def test_nobody_can_see_it(letter: str) -> None:
    assert not is_visible(letter * 3)
    assert is_visible(f'{letter}-{letter}')


@pytest.mark.parametrize('text', ['x', '-', '機', 'е́', '👩‍🏭', '´', '\u0600'], ids=ascii)
def test_people_can_see_it(text: str) -> None:
    assert is_visible(text)


def test_all_blanks_and_formats_of_unicode_are_known() -> None:
    """But marks that are drawn around numbers in Arabic, Syriac and Kaithi, or join Egyptian signs: they are seen."""
    seen = {*range(0x600, 0x606), 0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x110bd, 0x110cd, *range(0x13430, 0x13440)}
    blank = {'Cc', 'Cf', 'Cs', 'Zs', 'Zl', 'Zp'}
    missed = [code for code in range(0x110000) if unicodedata.category(chr(code)) in blank
              and code not in seen and is_visible(chr(code))]
    assert missed == []


@pytest.mark.parametrize('name', ['Valve_01_01', 'Press 1', 'Säge', '機器🔧', "O'Neil", 'a  b', '<b>', 'x' * 5000])
def test_a_name_is_taken_as_it_is(name: str) -> None:
    assert identity_problem(name) == ''


@pytest.mark.parametrize(('name', 'problem'), [
    ('', 'must not be empty'), ('\u3164', 'must not be empty'), (' Valve', 'begins or ends with a space: remove it'),
    ('Valve ', 'begins or ends with a space: remove it'),
    ('Val\u200bve', 'has a character in it that nobody can see (U+200B): remove it'),
    ('Valve\u00a0', 'has a character in it that nobody can see (U+00A0): remove it'),
    ('\u202eevlaV', 'has a character in it that nobody can see (U+202E): remove it'),
    ('Val\nve', 'has a character in it that nobody can see (U+000A): remove it'),
    ('Val\0ve', 'has a NUL character in it, which cannot be stored'),
    ('Valve\ufe0f', 'has a character in it that nobody can see (U+FE0F): remove it'),
    ('Sa\u0308ge', 'has letters and accents as separate characters: write each as one character (Unicode NFC)'),
    ('mi\u212ae@x', 'has letters and accents as separate characters: write each as one character (Unicode NFC)'),
    ('Val\ud800ve', 'has half a character in it (a lone surrogate, U+D800), which cannot be stored'),
], ids=ascii)
def test_a_name_that_another_could_look_like_is_refused(name: str, problem: str) -> None:
    assert identity_problem(name) == problem


def test_a_text_is_stored_without_the_white_space_around_it() -> None:
    assert clean_text('  seal\nleaks \n', 'text') == 'seal\nleaks'
    assert one_line('  seal\n \tleaks ', 'text') == 'seal leaks'
    assert clean_text('\u3164\u200b', 'text', required=False) == ''


@pytest.mark.parametrize(('text', 'problem'), [
    ('', 'text must not be empty'), ('\u3164', 'text has nothing in it that people can see'),
    ('a\0b', 'text has a NUL character in it, which cannot be stored'),
    ('a\ud800b', 'text has half a character in it (a lone surrogate), which cannot be stored'),
    ('x' * 2001, 'text has 2,001 characters; at most 2,000 fit')])
def test_what_cannot_be_stored_says_why(text: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        clean_text(text, 'text')
    assert (str(refused.value), refused.value.field) == (problem, 'text')


def test_a_name_is_never_changed_only_refused() -> None:
    assert exact_name('Säge  1', 'machine_id') == 'Säge  1'
    with pytest.raises(InvalidInputError, match='machine begins or ends with a space: remove it'):
        exact_name(' Säge', 'machine_id')


def test_what_does_not_fit_is_cut_and_says_so() -> None:
    assert [shortened(each, 8) for each in ('seal\n leaks', 'seals leak', None, 'x' * 9)] == [
        'seal lea…', 'seals le…', '', 'xxxxxxxx…']
    assert shortened('a\n b', 8) == 'a b'


def test_a_sentence_repeats_what_it_was_given_with_every_character_to_be_seen() -> None:
    assert shown('Val\u202eve\n') == 'Val\N{REPLACEMENT CHARACTER}ve\N{REPLACEMENT CHARACTER}'
    assert shown('x' * 90) == 'x' * 80 + '…'


def test_a_line_of_the_log_has_no_line_break_and_no_control_character() -> None:
    assert escaped('Öl\n\x1b[2J\u2028"') == 'Öl\\n\\u001b[2J\\u2028"'
