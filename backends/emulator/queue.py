"""Moves that a streaming firmware (GRBL, Marlin) holds in its planner: laid out in time anew with every move that comes in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .profile import Floats, profile
from .world import World


@dataclass(slots=True)
class Block:
    """One straight move: where it ends, its feed, the outputs as (output, level) that change where it begins."""

    target_um: Floats
    feed_um_s: float
    outputs: tuple[tuple[int, bool], ...]
    begin_s: float = 0.0
    end_s: float = 0.0


class Planner:
    """Blocks not yet finished, and their motion in the world. Every call holds the world's lock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.blocks: list[Block] = []
        #: When the last block of a row of them ended, or the stage stood after a stop that made an end of them.
        self.rest_s = 0.0
        self._held = False
        self._stands_s = 0.0

    def waiting(self, now: float) -> int:
        """How many blocks are not finished at `now`."""
        with self.world.lock:
            self._drop(now)
            return len(self.blocks)

    def next_end_s(self) -> float:
        """When the block in motion ends; infinity where none moves."""
        return self.blocks[0].end_s if self.blocks and not self._held else np.inf

    def goal_um(self, now: float) -> Floats:
        """Where the last block ends."""
        return self.blocks[-1].target_um if self.blocks else self.world.position(now)

    def add(self, block: Block, now: float) -> None:
        with self.world.lock:
            self._drop(now)
            self.blocks.append(block)
            if not self._held:
                self._lay(now)

    def hold(self, now: float) -> float:
        """Brake and keep what is left; returns when the stage stands."""
        with self.world.lock:
            self._drop(now)
            self._held = True
            self._stands_s = self.world.halt(now)
            return self._stands_s

    def resume(self, now: float) -> None:
        with self.world.lock:
            self._held = False
            self._lay(now)

    def flush(self) -> None:
        """Forget all blocks; the stage stands already, or brakes."""
        with self.world.lock:
            if self._held:
                self.rest_s = max(self.rest_s, self._stands_s)
            self.blocks, self._held = [], False

    def _drop(self, now: float) -> None:
        if not self._held:
            while self.blocks and self.blocks[0].end_s <= now and self.blocks[0].end_s > 0.0:
                self.rest_s = self.blocks.pop(0).end_s

    def _lay(self, now: float) -> None:
        """Motion and outputs of all blocks from `now` on, from the speed that the stage has."""
        world = self.world
        if not self.blocks:
            return
        here = world.position(now)
        moving = world.moving(now)
        speed = world.speed(now) if moving else 0.0
        begun = moving and 0.0 < self.blocks[0].begin_s <= now
        world.outputs = [o for o in world.outputs if o[0] <= now]
        if moving:
            path = world.paths.pop()
            kept = path.cut(now)
            if len(kept.time_s):
                world.paths.append(kept)
        pieces, ends = profile(
            np.array([here, *(b.target_um for b in self.blocks)]),
            np.array([b.feed_um_s for b in self.blocks]),
            acceleration_um_s2=world.stage.acceleration_um_s2,
            max_speed_um_s=world.stage.max_speed_um_s,
            corner_um=world.stage.corner_um,
            begin_s=now,
            begin_speed_um_s=speed,
        )
        world.move(pieces)
        clock = now
        for k, (block, end) in enumerate(zip(self.blocks, ends.tolist(), strict=True)):
            if not (k == 0 and begun):
                block.begin_s = clock
                for output, level in block.outputs:
                    world.set_output(output, level, clock)
            block.end_s = clock = end
