"""Progress of long work: a bar on a terminal, a line every half minute in a log."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType

from tqdm import tqdm

LINE_EVERY_S = 30.0

log = logging.getLogger("crocs")


class Progress:
    """Progress of `total` steps (None: nobody knows how many), shown by the process that leads.

    On a terminal a bar; elsewhere a log line every 30 s with done, rate and time left.
    """

    def __init__(self, title: str, total: int | None, shown: bool = True) -> None:
        self._title, self._total, self._done = title, total, 0
        shown = shown and log.level <= logging.INFO  # not with -q
        self._logs = shown and not sys.stderr.isatty()
        self._start = self._last = time.monotonic()
        self._bar = tqdm(
            desc=title,
            total=total,
            leave=False,
            disable=not shown or self._logs or total == 0,
            dynamic_ncols=True,
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def advance(self, steps: int = 1) -> None:
        """Count steps as done."""
        self._done += steps
        self._bar.update(steps)
        now = time.monotonic()
        if self._logs and now - self._last >= LINE_EVERY_S:
            self._last = now
            rate = self._done / (now - self._start)
            if self._total is None:
                log.info("%s: %d, %.3g a second", self._title, self._done, rate)
                return
            left = (self._total - self._done) / rate
            log.info(
                "%s: %d of %d, %.3g a second, %.0f s left", self._title, self._done, self._total, rate, left
            )
