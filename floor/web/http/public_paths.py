"""The paths that need no identity: probes, which contain no personal data, and what leads to an identity."""

SIGN_IN, CALLBACK, SIGN_OUT, SIGNED_OUT = '/sign-in', '/sign-in/callback', '/sign-out', '/signed-out'
PUBLIC_PATHS = frozenset({'/livez', '/healthz', '/metrics', SIGN_IN, CALLBACK, SIGN_OUT, SIGNED_OUT})
