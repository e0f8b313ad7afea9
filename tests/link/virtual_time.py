"""An event loop whose clock jumps to the next timer: hours of protocol in milliseconds, and no test waits for luck."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

LIMIT_S = 200_000.0


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting, moves the clock."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("every task waits for something that will never happen")
        self.now += max(timeout, 0.0)
        if self.now > LIMIT_S:
            raise AssertionError("the test does not come to its end")
        return super().select(0)


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test in virtual time; fails when it leaves a task or an unhandled error behind."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
            unhandled: list[dict[str, Any]] = []
            runner.get_loop().set_exception_handler(lambda loop, context: unhandled.append(context))
            runner.run(_watched(test(*args, **kwargs)))
        assert not unhandled

    return run


async def _watched(test: Coroutine[Any, Any, None]) -> None:
    before = asyncio.all_tasks()
    await test
    for _ in range(5):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    assert not left, f"left behind: {left}"
