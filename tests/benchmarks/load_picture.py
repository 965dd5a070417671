"""The curves of bench_load.py, drawn by ECharts in a page of NiceGUI: PORT, and OPTIONS as JSON in the environment."""

import json
import os

from nicegui import ui


@ui.page('/')
def page() -> None:
    """One chart, of the size that tests/benchmarks/README.md shows."""
    ui.echart(json.loads(os.environ['OPTIONS'])).style('width: 1100px; height: 560px')


ui.run(host='127.0.0.1', port=int(os.environ['PORT']), reload=False, show=False, show_welcome_message=False)
