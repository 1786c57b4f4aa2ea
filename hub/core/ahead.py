"""Working ahead: one stage makes its next item while the next stage is busy with the one before. One item, no more."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar, cast

T = TypeVar("T")
_END = object()


def ahead(items: Generator[T]) -> Generator[T]:
    """The same items, made by a thread of its own, one ahead of the caller.

    What making one raises is raised here, in its place. Close this generator if it is not used to its end: `items`
    is then closed too, by the thread that ran it, which finishes the item that it is making.
    """
    made: queue.SimpleQueue[object] = queue.SimpleQueue()
    wanted, over = threading.Semaphore(1), threading.Event()
    worker = threading.Thread(
        target=contextvars.copy_context().run, args=(_work, items, made, wanted, over), daemon=True
    )
    worker.start()
    try:
        while (item := made.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.cause
            wanted.release()
            yield cast(T, item)
            item = None  # items are large: let go of this one before waiting for the next
    finally:
        over.set()
        wanted.release()
        worker.join()


class _Failure:
    """What ended the making of items."""

    def __init__(self, cause: BaseException) -> None:
        self.cause = cause


def _work(
    items: Iterator[T],
    made: queue.SimpleQueue[object],
    wanted: threading.Semaphore,
    over: threading.Event,
) -> None:
    try:
        while wanted.acquire() and not over.is_set():
            made.put(next(items))
        cast(Generator[T], items).close()
    except StopIteration:
        made.put(_END)
    except BaseException as cause:
        made.put(_Failure(cause))
