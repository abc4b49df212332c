"""The clocks, and what turns say: two ways in turns, the ratio pair by pair."""

import math
import random
import time

now_ns = time.perf_counter_ns
MS = 1e6


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return 0.0
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


#: A sample of a pair takes so long at least, so that a clock's own cost is nothing beside it.
_PAIR_NS = 300_000
_MOST_PAIRS = 60


def in_turns(now, instead, budget_ms):
    """
    Both called in turns, ABBA, until the budget is used: {nowMs, insteadMs, ratio, ratioLow, ratioHigh}. The interval is a bootstrap over
    pairs, of the median of their ratios, at 95 %. At least five pairs are taken, whatever they take.
    """
    repeats = [_repeats(now), _repeats(instead)]
    ways = [now, instead]
    pairs = []
    end = now_ns() + budget_ms * MS
    while len(pairs) < _MOST_PAIRS and (len(pairs) < 5 or now_ns() < end):
        order = (0, 1) if len(pairs) % 2 == 0 else (1, 0)
        took = [0.0, 0.0]
        for which in order:
            took[which] = _timed(ways[which], repeats[which])
        pairs.append(took)
    ratios = [before / after for before, after in pairs if after > 0]
    low, high = interval(ratios)
    return {
        "nowMs": median([pair[0] for pair in pairs]) / MS,
        "insteadMs": median([pair[1] for pair in pairs]) / MS,
        "ratio": median(ratios),
        "ratioLow": low,
        "ratioHigh": high,
    }


def _repeats(way):
    took = max(_timed(way, 1), 1.0)
    return max(1, math.ceil(_PAIR_NS / took)) if took < _PAIR_NS else 1


def _timed(way, repeats):
    start = now_ns()
    for _ in range(repeats):
        way()
    return (now_ns() - start) / repeats


def interval(values, draws=400):
    """Of the median, by bootstrap; seeded, so that equal measurements say the same."""
    generator = random.Random(1)
    medians = sorted(median(generator.choices(values, k=len(values))) for _ in range(draws))
    return medians[int(draws * 0.025)], medians[int(draws * 0.975) - 1]
