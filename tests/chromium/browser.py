"""A headless Chromium, spoken to over its debugging pipe: no port is opened and no driver is needed.

Pages come from files; the browser is told to do nothing of its own, and no name resolves but loopback's.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

Scheme = Literal["light", "dark"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--mute-audio",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)
_DEADLINE_S = 60.0


def find_chromium() -> str | None:
    """Path of a Chromium or Chrome, None where there is none. MONITOR_TEST_CHROMIUM names another."""
    return os.environ.get("MONITOR_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


class Browser:
    """One browser with one page. Use as a context manager."""

    def __init__(self, path: str) -> None:
        self._profile = Path(tempfile.mkdtemp(prefix="monitor-chromium-"))
        child_in, self._to_child = os.pipe()
        self._from_child, child_out = os.pipe()
        self._process = subprocess.Popen(
            [path, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            # The child only duplicates two descriptors before exec, which no other thread can disturb.
            preexec_fn=_pipe_ends_as_3_and_4(child_in, child_out),  # noqa: PLW1509
        )
        os.close(child_in)
        os.close(child_out)
        self._n_sent = 0
        self._buffer = b""
        target = self._send("Target.createTarget", {"url": "about:blank"}, session=None)
        attached = self._send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True}, session=None)
        self._session: str = attached["sessionId"]
        self._send("Page.enable", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser that this object started, and remove its profile."""
        os.close(self._to_child)
        os.close(self._from_child)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, path: Path, *, width: int, scheme: Scheme, height: int = 900) -> None:
        """Show an HTML file as a screen of this width and colour scheme would."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._send("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._send("Emulation.setEmulatedMedia", {"media": "screen", "features": features})
        self._send("Page.navigate", {"url": path.resolve().as_uri()})
        deadline = time.monotonic() + _DEADLINE_S
        while self.evaluate("document.readyState + location.protocol") != "completefile:":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} did not load")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self._send("Runtime.evaluate", {"expression": expression, "returnByValue": True})
        if "exceptionDetails" in answer:
            raise ValueError(json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def screenshot(self, *, max_height: int) -> bytes:
        """PNG of the page from its top, as high as the page is, at most `max_height` pixels."""
        height = int(self.evaluate("Math.ceil(document.documentElement.scrollHeight)"))
        width = int(self.evaluate("window.innerWidth"))
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, max_height), "scale": 1}
        parameters = {"format": "png", "clip": clip, "captureBeyondViewport": True}
        return base64.b64decode(self._send("Page.captureScreenshot", parameters)["data"])

    def _send(self, method: str, parameters: dict[str, Any], session: str | None = "") -> dict[str, Any]:
        self._n_sent += 1
        message: dict[str, Any] = {"id": self._n_sent, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = self._session
        os.write(self._to_child, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._n_sent:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._from_child, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser ended")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _pipe_ends_as_3_and_4(child_in: int, child_out: int) -> Callable[[], None]:
    """Runs in the child before exec. Through higher numbers, since either end may itself be 3 or 4."""

    def place() -> None:
        high_in = fcntl.fcntl(child_in, fcntl.F_DUPFD_CLOEXEC, 20)
        high_out = fcntl.fcntl(child_out, fcntl.F_DUPFD_CLOEXEC, 20)
        os.dup2(high_in, 3)
        os.dup2(high_out, 4)

    return place
