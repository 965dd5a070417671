"""The REST interface of work orders. The commands decide who may do what; problems.py maps their errors to responses.

The caller of a request that changes something is identified before anything else.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from ...core.rate_limit import ChangeRateLimit
from ...db.database import Database
from ...orders.employees import Employees
from ...orders.upload_queue import UploadQueue
from ...orders.work_order_list import WorkOrderList
from ...orders.work_orders import WorkOrders
from . import attachment_routes, attachment_upload, comment_routes, order_routes
from .attachment_responses import AttachmentResponses
from .bodies import JsonRoute
from .callers import caller
from .floor_api import TIMEOUT_S, no_store
from .known_parameters import known_parameters
from .order_parameters import only_one_key
from .problems import documented
from .rate_limit_headers import RateLimitHeaders

PREFIX = '/api/work-orders'


def register(app: FastAPI, *, database: Database, orders: WorkOrders, order_list: WorkOrderList,
             employees: Employees, attachments: AttachmentResponses, uploads: UploadQueue,
             limit: ChangeRateLimit | None = None, timeout: float = TIMEOUT_S) -> None:
    """Serve /api/work-orders. Call it after floor_api.register, which adds the error handlers.

    limit: its remaining changes are in the headers of responses.
    timeout: seconds without a response of the database after which a request fails with 503.
    """
    identity = Depends(caller)
    if limit is not None:
        app.add_middleware(RateLimitHeaders, path=PREFIX, limit=limit)
    router = APIRouter(prefix=PREFIX, tags=['work orders'], route_class=JsonRoute,
                       dependencies=[identity, Depends(only_one_key), Depends(known_parameters), Depends(no_store)],
                       responses=documented(401, 403, 422, 500, 503))
    order_routes.add_reads(router, database, orders, order_list, timeout)
    order_routes.add_create(router, database, orders, employees, identity=identity, timeout=timeout)
    order_routes.add_update(router, database, orders, employees, identity=identity, timeout=timeout)
    comment_routes.add(router, orders, identity, timeout)
    attachment_upload.add(router, orders, uploads, identity, timeout)
    attachment_routes.add(router, attachments, identity, timeout)
    app.include_router(router)
