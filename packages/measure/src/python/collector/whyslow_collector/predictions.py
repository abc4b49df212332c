"""The user's stages, called as their program would call them: first call, warm-up, then blocks with the time of each stage. Nothing but a
clock stands between two stages, so that they add up to the whole."""

import gc
import os
import sys
import time
import tracemalloc

from .clock import MS, now_ns
from .finishing import finished, is_unfinished


class Failed(Exception):
    """The user's code threw; where, stands in the whereabouts."""

    def __init__(self, error):
        super().__init__()
        self.error = error


class Predictions:
    def __init__(self, target, model, samples, whereabouts):
        self.names = [name for name, _ in target.stages]
        self.samples = samples or [None]
        self.whereabouts = whereabouts
        self.calls = 0
        self.stages = [run for _, run in target.steps(model)]

    def once(self):
        """One prediction of the next sample: the times at which stages began and ended, ns; the last value."""
        marks, value = self._run(self.stages)
        return marks, value

    def plain_once(self):
        """The same without a look at the clock between stages: (ns of the whole, value)."""
        sample = self._next()
        at = self.whereabouts
        value = sample
        start = now_ns()
        try:
            at.at_stage(0)
            for stage in self.stages:
                value = stage(value)
            end = now_ns()
            at.at_stage(-1)
        except BaseException as error:
            raise Failed(error) from error
        if at.left:
            os._exit(0)
        return end - start, value

    def plain_staged(self):
        """As `plain_once`, ns, with stages told to the whereabouts: for whoever asks at which one it is."""
        marks, _ = self._run(self.stages)
        return marks[-1] - marks[0]

    def counted(self, cpu):
        """A prediction that adds the CPU time of each stage to `cpu`, ns."""

        def once():
            value = self._next()
            at = self.whereabouts
            try:
                before = time.process_time_ns()
                for index, stage in enumerate(self.stages):
                    at.at_stage(index)
                    value = stage(value)
                    now = time.process_time_ns()
                    cpu[index] += now - before
                    before = now
                at.at_stage(-1)
            except BaseException as error:
                raise Failed(error) from error

        return once

    def traced(self, held):
        """A prediction under tracemalloc: what each stage held at most goes to `held`."""
        value = self._next()
        try:
            for index, stage in enumerate(self.stages):
                tracemalloc.reset_peak() if hasattr(tracemalloc, "reset_peak") else tracemalloc.clear_traces()
                before = tracemalloc.get_traced_memory()[0]
                self.whereabouts.at_stage(index)
                value = stage(value)
                held[index] = max(0, tracemalloc.get_traced_memory()[1] - before)
            self.whereabouts.at_stage(-1)
        except BaseException as error:
            raise Failed(error) from error

    def first(self):
        """As `once`, with each stage's result; what a stage gives back unfinished is finished from here on."""
        sample = self._next()
        marks, values, value = [now_ns()], [], sample
        for index in range(len(self.stages)):
            self.whereabouts.at_stage(index)
            try:
                value = self.stages[index](value)
                if is_unfinished(value):
                    self.stages[index] = lambda given, call=self.stages[index]: finished(call(given))
                    value = finished(value)
            except BaseException as error:
                raise Failed(error) from error
            marks.append(now_ns())
            values.append(value)
        self.whereabouts.at_stage(-1)
        if self.whereabouts.left:
            os._exit(0)
        return marks, values

    def _run(self, stages):
        sample = self._next()
        at = self.whereabouts
        value = sample
        marks = [now_ns()]
        mark = marks.append
        try:
            index = 0
            for stage in stages:
                at.at_stage(index)
                value = stage(value)
                mark(now_ns())
                index += 1
            at.at_stage(-1)
        except BaseException as error:
            raise Failed(error) from error
        if at.left:
            os._exit(0)
        return marks, value

    def _next(self):
        number = self.calls % len(self.samples)
        self.whereabouts.at_sample(number, self.calls)
        self.calls += 1
        return self.samples[number]

    def sample_of(self, call):
        return call % len(self.samples)


class Garbage:
    """What collecting garbage takes; between `start` and `stop`, but for what is collected while `is_left_out()`."""

    def __init__(self, is_left_out=lambda: False):
        self._is_left_out = is_left_out
        self.ns = 0
        self.pauses = 0
        self._began = 0

    def start(self):
        gc.callbacks.append(self._told)

    def stop(self):
        if self._told in gc.callbacks:
            gc.callbacks.remove(self._told)

    def _told(self, phase, _):
        if phase == "start":
            self._began = now_ns()
        elif not self._is_left_out():
            self.ns += now_ns() - self._began
            self.pauses += 1


def block(predictions, staged, budget_ms, least):
    """Calls until the budget is used, `least` at least: a message of the kind `block`."""
    garbage = Garbage()
    stages = [[] for _ in predictions.stages]
    totals, samples = [], []
    garbage.start()
    cpu, start = time.process_time_ns(), now_ns()
    end = start + budget_ms * MS
    while len(totals) < least or now_ns() < end:
        samples.append(predictions.calls % len(predictions.samples))
        if staged:
            marks, _ = predictions.once()
            for index, list_of in enumerate(stages):
                list_of.append((marks[index + 1] - marks[index]) / MS)
            totals.append((marks[-1] - marks[0]) / MS)
        else:
            took, _ = predictions.plain_once()
            totals.append(took / MS)
        if len(totals) >= 20_000:
            break
    wall, cpu = now_ns() - start, time.process_time_ns() - cpu
    garbage.stop()
    return {
        "staged": staged,
        "wallMs": wall / MS,
        "samples": samples,
        "totalMs": totals,
        "stagesMs": stages if staged else [],
        "cpuMs": cpu / MS,
        "gcMs": garbage.ns / MS,
    }


def resident_bytes():
    """None where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096
    except (OSError, ValueError, IndexError):
        return None


def slope(points):
    """Slope of a straight line through (x, y): its rise per step of x, by Theil and Sen, which a few jumps do not move."""
    rises = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(points)
        for later in points[index + 1 :]
        if later[0] > earlier[0]
    )
    return rises[len(rises) // 2] if rises else None


def synchronize():
    """A GPU's queue runs on after a call has come back; PyTorch is asked to end it where the user's code has it and uses one."""
    torch = sys.modules.get("torch")
    if torch is not None and getattr(torch, "cuda", None) is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()
