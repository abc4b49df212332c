"""The pytest plugin: the fixture `whyslow_budget`, which pytest finds once whyslow is installed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional, Tuple

import pytest

from ._budget import Baselines, ForeignBaseline, Timing, Verdict, measure, no_slower, no_slower_than_recorded, within

DEFAULT_FILE = '.whyslow/baselines.json'
#: Two processes of the same program differ by this much on a quiet machine.
FAIL_ABOVE = 1.2


class WhyslowBudgetWarning(UserWarning):
    """A measurement that decides nothing."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup('whyslow')
    group.addoption('--whyslow-record', action='store_true', help='record baselines of whyslow_budget in place of comparing with them')
    group.addoption('--whyslow-baselines', metavar='FILE', help=f'file of the baselines (default: {DEFAULT_FILE} in the root folder)')
    parser.addini('whyslow_baselines', f'file of the baselines of whyslow_budget (default: {DEFAULT_FILE})')


class _Session:
    """What all tests of a run share."""

    def __init__(self, config: pytest.Config) -> None:
        named = config.getoption('--whyslow-baselines') or config.getini('whyslow_baselines') or DEFAULT_FILE
        self.baselines = Baselines(Path(config.rootpath) / str(named))
        self.records = bool(config.getoption('--whyslow-record'))
        self.lines: List[Tuple[str, str]] = []


_SESSION = pytest.StashKey[_Session]() if hasattr(pytest, 'StashKey') else None


def pytest_configure(config: pytest.Config) -> None:
    # An older pytest runs the tests that do not use the fixture.
    if _SESSION is not None:
        config.stash[_SESSION] = _Session(config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _SESSION is not None:
        session.config.stash[_SESSION].baselines.write()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    lines = [] if _SESSION is None else config.stash[_SESSION].lines
    if not lines:
        return
    terminalreporter.section('whyslow: predictions')
    for name, line in lines:
        terminalreporter.write_line(f'{name}: {line}')


class Budget:
    """Called with what predicts: fails the test if it takes longer than it may, and returns the `Timing`."""

    def __init__(self, session: _Session, name: str) -> None:
        self._session = session
        self._name = name
        self._calls = 0

    def __call__(
        self,
        call: Callable[[], Any],
        *,
        ms: Optional[float] = None,
        than: Optional[Callable[[], Any]] = None,
        fail_above: float = FAIL_ABOVE,
        seconds: float = 1.0,
    ) -> Timing:
        """`ms`: the budget. `than`: another call, measured in turns with this one. Without both, the recorded baseline of this test.

        `fail_above`: times as long as what it is compared with. A test fails if the 95 % interval is above the limit; if the interval holds the
        limit, four times as long does not decide it, and the test passes with a warning.
        """
        if ms is not None and than is not None:
            raise TypeError('whyslow_budget takes ms or than, not both')
        name = self._name if self._calls == 0 else f'{self._name}#{self._calls + 1}'
        self._calls += 1
        if ms is not None:
            return self._judged(name, within(call, ms, seconds))
        if than is not None:
            return self._judged(name, no_slower(call, than, fail_above, seconds))
        if self._session.records:
            timing = measure(call, seconds)
            self._session.baselines.record(name, timing)
            self._session.lines.append((name, f'{timing}, recorded'))
            return timing
        try:
            base = self._session.baselines.find(name)
        except ForeignBaseline as error:
            pytest.skip(str(error))
        except LookupError as error:
            pytest.fail(str(error), pytrace=False)
        return self._judged(name, no_slower_than_recorded(call, base, fail_above, seconds))

    def _judged(self, name: str, verdict: Verdict) -> Timing:
        self._session.lines.append((name, verdict.answer))
        if verdict.is_within is False:
            pytest.fail(f'too slow: {verdict.answer}', pytrace=False)
        if verdict.is_within is None:
            warnings.warn(f'undecided: {verdict.answer}', WhyslowBudgetWarning, stacklevel=3)
        return verdict.timing


@pytest.fixture
def whyslow_budget(request: pytest.FixtureRequest) -> Iterator[Budget]:
    """Fails a test whose prediction takes longer than its budget, than another one, or than its recorded baseline."""
    if _SESSION is None:
        raise pytest.UsageError('whyslow_budget needs pytest 7 or newer: pip install --upgrade pytest')
    yield Budget(request.config.stash[_SESSION], request.node.nodeid)
