"""Work on the next pieces of a stream while the last one is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import pyarrow as pa

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield function(item) of every item in order, computed by as many threads as pyarrow has.

    The items are drawn on a thread of their own. At most one item a thread is held beside those at work, so
    that memory stays bounded.
    """
    threads = pa.cpu_count()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in drawn(items):
            waiting.append(pool.submit(function, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def drawn(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, each of which was drawn on a thread while the one before it was used."""
    source = iter(items)

    def draw() -> list[Item]:
        return list(islice(source, 1))

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(draw)
        while item := coming.result():
            coming = pool.submit(draw)
            yield from item
