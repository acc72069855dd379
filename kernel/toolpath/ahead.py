"""Work on large arrays piece by piece, a little ahead on other processors: numpy lets go of Python's lock while it computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

#: Fewer pieces than this are not worth starting threads for.
WORTH = 4

#: Threads, at most: beyond these, memory is what is short.
MOST = 4


def ahead(work: Callable[[A], B], pieces: Sequence[A]) -> Iterator[B]:
    """`work` of each piece, in order. Only a few results are ever held, so that any number of pieces needs little memory.
    `work` must not depend on other pieces: results are then the same, however many processors there are."""
    workers = min(os.cpu_count() or 1, MOST)
    if len(pieces) < WORTH or workers < 2:
        yield from map(work, pieces)
        return
    from collections import deque
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[B]] = deque()
        try:
            for piece in pieces:
                waiting.append(pool.submit(work, piece))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
