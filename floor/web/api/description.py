"""Parts of the OpenAPI description that are common to all paths: security, headers, 304, the schema of errors."""

from __future__ import annotations

import json
import re
from typing import Any

from ...core.scopes import MEANINGS
from .operation_scopes import SCOPES
from .problems import SCHEMA_ADDRESS, Problem

SECURITY: list[dict[str, list[str]]] = [{'databricks_token': []}, {'databricks_session': []}, {}]
"""Of every path, besides a token with its scope."""
SECURITY_SCHEMES = {
    'api_token': {
        'type': 'http', 'scheme': 'bearer',
        'description': 'For programs: a token, made by a supervisor in Setup, Access, or by `line-monitor token NAME`. '
                       'Each operation names the scope that it needs. '
                       + ' '.join(f'`{scope}`: {meaning}.' for scope, meaning in MEANINGS.items())},
    'databricks_token': {
        'type': 'http', 'scheme': 'bearer', 'bearerFormat': 'JWT',
        'description': 'For programs, on Databricks Apps: an OAuth token of the workspace. The proxy of the Apps '
                       'checks it and passes the identity in X-Forwarded-User.'},
    'databricks_session': {
        'type': 'apiKey', 'in': 'header', 'name': 'X-Forwarded-Email',
        'description': 'For people, on Databricks Apps: a browser that is signed in to the workspace. The proxy sets '
                       'this header and removes one that a browser sends; do not set it yourself. Elsewhere it is '
                       'ignored: with HOST=127.0.0.1 everyone is LOCAL_USER, with ALLOW_ANONYMOUS everyone is '
                       'Anonymous, and no credentials are needed.'}}
ETAG = {'description': 'Tag of this response. Send it as If-None-Match to check whether the response has changed; '
                       'for a work order, line, machine type or machine, send it as If-Match with a change.',
        'schema': {'type': 'string', 'examples': ['"3-5f1d09c2"']}}
RATE_LIMIT = {
    'RateLimit-Policy': {'description': 'The quota: q changes within w seconds. Absent without a limit.',
                         'schema': {'type': 'string', 'examples': ['"changes";q=300;w=60']}},
    'RateLimit': {'description': 'Remaining changes r; the quota is full again after t seconds.',
                  'schema': {'type': 'string', 'examples': ['"changes";r=299;t=1']}}}
RETRY_AFTER = {'description': 'Seconds to wait before the next request.',
               'schema': {'type': 'integer', 'examples': [5]}}
LIMITED = '/api/work-orders', '/api/plant'
ASK_AGAIN = frozenset({'429', '503'})
IF_NONE_MATCH = {'name': 'If-None-Match', 'in': 'header', 'required': False,
                 'description': 'The ETag of an earlier response: returns 304 without a body if it is unchanged.',
                 'schema': {'type': 'string', 'examples': ['"3-5f1d09c2"']}}
REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')


def completed(api: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's description with the common parts of all paths under /api."""
    for path, operations in api['paths'].items():
        if path.startswith('/api/'):
            for method, operation in operations.items():
                _complete(path, method, operation)
        else:  # probes, which are public
            for operation in operations.values():
                operation['security'] = []
    api['components'] = {'schemas': _used_schemas(api), 'securitySchemes': SECURITY_SCHEMES}
    api['security'] = [{'api_token': []}, *SECURITY]
    return _named_by_title(api)


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    if (name := operation['operationId']) in SCOPES:
        operation['security'] = [*({'api_token': [scope.value]} for scope in SCOPES[name]), *SECURITY]
    responses = operation['responses']
    is_json = 'application/json' in responses.get('200', {}).get('content', {})
    if method == 'get' and is_json:
        operation['parameters'] = [*operation.get('parameters', []), IF_NONE_MATCH]
        responses['304'] = {'description': 'Not modified since the ETag in If-None-Match.', 'headers': {'ETag': ETAG}}
    for status, response in responses.items():
        headers = response.setdefault('headers', {})
        if status in {'200', '201'} and is_json | (method != 'get'):
            headers.setdefault('ETag', ETAG)
        if status in ASK_AGAIN:
            headers['Retry-After'] = RETRY_AFTER
        if path.startswith(LIMITED):
            headers.update(RATE_LIMIT)
    operation['responses'] = dict(sorted(responses.items()))


def _used_schemas(api: dict[str, Any]) -> dict[str, Any]:
    """The schemas that the described paths use."""
    of_errors = Problem.model_json_schema(mode='serialization', ref_template=SCHEMA_ADDRESS)
    schemas = {**of_errors.pop('$defs'), Problem.__name__: of_errors, **api['components']['schemas']}
    used = set[str]()
    found = set(REFERENCE.findall(json.dumps(api['paths'])))
    while found:
        used |= found
        found = set(REFERENCE.findall(json.dumps([schemas[name] for name in found]))) - used
    return {name: schema for name, schema in schemas.items() if name in used}


def _named_by_title(api: dict[str, Any]) -> dict[str, Any]:
    """The description with schemas named by their title: WorkOrder for the class OrderAnswer."""
    schemas = api['components']['schemas']
    titles = {name: schema.get('title', name) for name, schema in schemas.items()}
    text = REFERENCE.sub(lambda found: f'"#/components/schemas/{titles[found[1]]}"', json.dumps(api))
    named: dict[str, Any] = json.loads(text)
    named['components']['schemas'] = {titles[name]: schema
                                      for name, schema in named['components']['schemas'].items()}
    return named
