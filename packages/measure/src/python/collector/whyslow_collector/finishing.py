"""What the user's functions give back, done to its end, since what was not done was not measured: what is awaitable is awaited, on one event loop
as a service has it, and generators are run until they are empty."""

import inspect
import types

_loops = []
#: Nothing of them has run yet.
_LAZY = (types.GeneratorType, types.AsyncGeneratorType, map, filter, zip)


class Listed(list):
    """What an asynchronous generator gave; whoever reads it with `async for` still can."""

    def __aiter__(self):
        return _each(self)


#: Outputs are told by the names of their types: it is a list like any other.
Listed.__name__ = "list"


async def _each(items):
    for one in items:
        yield one


def run(awaitable):
    """What it gives. What `load` opened belongs to the loop that predictions run on."""
    if not _loops:
        # Imported late: if the user's code imports it, that is part of its own import time.
        import asyncio

        _loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(_loops[0])
    return _loops[0].run_until_complete(_awaited(awaitable))


def loop():
    """The event loop that calls are awaited on; None if nothing was awaited yet."""
    return _loops[0] if _loops else None


def is_unfinished(value):
    return isinstance(value, _LAZY) or inspect.isawaitable(value)


def awaited(value):
    return run(value) if inspect.isawaitable(value) else value


def finished(value):
    while is_unfinished(value):
        if inspect.isawaitable(value):
            value = run(value)
        elif isinstance(value, types.AsyncGeneratorType):
            value = run(_listed(value))
        else:
            value = list(value)
    return value


def items_of(value):
    """Its items, one by one, of an asynchronous generator too; a dictionary is one item."""
    value = awaited(value)
    if isinstance(value, dict):
        value = [value]
    if hasattr(value, "__iter__") or not hasattr(value, "__aiter__"):
        yield from value
        return
    later = value.__aiter__()
    while True:
        try:
            yield run(later.__anext__())
        except StopAsyncIteration:
            return


async def _listed(generator):
    return Listed([one async for one in generator])


async def _awaited(value):
    return await value
