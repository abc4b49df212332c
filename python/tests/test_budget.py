"""Tests of whyslow_budget: on a scripted clock, and as a pytest plugin if pytest is installed."""

import concurrent.futures
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from whyslow import _budget

SOURCES = Path(_budget.__file__).parent.parent


class ScriptedClock:
    """Calls take what is written here, nanoseconds; nothing else takes time."""

    def __init__(self):
        self.now = 0
        self.calls = 0

    def call(self, *took_ns):
        def predict():
            self.now += took_ns[self.calls % len(took_ns)]
            self.calls += 1

        return predict

    def __enter__(self):
        self._patched = mock.patch.object(_budget.time, 'perf_counter_ns', lambda: self.now)
        self._patched.start()
        return self

    def __exit__(self, *_):
        self._patched.stop()


class Interval(unittest.TestCase):
    def test_it_holds_the_median_with_the_confidence_that_the_order_gives(self):
        # Of 15 values, ranks 4 and 12: 2 * P(at most 3 of 15 below) = 2 * (1 + 15 + 105 + 455) / 2^15 = 0.035.
        self.assertEqual(_budget.interval([*range(1, 16)]), (4, 12))

    def test_of_few_values_it_is_all_of_them(self):
        self.assertEqual(_budget.interval([3.0, 1.0, 2.0]), (1.0, 3.0))


class Within(unittest.TestCase):
    def verdict(self, limit_ms, *took_ns):
        with ScriptedClock() as clock:
            return _budget.within(clock.call(*took_ns), limit_ms, seconds=0.3)

    def test_a_call_below_the_limit_is_within(self):
        verdict = self.verdict(3, 2_000_000)
        self.assertIs(verdict.is_within, True)
        self.assertEqual(verdict.answer, '2 ms (2 ms to 2 ms), and the budget is 3 ms')

    def test_a_call_above_the_limit_is_not(self):
        self.assertIs(self.verdict(1, 2_000_000).is_within, False)

    def test_an_interval_that_holds_the_limit_decides_nothing_and_is_measured_four_times_as_long(self):
        verdict = self.verdict(3, *([2_000_000] * 15 + [4_000_000] * 15))
        self.assertIsNone(verdict.is_within)
        self.assertEqual(len(verdict.timing.blocks_ms), 4 * _budget.BLOCKS)

    def test_short_calls_are_timed_several_at_a_time(self):
        with ScriptedClock() as clock:
            timing = _budget.measure(clock.call(100), seconds=0.01)
        self.assertAlmostEqual(timing.p50_ms, 1e-4)
        self.assertEqual(str(timing), '0.1 µs (0.1 µs to 0.1 µs)')

    def test_a_coroutine_is_refused(self):
        async def predict():
            pass

        with self.assertRaisesRegex(TypeError, 'gives a coroutine'):
            _budget.measure(predict)

    def test_what_is_not_done_yet_is_refused(self):
        def rows():
            yield 1

        async def later():
            yield 1

        for call, says in [
            (rows, 'gives a generator'),
            (later, 'gives an async_generator'),
            (lambda: map(str, [1]), 'gives a map'),
            (concurrent.futures.Future, 'gives a Future'),
        ]:
            with self.subTest(says=says), self.assertRaisesRegex(TypeError, f'{says}, which has not predicted yet'):
                _budget.within(call, 1, 0.01)

    def test_a_limit_is_a_finite_number_above_zero(self):
        for limit in (float('nan'), float('inf'), 0, -1):
            with self.subTest(limit=limit):
                with self.assertRaisesRegex(ValueError, f'the budget is {limit} ms'):
                    _budget.within(int, limit, 0.01)
                with self.assertRaisesRegex(ValueError, f'fail_above is {limit}'):
                    _budget.no_slower(int, int, limit, 0.01)
                with self.assertRaisesRegex(ValueError, f'fail_above is {limit}'):
                    _budget.no_slower_than_recorded(int, _budget.Timing.of([2.0] * 15), limit, 0.01)
                with self.assertRaisesRegex(ValueError, f'seconds is {limit}'):
                    _budget.measure(int, limit)


class NoSlower(unittest.TestCase):
    def test_than_another_call_in_turns(self):
        with ScriptedClock() as clock:
            slow, fast = clock.call(3_000_000), clock.call(2_000_000)
            self.assertIs(_budget.no_slower(slow, fast, 1.2, seconds=0.3).is_within, False)
            self.assertIs(_budget.no_slower(fast, slow, 1.2, seconds=0.3).is_within, True)
            self.assertIs(_budget.no_slower(slow, fast, 1.6, seconds=0.3).is_within, True)

    def test_than_what_was_recorded_on_this_machine(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, 'kept', 'baselines.json')
            baselines = _budget.Baselines(file)
            with self.assertRaisesRegex(LookupError, 'does not exist: record a baseline with pytest --whyslow-record'):
                baselines.find('a')
            baselines.record('a', _budget.Timing.of([2.0] * 15))
            baselines.write()
            again = _budget.Baselines(file)
            again.record('b', _budget.Timing.of([5.0] * 15))
            again.write()
            base = _budget.Baselines(file).find('a')
            self.assertEqual((base.p50_ms, _budget.Baselines(file).find('b').p50_ms), (2.0, 5.0))
            with self.assertRaisesRegex(LookupError, 'has no baseline of c'):
                baselines.find('c')
            with ScriptedClock() as clock:
                slower = _budget.no_slower_than_recorded(clock.call(3_000_000), base, 1.2, seconds=0.3)
                alike = _budget.no_slower_than_recorded(clock.call(2_100_000), base, 1.2, seconds=0.3)
            self.assertEqual((slower.is_within, alike.is_within), (False, True))
            document = json.loads(file.read_text('utf-8'))
            document['machine']['cpu'] = 'Another CPU'
            file.write_text(json.dumps(document), 'utf-8')
            with self.assertRaisesRegex(_budget.ForeignBaseline, 'on another machine .Another CPU'):
                baselines.find('a')
            file.write_text('[]', 'utf-8')
            with self.assertRaisesRegex(LookupError, 'holds no baselines'):
                baselines.find('a')


class Written(unittest.TestCase):
    def test_processes_that_record_at_once_keep_what_the_others_recorded(self):
        code = """
import sys
from pathlib import Path
from whyslow import _budget
for k in range(20):
    baselines = _budget.Baselines(Path(sys.argv[1]))
    baselines.record(f'{sys.argv[2]}-{k}', _budget.Timing.of([2.0] * 15))
    baselines.write()
"""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, 'kept', 'baselines.json')
            env = {**os.environ, 'PYTHONPATH': str(SOURCES), 'PYTHONDONTWRITEBYTECODE': '1'}
            recording = [subprocess.Popen([sys.executable, '-c', code, str(file), name], env=env) for name in 'abcd']
            self.assertEqual([one.wait() for one in recording], [0] * 4)
            self.assertEqual(len(json.loads(file.read_text('utf-8'))['predictions']), 80)
            self.assertEqual(os.listdir(file.parent), ['baselines.json'])


TESTS = """
import time

def test_within(whyslow_budget):
    assert whyslow_budget(lambda: None, ms=1000, seconds=0.01).p50_ms < 1000

def test_above(whyslow_budget):
    whyslow_budget(lambda: time.sleep(0.002), ms=0.1, seconds=0.01)

def test_than(whyslow_budget):
    whyslow_budget(lambda: time.sleep(0.004), than=lambda: None, seconds=0.01)

def test_recorded(whyslow_budget):
    whyslow_budget(lambda: time.sleep(PAUSE), seconds=0.01)
"""


@unittest.skipUnless(importlib.util.find_spec('pytest'), 'pytest is not installed')
class Plugin(unittest.TestCase):
    def run_pytest(self, folder, pause, *flags):
        Path(folder, 'test_it.py').write_text(TESTS.replace('PAUSE', str(pause)), 'utf-8')
        env = {**os.environ, 'PYTHONPATH': str(SOURCES), 'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1', 'PYTHONDONTWRITEBYTECODE': '1'}
        words = [sys.executable, '-m', 'pytest', '-p', 'whyslow._pytest_plugin', '-p', 'no:cacheprovider', '-q', *flags, 'test_it.py']
        return subprocess.run(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()

    def test_budgets_fail_tests_and_baselines_are_recorded_and_compared(self):
        with tempfile.TemporaryDirectory() as folder:
            unrecorded = self.run_pytest(folder, 0.001)
            self.assertIn('does not exist: record a baseline with pytest --whyslow-record', unrecorded)
            self.assertRegex(unrecorded, 'too slow: [^\n]*, and the budget is 100 µs')
            self.assertRegex(unrecorded, r'too slow: [^\n]* times \([^\n]*\) what it is compared with takes')
            self.assertIn('3 failed, 1 passed', unrecorded)
            recorded = self.run_pytest(folder, 0.001, '--whyslow-record', '-k', 'recorded')
            self.assertIn('1 passed', recorded)
            self.assertRegex(recorded, r'test_it\.py::test_recorded: [^\n]*, recorded')
            # A hundred times as slow, whatever else runs on the machine.
            self.assertIn('too slow', self.run_pytest(folder, 0.1, '-k', 'recorded'))
            self.assertIn('1 passed', self.run_pytest(folder, 0, '-k', 'recorded'))

    def test_an_old_pytest_fails_only_the_tests_that_use_the_fixture(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, 'old.py').write_text('import pytest\ndel pytest.StashKey\n', 'utf-8')
            Path(folder, 'test_it.py').write_text('def test_other():\n    pass\n\ndef test_budget(whyslow_budget):\n    pass\n', 'utf-8')
            env = {**os.environ, 'PYTHONPATH': f'{folder}{os.pathsep}{SOURCES}', 'PYTEST_DISABLE_PLUGIN_AUTOLOAD': '1', 'PYTHONDONTWRITEBYTECODE': '1'}
            words = [sys.executable, '-m', 'pytest', '-p', 'old', '-p', 'whyslow._pytest_plugin', '-p', 'no:cacheprovider', '-q', 'test_it.py']
            said = subprocess.run(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
            self.assertIn('1 passed, 1 error', said)
            self.assertIn('whyslow_budget needs pytest 7 or newer: pip install --upgrade pytest', said)


if __name__ == '__main__':
    unittest.main()
