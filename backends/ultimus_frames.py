"""Frames of the Nordson EFD Ultimus V on RS-232 (115200 8N1), shared by its driver and its emulator.

A frame is STX NN CCCC data KK ETX: NN two hex digits that count command + data, the command padded to four characters,
KK the low byte of 0 minus the sum of NN + command + data. Source: the box's manual, appendix B, as quoted in public
drivers (mecode's efd_pressure_box, the Ultimus class of VplateroIFIC/MATLAB_app2).
"""

from __future__ import annotations

STX, ETX, EOT, ENQ, ACK, NAK = (bytes([b]) for b in (0x02, 0x03, 0x04, 0x05, 0x06, 0x15))

#: Answers to a command: done, and not understood or not allowed.
GOOD, BAD = "A0", "A2"
#: Pressure units as `E4` tells and `E6` sets them, and how many of the unit one step of a four-digit value is. The box
#: gives no unit with a value, only digits without their decimal point. Steps are assumed from the four digits that a box
#: of 0-100 psi shows (100.0 psi, 6.895 bar, 689.5 kPa).
UNITS = {"00": ("psi", 0.1), "01": ("bar", 0.001), "02": ("kPa", 0.1)}
KPA = "02"
#: kPa in one of each unit.
KPA_PER_UNIT = {"psi": 6.894757, "bar": 100.0, "kPa": 1.0}


class FrameError(Exception):
    """Bytes that are not a frame."""


def checksum(text: str) -> str:
    """Two hex digits over NN + command + data."""
    return f"{-sum(text.encode('ascii')) & 0xFF:02X}"


def frame(command: str, data: str = "") -> bytes:
    """The whole frame of a command with its data; `command` is padded to four characters.

    Query commands that carry a memory location right behind two letters (`E8ccc`) come as one command of five.
    """
    body = command.ljust(4) + data
    text = f"{len(body):02X}{body}"
    return STX + (text + checksum(text)).encode("ascii") + ETX


def reply(text: str) -> bytes:
    """The frame of an answer: no padding."""
    counted = f"{len(text):02X}{text}"
    return STX + (counted + checksum(counted)).encode("ascii") + ETX


def unframe(data: bytes) -> str:
    """Command and data of one frame. Raises FrameError where count, checksum or ends are wrong."""
    if len(data) < 6 or data[:1] != STX or data[-1:] != ETX:
        raise FrameError(f"{data!r} is not a frame")
    try:
        text = data[1:-1].decode("ascii")
        count = int(text[:2], 16)
    except ValueError:
        raise FrameError(f"{data!r} is not a frame") from None
    body = text[2:-2]
    if count != len(body):
        raise FrameError(f"{data!r} counts {count} characters and has {len(body)}")
    if checksum(text[:-2]) != text[-2:].upper():
        raise FrameError(f"{data!r} has checksum {text[-2:]}, not {checksum(text[:-2])}")
    return body
