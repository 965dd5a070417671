"""Uploaded icons: what is kept, what is left out, and what is refused, with its name."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from floor.core.errors import InvalidInputError
from floor.plant.icon_svg import ATTRIBUTES, ELEMENTS, MAX_BYTES, ROOT_ATTRIBUTES, clean_svg

NS = 'xmlns="http://www.w3.org/2000/svg"'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
PATH = '<path d="M4 4h16v16H4z"/>'


def svg(content: str = PATH, attributes: str = '', before: str = '') -> bytes:
    return f'{before}<svg {NS} viewBox="0 0 24 24" {attributes}>{content}</svg>'.encode()


def nested(depth: int) -> str:
    return '<g>' * depth + PATH + '</g>' * depth


BOMB = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
HOSTILE = {
    'a script': (svg('<script>alert(1)</script>'), 'element script'),
    'a script in capitals': (svg('<SCRIPT>alert(1)</SCRIPT>'), 'element SCRIPT'),
    'a script of a prefix': (svg('<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>'), 'script'),
    'a script with an address': (svg(f'<script {XLINK} xlink:href="https://evil.example/x.js"/>'), 'script'),
    'a script in a note': (svg(f'<metadata><script>alert(1)</script></metadata>{PATH}'), 'script'),
    'a script in a title': (svg(f'<title><script>alert(1)</script></title>{PATH}'), 'script'),
    'a page in the picture': (svg('<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>'),
                              'element foreignObject'),
    'an element of HTML': (svg(f'<h:img xmlns:h="http://www.w3.org/1999/xhtml" src="x" onerror="alert(1)"/>{PATH}'),
                           'element img'),
    'a script of HTML': (svg('<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>'), 'element script'),
    'an element of MathML': (svg('<m:mtext xmlns:m="http://www.w3.org/1998/Math/MathML"/>'), 'element mtext'),
    'shapes of another namespace': (svg('<path xmlns="urn:x" d="M0 0h4"/>'), 'element path'),
    'a picture of another namespace': (b'<svg xmlns="http://www.w3.org/1999/xhtml" viewBox="0 0 9 9"><path/></svg>',
                                       'no SVG'),
    'an event of the picture': (svg(attributes='onload="alert(1)"'), 'attribute onload of svg'),
    'an event of a shape': (svg('<path d="M0 0" onclick="alert(1)"/>'), 'attribute onclick of path'),
    'an event in capitals': (svg('<path d="M0 0" OnMouseOver="alert(1)"/>'), 'attribute OnMouseOver'),
    'an event with a namespace': (svg('<path d="M0 0" x:onclick="alert(1)" xmlns:x="urn:x"/>'), 'onclick'),
    'an external picture': (svg(f'<image {XLINK} xlink:href="https://evil.example/x.png"/>'), 'element image'),
    'a picture in data': (svg('<image href="data:image/svg+xml;base64,PHN2Zz4="/>'), 'element image'),
    'a clone': (svg('<use href="#a"/>'), 'element use'),
    'a clone of data': (svg('<use href="data:image/svg+xml,&lt;svg/>"/>'), 'element use'),
    'a link': (svg(f'<a href="javascript:alert(1)">{PATH}</a>'), 'element a'),
    'an address of a shape': (svg('<path d="M0 0" href="javascript:alert(1)"/>'), 'attribute href of path'),
    'an inherited gradient': (svg(f'<linearGradient {XLINK} id="a" xlink:href="//evil.example#b"/>{PATH}'), 'href'),
    'a base': (svg(f'<g xml:base="https://evil.example/">{PATH}</g>'), 'attribute base of g'),
    'an animated address': (svg('<animate attributeName="href" values="javascript:alert(1)"/>'), 'element animate'),
    'a set event': (svg('<set attributeName="onload" to="alert(1)"/>'), 'element set'),
    'an animated shape': (svg('<path d="M0 0"><animateMotion path="M0 0"/></path>'), 'element animateMotion'),
    'a handler': (svg('<handler type="application/ecmascript">alert(1)</handler>'), 'element handler'),
    'a listener': (svg('<ev:listener xmlns:ev="http://www.w3.org/2001/xml-events" event="load"/>'), 'listener'),
    'a stylesheet': (svg('<style>@import url(https://evil.example/x.css);</style>'), 'element style'),
    'a stylesheet beside': (svg(before='<?xml-stylesheet href="https://evil.example/x.css"?>'), 'xml-stylesheet'),
    'a style with an address': (svg('<path d="M0 0" style="fill:url(https://evil.example/#a)"/>'), 'attribute style'),
    'an escaped address': (svg(r'<path d="M0 0" style="fill:u\72l(//evil.example/a)"/>'), 'attribute fill'),
    'a commented address': (svg('<path d="M0 0" style="fill:ur/**/l(//evil.example/a)"/>'), 'attribute fill'),
    'an import in a style': (svg('<path d="M0 0" style="@import \'//evil.example\'"/>'), 'attribute style'),
    'a fill with an address': (svg('<path d="M0 0" fill="url(https://evil.example/#a)"/>'), 'attribute fill'),
    'two addresses': (svg('<path d="M0 0" fill="url(#a) url(//evil.example)"/>'), 'attribute fill'),
    'a filter of another file': (svg('<path d="M0 0" filter="url(//evil.example/#f)"/>'), 'attribute filter'),
    'a filter': (svg('<filter id="f"><feImage href="//evil.example"/></filter>'), 'element filter'),
    'a cursor': (svg('<path d="M0 0" cursor="url(//evil.example/c.cur)"/>'), 'attribute cursor'),
    'markup in a value': (svg('<path d="M0 0" id="&lt;img src=x onerror=alert(1)&gt;"/>'), 'attribute id'),
    'markup in a name': (svg('<path d="M0 0" data-x="&lt;/style>&lt;script>"/>'), 'attribute data-x'),
    'a quote in a value': (svg("<path d='M0 0' id='a\" onload=\"alert(1)'/>"), 'attribute id'),
    'entities': (svg('<path d="&c;"/>', before=BOMB), 'document type'),
    'a file of the server': (svg(before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), 'document type'),
    'a document type': (svg(before='<!DOCTYPE svg SYSTEM "http://evil.example/x.dtd">'), 'document type'),
    'an unknown entity': (svg('<title>&x;</title>'), 'line 1'),
    'UTF-16': (svg(before='<?xml version="1.0" encoding="UTF-16"?>').decode().encode('utf-16'), 'UTF-8'),
    'UTF-16 without a mark': (svg().decode().encode('utf-16-le'), 'UTF-8'),
    'UTF-7': (b'<?xml version="1.0" encoding="UTF-7"?>' + svg('+ADw-script+AD4-'), 'UTF-7'),
    'an overlong letter': (svg().replace(b'<path', b'\xc0\xbcpath'), 'UTF-8'),
    'half a letter': (svg().replace(b'viewBox', b'id="\xed\xa0\x80" viewBox'), 'UTF-8'),
    'great depth': (svg(nested(33)), 'nested more than 32 deep'),
    'greatest depth': (svg(nested(2800)), 'nested more than 32 deep'),
    'a picture in the picture': (svg(f'<svg {NS}>{PATH}</svg>'), 'element svg'),
    'two pictures': (svg() + svg(), 'line 1'),
    'too many bytes': (svg(PATH * 1000), f'at most {MAX_BYTES:,}'),
    'a page': (b'<!DOCTYPE html><html><body onload="alert(1)"></body></html>', 'document type'),
    'a page without a type': (b'<html xmlns="http://www.w3.org/1999/xhtml"/>', 'first element is html'),
    'text': (svg('<text x="1" y="1">A</text>'), 'element text is not allowed: convert'),
    'no XML': (b'\x89PNG\r\n\x1a\n', 'UTF-8'),
    'nothing': (b'', 'no element found'),
    'no shape': (svg('<g/>'), 'draws nothing'),
    'no frame': (f'<svg {NS}>{PATH}</svg>'.encode(), 'no frame'),
    'a frame without size': (f'<svg {NS} viewBox="0 0 0 24">{PATH}</svg>'.encode(), 'no frame'),
    'a frame without numbers': (f'<svg {NS} viewBox="nan nan 24 24">{PATH}</svg>'.encode(), 'no frame'),
    'an infinite frame': (f'<svg {NS} viewBox="0 0 1e99 24">{PATH}</svg>'.encode(), 'no frame'),
}


@pytest.mark.parametrize('name', HOSTILE)
def test_what_could_do_more_than_draw_is_refused_by_its_name(name: str) -> None:
    content, named = HOSTILE[name]
    with pytest.raises(InvalidInputError) as refusal:
        clean_svg(content)
    assert named in str(refusal.value)
    assert refusal.value.field == 'svg'
    assert str(refusal.value).isascii()


KEPT = {
    'shapes': (svg(), PATH),
    'a group with a colour': (svg(f'<g fill="#abc" opacity=".5">{PATH}</g>'), '<g fill="#abc" opacity=".5">'),
    'a clip in the file': (svg(f'<defs><clipPath id="c">{PATH}</clipPath></defs><g clip-path="url(#c)">{PATH}</g>'),
                           'clip-path="url(#c)"'),
    'a gradient': (svg('<linearGradient id="a"><stop offset="0%" stop-color="red"/></linearGradient>'
                       '<rect width="9" height="9" fill="url( #a )"/>'), 'fill="url( #a )"'),
    'a style as attributes': (svg('<path d="M0 0" style="fill:none;stroke : #000;-inkscape-x:1" fill="red"/>'),
                              '<path d="M0 0" fill="none" stroke="#000">'),
    'a byte order mark': (b'\xef\xbb\xbf' + svg(), PATH),
    'a declaration': (svg(before='<?xml version="1.0" encoding="utf-8" standalone="no"?>'), PATH),
    'width and height as a frame': (f'<svg {NS} width="32px" height="16">{PATH}</svg>'.encode(), 'viewBox="0 0 32 16"'),
    'a picture cut out of a page': (f'<svg viewBox="0 0 9 9">{PATH}</svg>'.encode(), f'<svg {NS} viewBox="0 0 9 9">'),
    'greatest allowed depth': (svg(nested(30)), PATH),
}


@pytest.mark.parametrize('name', KEPT)
def test_shapes_are_kept(name: str) -> None:
    content, part = KEPT[name]
    cleaned = clean_svg(content)
    assert part.replace('/>', '>') in cleaned
    assert clean_svg(cleaned.encode()) == cleaned
    for element in ElementTree.fromstring(cleaned).iter():
        assert element.tag.removeprefix('{http://www.w3.org/2000/svg}') in ELEMENTS
        assert element.attrib.keys() <= ATTRIBUTES | ROOT_ATTRIBUTES


def test_what_editors_add_is_left_out() -> None:
    content = svg('<!-- by hand --><title>Press</title><desc>A press</desc><sodipodi:namedview pagecolor="#fff"/>'
                  '<metadata><rdf:RDF><cc:Work rdf:about=""/></rdf:RDF></metadata>'
                  '<path class="a" d="M0 0h9" data-name="Layer 1" inkscape:label="x" role="img"/>text<![CDATA[<b>]]>',
                  'width="99" height="99" id="svg1" version="1.1" xml:space="preserve" '
                  'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
                  'xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" '
                  'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:cc="http://creativecommons.org/ns#"')
    assert clean_svg(content) == f'<svg {NS} viewBox="0 0 24 24"><path d="M0 0h9"></path></svg>'
