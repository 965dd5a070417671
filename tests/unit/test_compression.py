"""What Accept-Encoding says of gzip (RFC 9110, 12.4.2 and 12.5.3)."""

from __future__ import annotations

import pytest

from floor.web.middleware.compression import accepts_gzip


@pytest.mark.parametrize('header', ['gzip', 'GZIP', 'x-gzip', 'deflate, gzip, br', 'gzip;q=0.001', 'gzip ; q=1.0',
                                    '*;q=0, gzip', 'br;q=0,gzip;Q=0.2'])
def test_gzip_is_accepted(header: str) -> None:
    assert accepts_gzip(header)


@pytest.mark.parametrize('header', ['', 'identity', 'br', 'gzip;q=0', 'gzip;q=0.000', 'gzip; Q=0', 'br, gzip;q=0, *',
                                    'gzip;q=', 'gzip;q=x', 'gzip;q=nan', 'gzip;q=-1', 'not-gzip', 'gzipped', '*'])
def test_gzip_is_not_accepted(header: str) -> None:
    assert not accepts_gzip(header)
