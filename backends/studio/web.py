"""The way in: who has the token, which address and port, and the server of trame under the page."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import os
import secrets
import signal
import socket
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...kernel.diagnostics import WetprintError, error

Handler = Callable[[Any], Awaitable[Any]]


def installed() -> None:
    """Raises WetprintError (X740) where the extra is missing."""
    missing = [name for name in ("trame", "trame_code") if find_spec(name) is None]
    if missing:
        raise WetprintError(
            error(
                "X740",
                f"the studio needs {' and '.join(missing)}; `pip install 'wetprint[studio]'` was expected before `wp studio`",
            )
        )


def is_local(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def free_port(host: str, port: int) -> int:
    """`port`, or a free one for 0. Raises WetprintError: X741 where it is taken, X702 for a host that is not here."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as caught:
        if isinstance(caught, socket.gaierror):
            raise WetprintError(error("X702", f"{host}: {caught.strerror}")) from None
        if isinstance(caught, PermissionError):
            raise WetprintError(
                error("X741", f"port {port} may not be used: {caught.strerror}; one above 1023 was expected")
            ) from None
        raise WetprintError(
            error(
                "X741",
                f"port {port} of {host} cannot be had: {caught.strerror}",
                notes=("without `--port` a free one is taken",),
            )
        ) from None


class Gate:
    """Lets in who has the token: from the address once, from then on by a cookie that no other site can use."""

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(24)
        self.cookie = f"wp_studio_{port}"

    def middleware(self) -> Any:
        from aiohttp import web

        @web.middleware  # type: ignore[untyped-decorator]
        async def gate(request: Any, handler: Handler) -> Any:
            asked = request.query.get("token", "")
            if asked and self._is(asked) and request.path in ("/", "/index.html"):
                # The token leaves the address, so that it does not stay in the history of the browser.
                away = web.HTTPFound("/index.html")
                away.set_cookie(self.cookie, self.token, httponly=True, samesite="Strict", path="/")
                raise away
            origin = request.headers.get("Origin")
            foreign = origin is not None and origin.partition("://")[2] != request.host
            if foreign or not self._is(request.cookies.get(self.cookie, "")):
                return web.Response(
                    status=403, text="X743: open the address that `wp studio` printed; it holds the token\n"
                )
            response = await handler(request)
            if not response.prepared:
                response.headers["Cache-Control"] = "no-store"
                response.headers["X-Content-Type-Options"] = "nosniff"
                response.headers["Referrer-Policy"] = "no-referrer"
            return response

        return gate

    def _is(self, said: str) -> bool:
        return hmac.compare_digest(said.encode(), self.token.encode())


def new_server() -> Any:
    """A server of trame with the page's files: our own, and the editor's."""
    from trame.app import get_server
    from trame_code.module import serve as editor

    server = get_server("wetprint-studio", client_type="vue3")
    ours = Path(__file__).parent
    server.enable_module(
        {
            "serve": {"wp_studio": str(ours), **editor},
            "scripts": ["wp_studio/studio.js"],
            "styles": [f"{next(iter(editor))}/style.css", "wp_studio/studio.css"],
            "vue_use": ["wp_studio"],
        }
    )
    server.state.trame__title = "wetprint studio"
    server.state.trame__template_main = "<wp-studio />"
    server.state.editor_files = next(iter(editor))
    return server


async def run(
    server: Any,
    gate: Gate,
    routes: Callable[[Any], None],
    host: str,
    port: int,
    browser: bool,
    tell: Callable[[str], None],
    began: Callable[[], Awaitable[None]],
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP. `routes` gets the application to add its own; `began` runs beside."""
    # What trame says and reads on its own account: its command line is not ours.
    os.environ["WSLINK_READY_MSG"] = ""
    os.environ["WSLINK_WS_COMPRESS"] = "0"
    argv, sys.argv = sys.argv, sys.argv[:1]

    def bind(bound: Any) -> None:
        bound.app.middlewares.append(gate.middleware())
        routes(bound.app)

    server.controller.on_server_bind.add(bind)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    try:
        serving = server.start(
            port=port, host=host, thread=True, open_browser=False, show_connection_info=False, disable_logging=True,
            exec_mode="task", timeout=0, backend="aiohttp",
        )  # fmt: skip
    finally:
        sys.argv = argv
    await server.ready
    name = f"[{host}]" if ":" in host else host
    url = f"http://{name}:{port}/?token={gate.token}"
    tell(f"studio: {url}")
    if browser:
        await asyncio.to_thread(webbrowser.open, url)
    beside = asyncio.ensure_future(began())
    await ended.wait()
    beside.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beside
    with contextlib.suppress(Exception):
        await asyncio.wait_for(server.stop(), 2.0)
    serving.cancel()
