"""The clocks, and two ways in turns."""

import math
import time

now_ns = time.perf_counter_ns
MS = 1e6


def median(values):
    """As median of packages/measure/src/statistics/order.ts; raises IndexError for none, which has no middle and not 0."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


#: A sample of a pair takes so long at least, so that a clock's own cost is nothing compared with it.
_PAIR_NS = 300_000
_MOST_PAIRS = 60


def pairs_in_turns(most, read, is_enough=lambda pairs: False):
    """Pairs of readings of two sides in turns (A B, B A, A B ...), so that what changes on the machine meets both. `read(side)` times one."""
    pairs = []
    while len(pairs) < most and not is_enough(pairs):
        times = [0.0, 0.0]
        for side in (0, 1) if len(pairs) % 2 == 0 else (1, 0):
            times[side] = read(side)
        pairs.append(times)
    return pairs


def in_turns(now, instead, budget_ms, settle=None):
    """
    Both called in turns until the budget is used, five pairs at least: {pairsMs}. What the pairs say is worked out where they are read. `settle(side)`
    sets what a side wants, before a call that is not timed.
    """
    ways = [now, instead]

    def turn(side, time):
        if settle is not None:
            settle(side)
            ways[side]()
        return time(ways[side])

    repeats = [turn(side, _repeats) for side in (0, 1)]
    end = now_ns() + budget_ms * MS
    pairs = pairs_in_turns(
        _MOST_PAIRS, lambda side: turn(side, lambda way: _timed(way, repeats[side]) / MS), lambda pairs: len(pairs) >= 5 and now_ns() >= end
    )
    return {"pairsMs": pairs}


def _repeats(way):
    took = max(_timed(way, 1), 1.0)
    return max(1, math.ceil(_PAIR_NS / took)) if took < _PAIR_NS else 1


def _timed(way, repeats):
    start = now_ns()
    for _ in range(repeats):
        way()
    return (now_ns() - start) / repeats
