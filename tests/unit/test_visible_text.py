"""What people can see of a text, and which texts can name something."""

import unicodedata

import pytest

from floor.core.visible_text import identity_problem, is_visible

SPACES = [' ', '\t', '\n', '\u00a0', '\u2003', '\u3000', '\u2028']
MARKS = ['\u200b', '\u200d', '\ufeff', '\u202e', '\u2066', '\u00ad', '\u2060', '\U000e0041', '\ufe0f', '\u034f']
FILLERS = ['\u3164', '\u115f', '\u1160', '\uffa0', '\u2800', '\u180e', '\u17b4']


@pytest.mark.parametrize('letter', [*SPACES, *MARKS, *FILLERS, '\0', '\ud800', ''], ids=ascii)
def test_nobody_can_see_it(letter):
    assert not is_visible(letter * 3)
    assert is_visible(f'{letter}-{letter}')


@pytest.mark.parametrize('text', ['x', '-', '機', 'е́', '👩‍🏭', '´', '\u0600'], ids=ascii)
def test_people_can_see_it(text):
    assert is_visible(text)


def test_all_blanks_and_formats_of_unicode_are_known():
    """But marks that are drawn around numbers in Arabic, Syriac and Kaithi, or join Egyptian signs: they are seen."""
    seen = {*range(0x600, 0x606), 0x6dd, 0x70f, 0x890, 0x891, 0x8e2, 0x110bd, 0x110cd, *range(0x13430, 0x13440)}
    missed = [code for code in range(0x110000) if code not in seen and is_visible(chr(code))
              and unicodedata.category(chr(code)) in {'Cc', 'Cf', 'Cs', 'Zs', 'Zl', 'Zp'}]
    assert missed == []


@pytest.mark.parametrize('name', ['Valve_01_01', 'Press 1', 'Säge', '機器🔧', "O'Neil", 'a  b', '<b>', 'x' * 5000])
def test_a_name_is_taken_as_it_is(name):
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
def test_a_name_that_another_could_look_like_is_refused(name, problem):
    assert identity_problem(name) == problem
