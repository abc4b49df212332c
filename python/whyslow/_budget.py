"""How long a prediction takes in this process, and whether that is within a budget or no slower than before.

A measurement is divided into blocks. Each block gives a median, and the interval of the median of blocks follows from their order alone
(binomial distribution), so that it holds whatever the times are distributed as.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import os
import platform
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

BLOCKS = 15
CONFIDENCE = 0.95
#: A sample lasts at least this long: shorter calls are timed several at a time.
SAMPLE_NS = 50_000
LEAST_WARM_UP = 3
WARM_UP_SHARE = 0.2
#: A measurement that decides nothing goes on until it has taken this many times as long.
MOST_ROUNDS = 4
SCHEMA = 'whyslow-budget/1'
#: Nothing of them has run yet.
_LAZY = (GeneratorType, AsyncGeneratorType, map, filter, zip)

Call = Callable[[], Any]


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one call: the median, and its 95 % interval."""

    p50_ms: float
    low_ms: float
    high_ms: float
    #: The median of each block.
    blocks_ms: Tuple[float, ...]

    @classmethod
    def of(cls, blocks: Sequence[float]) -> 'Timing':
        low, high = interval(blocks)
        return cls(median(blocks), low, high, tuple(blocks))

    def __str__(self) -> str:
        return f'{written(self.p50_ms)} ({written(self.low_ms)} to {written(self.high_ms)})'


def written(time_ms: float) -> str:
    value, unit = (time_ms * 1000, 'µs') if time_ms < 1 else (time_ms, 'ms') if time_ms < 1000 else (time_ms / 1000, 's')
    return f'{value:.3g} {unit}'


def interval(values: Sequence[float]) -> Tuple[float, float]:
    """Of the median, from the order of the values: the narrowest that holds it with 95 %, else the least and the most."""
    ordered, count = sorted(values), len(values)
    for rank in range((count - 1) // 2, -1, -1):
        outside = 2 * sum(math.comb(count, k) for k in range(rank + 1)) / 2**count
        if 1 - outside >= CONFIDENCE:
            return ordered[rank], ordered[count - 1 - rank]
    return ordered[0], ordered[-1]


class Clock:
    """Times calls in blocks. The first call, and those until the code is warm, are not counted."""

    def __init__(self, call: Call, seconds: float) -> None:
        _check_limit(seconds, f'seconds is {seconds}')
        self._call = call
        self._block_ns = seconds * 1e9 / BLOCKS
        self._calls = 1
        started = time.perf_counter_ns()
        result = call()
        unfinished = _unfinished(result)
        if unfinished is not None:
            getattr(result, 'close', lambda: None)()
            raise TypeError(f'the call gives {unfinished}, which has not predicted yet: give a function that returns when the prediction is done')
        made = 1
        while made < LEAST_WARM_UP or time.perf_counter_ns() - started < seconds * 1e9 * WARM_UP_SHARE:
            took = self._sample()
            made += 1
            if took * self._calls < SAMPLE_NS:
                self._calls = min(1000, math.ceil(SAMPLE_NS / max(took, 1)))

    def _sample(self) -> float:
        """Nanoseconds of one call."""
        call, calls = self._call, range(self._calls)
        started = time.perf_counter_ns()
        for _ in calls:
            call()
        return (time.perf_counter_ns() - started) / self._calls

    def block_ms(self) -> float:
        samples: List[float] = []
        started = time.perf_counter_ns()
        while not samples or time.perf_counter_ns() - started < self._block_ns:
            samples.append(self._sample())
        return median(samples) / 1e6


def _unfinished(result: Any) -> Optional[str]:
    """What has yet to be awaited, iterated over or waited for, as 'a coroutine'; None: the result is there."""
    futures = sys.modules.get('concurrent.futures')
    is_future = futures is not None and isinstance(result, futures.Future)
    if not (is_future or inspect.isawaitable(result) or isinstance(result, _LAZY)):
        return None
    name = type(result).__name__
    return f'{"an" if name[0] in "aeiou" else "a"} {name}'


def _check_limit(limit: float, told: str) -> None:
    if not (math.isfinite(limit) and limit > 0):
        raise ValueError(f'{told}: give a finite number above 0')


def measure(call: Call, seconds: float = 1.0, is_enough: Callable[[Timing], bool] = lambda _: True) -> Timing:
    """Goes on while `is_enough` says no, up to four times as long."""
    clock = Clock(call, seconds)
    blocks: List[float] = []
    for _ in range(MOST_ROUNDS):
        blocks += [clock.block_ms() for _ in range(BLOCKS)]
        timing = Timing.of(blocks)
        if is_enough(timing):
            break
    return timing


def measure_ratio(call: Call, than: Call, seconds: float, is_enough: Callable[[Tuple[float, float]], bool]) -> Tuple[Timing, Timing, List[float]]:
    """Both in turns, A B B A, so that what changes on the machine meets both; the ratio of each pair of blocks."""
    clocks = Clock(call, seconds), Clock(than, seconds)
    pairs: List[Tuple[float, float]] = []
    for _ in range(MOST_ROUNDS):
        for k in range(BLOCKS):
            order = (0, 1) if k % 2 == 0 else (1, 0)
            block = {side: clocks[side].block_ms() for side in order}
            pairs.append((block[0], block[1]))
        ratios = [a / b for a, b in pairs]
        if is_enough(interval(ratios)):
            break
    return Timing.of([a for a, _ in pairs]), Timing.of([b for _, b in pairs]), ratios


@dataclass(frozen=True)
class Verdict:
    """`is_within` is None if the interval holds the limit: more time would tell."""

    is_within: Optional[bool]
    answer: str
    timing: Timing
    #: Of what it is compared with; None: a budget.
    base: Optional[Timing]


def within(call: Call, limit_ms: float, seconds: float) -> Verdict:
    _check_limit(limit_ms, f'the budget is {limit_ms} ms')
    timing = measure(call, seconds, lambda one: not one.low_ms <= limit_ms < one.high_ms)
    decided = _decided(timing.low_ms, timing.high_ms, limit_ms)
    return Verdict(decided, f'{timing}, and the budget is {written(limit_ms)}', timing, None)


def no_slower(call: Call, than: Call, fail_above: float, seconds: float) -> Verdict:
    _check_limit(fail_above, f'fail_above is {fail_above}')
    timing, base, ratios = measure_ratio(call, than, seconds, lambda one: not one[0] <= fail_above < one[1])
    low, high = interval(ratios)
    answer = f'{written(timing.p50_ms)}, {median(ratios):.3g} times ({low:.3g} to {high:.3g}) what it is compared with takes, {written(base.p50_ms)}'
    return Verdict(_decided(low, high, fail_above), answer, timing, base)


def no_slower_than_recorded(call: Call, base: Timing, fail_above: float, seconds: float) -> Verdict:
    """The intervals of both are taken at their far ends, since they are of two processes."""
    _check_limit(fail_above, f'fail_above is {fail_above}')
    timing = measure(call, seconds, lambda one: not one.low_ms / base.high_ms <= fail_above < one.high_ms / base.low_ms)
    low, high = timing.low_ms / base.high_ms, timing.high_ms / base.low_ms
    answer = f'{timing}, {timing.p50_ms / base.p50_ms:.3g} times ({low:.3g} to {high:.3g}) the recorded {base}'
    return Verdict(_decided(low, high, fail_above), answer, timing, base)


def _decided(low: float, high: float, limit: float) -> Optional[bool]:
    return False if low > limit else True if high <= limit else None


class Baselines:
    """Recorded timings in a JSON file, by name, with the machine that they are of."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._recorded: Dict[str, Timing] = {}

    def find(self, name: str) -> Timing:
        """Raises LookupError with one line: there is none, or none of this machine."""
        if not self.file.exists():
            raise LookupError(f'{self.file} does not exist: record a baseline with pytest --whyslow-record')
        try:
            document = json.loads(self.file.read_text('utf-8'))
            machine, found = document['machine'], document['predictions'].get(name)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise LookupError(f'{self.file} holds no baselines: record them anew with pytest --whyslow-record') from None
        if found is None:
            raise LookupError(f'{self.file} has no baseline of {name}: record it with pytest --whyslow-record')
        if machine != machine_key():
            raise ForeignBaseline(f'{self.file} was recorded on another machine ({_in_words(machine)}): times of two machines are not compared')
        return Timing.of(found['blocksMs'])

    def record(self, name: str, timing: Timing) -> None:
        self._recorded[name] = timing

    def write(self) -> None:
        """Others that were recorded on this machine stay, also those of processes that write at the same time."""
        if not self._recorded:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(self.file):
            self._write_with_others()

    def _write_with_others(self) -> None:
        """Written to a temporary name first."""
        kept: Dict[str, Any] = {}
        try:
            document = json.loads(self.file.read_text('utf-8'))
            if document['machine'] == machine_key():
                kept = dict(document['predictions'])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        new = {name: {'p50Ms': one.p50_ms, 'blocksMs': list(one.blocks_ms)} for name, one in self._recorded.items()}
        text = json.dumps({'schema': SCHEMA, 'machine': machine_key(), 'predictions': {**kept, **new}}, indent=2)
        temporary = self.file.with_name(f'{self.file.name}.{os.getpid()}.tmp')
        temporary.write_text(f'{text}\n', 'utf-8')
        os.replace(temporary, self.file)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One process at a time: workers of pytest-xdist write the same file. The lock is in the system's folder of temporary files."""
    name = hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:16]
    # Of each user one, since nobody else can open it.
    owner = os.getuid() if hasattr(os, 'getuid') else ''
    with open(Path(tempfile.gettempdir(), f'whyslow-baselines-{owner}-{name}.lock'), 'a', encoding='utf-8') as lock:
        if sys.platform == 'win32':
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class ForeignBaseline(LookupError):
    """Recorded elsewhere."""


def machine_key() -> Dict[str, Any]:
    """What must be the same for times to be compared."""
    return {
        'cpu': _cpu(),
        'cpus': len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count(),
        'system': f'{platform.system()} {platform.machine()}',
        'python': f'{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}',
    }


def _cpu() -> str:
    try:
        for line in Path('/proc/cpuinfo').read_text('utf-8').splitlines():
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or 'unknown'


def _in_words(machine: Any) -> str:
    if not isinstance(machine, dict):
        return 'unknown'
    return ', '.join(f'{machine.get("cpus")} CPUs' if key == 'cpus' else str(machine.get(key)) for key in ('cpu', 'cpus', 'python'))
