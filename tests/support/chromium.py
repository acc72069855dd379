"""A real Chromium without a window, driven over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One page. Calls wait; what the page complains of is in `complaints`."""

    def __init__(self, profile: Path, size: tuple[int, int] = (1280, 800)) -> None:
        self.process = subprocess.Popen(
            [
                str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-background-networking", "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--hide-scrollbars", f"--window-size={size[0]},{size[1]}",
                "--no-first-run", "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        told = profile / "DevToolsActivePort"
        end = time.monotonic() + 30
        while not (told.is_file() and told.read_text().strip()):
            assert time.monotonic() < end and self.process.poll() is None, "Chromium does not start"
            time.sleep(0.05)
        port = told.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
            pages = json.load(answer)
        url = next(p for p in pages if p["type"] == "page")["webSocketDebuggerUrl"]
        self.complaints: list[str] = []
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.number = 0
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self.wait(self._open(url))
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.resize(*size)

    def wait(self, work: Any, timeout: float = 60) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    async def _open(self, url: str) -> None:
        import aiohttp

        self.session = aiohttp.ClientSession()
        self.socket = await self.session.ws_connect(url, max_msg_size=0)
        self.listening = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        async for message in self.socket:
            said = json.loads(message.data)
            if "id" in said:
                self.waiting.pop(said["id"]).set_result(said)
            elif said["method"] == "Runtime.exceptionThrown":
                what = said["params"]["exceptionDetails"]
                self.complaints.append(what.get("exception", {}).get("description") or what["text"])
            elif said["method"] == "Log.entryAdded" and said["params"]["entry"]["level"] == "error":
                self.complaints.append(
                    said["params"]["entry"]["text"] + " " + said["params"]["entry"].get("url", "")
                )

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        self.number += 1
        future: asyncio.Future[Any] = self.loop.create_future()
        self.waiting[self.number] = future
        await self.socket.send_str(json.dumps({"id": self.number, "method": method, "params": params}))
        return await future

    async def _shut(self) -> None:
        self.listening.cancel()
        await self.session.close()

    def call(self, method: str, **params: Any) -> Any:
        said = self.wait(self._call(method, params))
        assert "error" not in said, said
        return said["result"]

    def goto(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def js(self, text: str) -> Any:
        """The value of an expression, awaited where it is a promise."""
        found = self.call("Runtime.evaluate", expression=text, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, text: str, timeout: float = 20) -> Any:
        """Wait until an expression is true; its value."""
        end = time.monotonic() + timeout
        while True:
            try:
                # An element comes over as an empty object.
                found = self.js(f"(v => v instanceof Node ? true : v)({text})")
            except AssertionError:
                found = None
            if found:
                return found
            assert time.monotonic() < end, f"never true: {text}; complaints: {self.complaints}"
            time.sleep(0.03)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def key(self, key: str, code: int, modifiers: int = 0) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=modifiers,
            )

    def resize(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def photograph(self, path: Path) -> Path:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
        return path

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.wait(self._shut())
        self.loop.call_soon_threadsafe(self.loop.stop)
