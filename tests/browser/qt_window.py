"""A window of Qt's web engine that another process drives; run as a script, with the address to open.

Each line it reads is JSON: {"run": "an expression"} or {"pixel": [x, y]}. Each is answered by a line of JSON: the
expression's value, or the colour of that point as [red, green, blue].
"""

from __future__ import annotations

import json
import sys

from PyQt6.QtCore import QSocketNotifier, QUrl
from PyQt6.QtWebEngineWidgets import QWebEngineView
from PyQt6.QtWidgets import QApplication

WIDTH, HEIGHT = 1280, 800


def main() -> None:
    """Until its input ends."""
    app = QApplication(sys.argv)
    view = QWebEngineView()
    view.resize(WIDTH, HEIGHT)
    view.load(QUrl(sys.argv[1]))
    view.show()

    def answer(value: object) -> None:
        print(json.dumps(value), flush=True)

    def read() -> None:
        line = sys.stdin.readline()
        if not line:
            app.quit()
            return
        command = json.loads(line)
        if 'run' in command:
            view.page().runJavaScript(command['run'], answer)
        else:
            answer(view.grab().toImage().pixelColor(*command['pixel']).getRgb()[:3])

    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)  # type: ignore[arg-type]
    notifier.activated.connect(read)
    app.exec()


main()
