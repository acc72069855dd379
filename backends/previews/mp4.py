"""MP4: the same films in true colours, for slides and papers' supplements; the program `ffmpeg` packs them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...kernel.diagnostics import WetprintError, error
from ...kernel.filaments import FilamentSet
from ...kernel.files import writing
from ..preview import Look
from .film import Frames, film

if TYPE_CHECKING:
    from ...kernel.build import Job

#: Pictures a second of the file: a film's pictures stay whole numbers of its ticks (hundredths of a second).
_RATE = 25


def render_mp4(jobs: FilamentSet | Sequence[FilamentSet | Job], path: Path, look: Look) -> Path:
    """Draw a film to `path`. The same pictures and the same ffmpeg give the same bytes. Raises WetprintError as pictures do, and X727
    where there is no ffmpeg or it fails."""
    look = replace(look, size=even(look.size))
    return pack_mp4(lambda: film(jobs, look), path, look.size)


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Even sides, which yuv420p wants, the form of colours that all players show."""
    return size[0] - size[0] % 2, size[1] - size[1] % 2


def pack_mp4(shots: Callable[[], Frames], path: Path, size: tuple[int, int]) -> Path:
    """Pictures of an even `size`, each with the hundredths of a second that it stays, as a film in `path`. Raises WetprintError (X727)."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise WetprintError(
            error(
                "X727",
                "no ffmpeg was found, which packs films as .mp4",
                notes=(
                    "install it: `apt-get install ffmpeg`",
                    "or write a film as `--gif FILE`, which needs no program",
                ),
            )
        )
    width, height = size
    command = [
        program, "-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(_RATE), "-i", "pipe:0",
        # One thread and no dates: the same pictures give the same bytes.
        "-threads", "1", "-c:v", "libx264", "-preset", "medium", "-crf", "18", "-pix_fmt", "yuv420p", "-fflags", "+bitexact",
        "-flags:v", "+bitexact", "-map_metadata", "-1", "-movflags", "+faststart",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "film.mp4"
        said = Path(folder) / "said"
        with said.open("wb") as errors:
            process = subprocess.Popen(
                [*command, str(made)], stdin=subprocess.PIPE, stdout=errors, stderr=errors
            )
            assert process.stdin is not None
            try:
                for shot, pause in shots():
                    for _ in range(max(1, round(pause * _RATE / 100))):
                        process.stdin.write(shot.tobytes())
                process.stdin.close()
            except BrokenPipeError:
                pass  # its exit status and its words tell why
            except BaseException:
                process.kill()
                process.wait()
                raise
            code = process.wait()
        if code != 0:
            words = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise WetprintError(error("X727", f"ffmpeg ended with {code}", notes=tuple(words[-3:])))
        data = made.read_bytes()
    with writing(Path(path)) as out:
        out.write(data)
    return Path(path)


class _Mp4:
    name = "mp4"
    doc = "a film in true colours; needs the program ffmpeg"
    ending = ".mp4"

    def show(
        self, jobs: FilamentSet | Sequence[FilamentSet | Job], look: Look, path: Path | None
    ) -> Path | None:
        assert path is not None
        return render_mp4(jobs, path, look)


MP4 = _Mp4()
