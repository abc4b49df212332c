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
#: After so many, pairs go on only if they do not tell which side is faster.
_USUAL_PAIRS = 60
_MOST_PAIRS = 600
#: Times the budget beyond it, if the processor was not this process's own and the pairs do not tell.
_LONGEST = 4
#: The gain that is to be told from none: packages/code/src/hot.ts.
_GAIN = math.log(1.05)


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
    # What others take of the processor is not used.
    own_end, longest = time.process_time_ns() + budget_ms * MS, end + _LONGEST * budget_ms * MS

    def is_enough(pairs):
        count, now = len(pairs), now_ns()
        if count < 5 or now < end and (count < _USUAL_PAIRS or count % _USUAL_PAIRS):
            return False
        return now >= longest or now >= end and time.process_time_ns() >= own_end or _is_clear(pairs)

    return {"pairsMs": pairs_in_turns(_MOST_PAIRS, lambda side: turn(side, lambda way: _timed(way, repeats[side]) / MS), is_enough)}


def _is_clear(pairs):
    """Whether the gain is surely above or below the one that counts; it is asked several times, so that sure is three standard errors of the middle ratios."""
    logs = sorted(math.log(now / instead) for now, instead in pairs if now > 0 and instead > 0)
    cut = len(logs) // 5
    kept = logs[cut : len(logs) - cut]
    if len(kept) < 2:
        return True
    mean = sum(kept) / len(kept)
    moved = [min(max(one, kept[0]), kept[-1]) for one in logs]
    centre = sum(moved) / len(moved)
    squares = sum((one - centre) ** 2 for one in moved)
    return abs(mean - _GAIN) > 3 * math.sqrt(squares / (len(kept) * (len(kept) - 1)))


def _repeats(way):
    took = max(_timed(way, 1), 1.0)
    return max(1, math.ceil(_PAIR_NS / took)) if took < _PAIR_NS else 1


def _timed(way, repeats):
    start = now_ns()
    for _ in range(repeats):
        way()
    return (now_ns() - start) / repeats
