"""Crossing from the event loop to synchronous code. Its threads never keep a stopping process alive."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run `work` in a thread and wait for what it gives. `asyncio.to_thread`, but for daemon threads: the pool's are
    waited for at the end of the process, and a slow answer would hold up a stop that promised ten seconds.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            outcome = context.run(work, *arguments, **named)
        except BaseException as fault:
            _tell(loop, future, fault, None)
        else:
            _tell(loop, future, None, outcome)

    threading.Thread(target=run, name="telegram", daemon=True).start()
    return await future


def _tell(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[T], fault: BaseException | None, outcome: Any
) -> None:
    def settle() -> None:
        if future.cancelled():
            return
        if fault is not None:
            future.set_exception(fault)
        else:
            future.set_result(outcome)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:  # the loop has closed: nobody waits any more
        return
