"""Finds an OpenGL library before VTK is loaded: VTK (9.7) ends the process with a segmentation fault where there is none."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache

from ..kernel.diagnostics import WetprintError, error

#: What VTK reads to choose its window, since 9.4; before, wheels could draw on an X server only.
VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"

OSMESA, EGL, X11, NATIVE = "vtkOSOpenGLRenderWindow", "vtkEGLRenderWindow", "vtkXOpenGLRenderWindow", ""

#: The names under which VTK itself looks for each.
_OSMESA_NAMES = ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so")
_EGL_NAMES = ("libEGL.so.1", "libEGL.so")

Load = Callable[[str], object]

_EGL_OPENGL_API = 0x30A2
_EGL_PLATFORM_DEVICE = 0x313F


def offscreen_window(environ: Mapping[str, str] = os.environ, load: Load = ctypes.CDLL) -> str:
    """Class of the VTK window that can draw without a display here, "" where VTK's own choice is right.

    OSMesa comes first: it draws in software, so that the picture is the same whatever the graphics card. Then EGL, then an X
    server. A choice that stands in the environment already is kept. Raises WetprintError (X720) when nothing can draw.
    """
    if sys.platform != "linux" or environ.get(VARIABLE):
        return environ.get(VARIABLE, NATIVE)
    if any(_loads(name, load) for name in _OSMESA_NAMES):
        return OSMESA
    if any(_egl_works(name, load) for name in _EGL_NAMES):
        return EGL
    if environ.get("DISPLAY") and _loads("libGL.so.1", load):
        return X11
    raise WetprintError(
        error(
            "X720",
            "no OpenGL library was found; a picture without a display needs one",
            notes=(
                "Debian and Ubuntu: apt-get install libosmesa6",
                "or, to use the graphics card: apt-get install libegl1 libgl1-mesa-dri",
                "`--html` and every export but pictures work without it",
            ),
        )
    )


def has_display(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a window can be opened: always outside Linux, else where an X server is named (Wayland has one of its own)."""
    return sys.platform != "linux" or bool(environ.get("DISPLAY"))


@cache
def prepare_offscreen() -> str:
    """Make VTK draw without a display. Call before the first import of vtkmodules or pyvista. Raises as `offscreen_window`."""
    window = offscreen_window()
    if window:
        os.environ[VARIABLE] = window
    return window


def prepare_window(environ: Mapping[str, str] = os.environ, load: Load = ctypes.CDLL) -> None:
    """Make sure that an interactive window can open. Raises WetprintError: X721 without a display, X720 without OpenGL."""
    why = "" if has_display(environ) else "no display"
    if not why and sys.platform == "linux" and not _answers(environ["DISPLAY"], load):
        why = f"no X server answers as {environ['DISPLAY']!r} (DISPLAY)"
    if why:
        raise WetprintError(
            error(
                "X721",
                f"{why}, so no window can open",
                notes=(
                    "`--png FILE` draws a picture, `--html FILE` writes a page that turns in any browser; neither needs a display",
                ),
            )
        )
    if sys.platform == "linux" and not _loads("libGL.so.1", load):
        raise WetprintError(
            error(
                "X720",
                "no OpenGL library was found; a window needs one",
                notes=(
                    "Debian and Ubuntu: apt-get install libgl1 libgl1-mesa-dri",
                    "`--html FILE` works without it",
                ),
            )
        )


def _answers(display: str, load: Load) -> bool:
    """Whether an X server lets a window be opened; where that cannot be asked, VTK will find out."""
    try:
        x11 = load("libX11.so.6")
    except OSError:
        return True
    if not isinstance(x11, ctypes.CDLL):  # a stand-in of a test
        return True
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    screen = x11.XOpenDisplay(display.encode())
    if screen:
        x11.XCloseDisplay(screen)
    return bool(screen)


def _loads(name: str, load: Load) -> bool:
    try:
        load(name)
    except OSError:
        return False
    return True


def _egl_works(name: str, load: Load) -> bool:
    """Whether EGL can draw with desktop OpenGL on some device. The library alone is not enough: without a driver behind it VTK
    goes on to OSMesa, and there it falls."""
    try:
        egl = load(name)
    except OSError:
        return False
    if not isinstance(egl, ctypes.CDLL):  # a stand-in of a test
        return True
    try:
        egl.eglGetProcAddress.restype = ctypes.c_void_p
        egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
        query = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
        display = egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
        if not query or not display:
            return False
        devices = (ctypes.c_void_p * 16)()
        count = ctypes.c_int(0)
        ask = ctypes.CFUNCTYPE(
            ctypes.c_uint, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int)
        )(query)
        if not ask(16, devices, ctypes.byref(count)):
            return False
        open_ = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(display)
        egl.eglInitialize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        egl.eglTerminate.argtypes = [ctypes.c_void_p]
        for device in devices[: count.value]:
            screen = open_(_EGL_PLATFORM_DEVICE, device, None)
            if screen and egl.eglInitialize(screen, None, None):
                able = bool(egl.eglBindAPI(_EGL_OPENGL_API))
                egl.eglTerminate(screen)
                if able:
                    return True
    except AttributeError:
        return False
    return False
