"""A thread that looks at what the others do: where time goes, line by line, with Python, native code and waiting told apart without a compiled
extension.

A look every millisecond: `sys._current_frames()`, and the time since the look before goes to the line at which the innermost frame of the
user's own code stands. What it was, three signals say together:

- how late the look was. Who looks must first have the interpreter's lock: it has it at once while native code runs without it or the thread
  waits, after the switch interval while Python runs, later still while native code holds it.
- CPU time of the process meanwhile, the looker's own taken off: none of it is waiting.
- the instruction at which the frame stands: calls and operators are where native code can be. That an operator runs C without any call is why
  calls alone do not tell (https://github.com/plasma-umass/scalene, `is_call_function`).

The interpreter lets go of its lock only at loops' ends and after calls, so a look that comes while Python runs in a loop lands there: it is
spread over the loop's lines by their instructions. No timer signal is used: on some processors a signal corrupts what runs in matrix units.
"""

import dis
import random
import sys
import threading
import time

from .clock import now_ns
from .places import is_free_threaded

INTERVAL_S = 0.001
#: While the profiler looks, Python gives up the lock after so long (5 ms by default): what runs shortly before native code that holds the lock
#: would be seen as that code.
SWITCH_S = 0.0003
#: Later than this, ns, somebody held the lock.
HELD = 0.2e6
_DEPTH = 80
_MOST_STACKS = 40_000
_OPERATORS = ("BINARY_", "INPLACE_", "COMPARE_", "UNARY_", "STORE_SUBSCR", "DELETE_SUBSCR", "CONTAINS_", "STORE_SLICE", "LIST_EXTEND")
#: Places in the standard library's own Python where a thread waits for something.
_WAITING = {
    "threading.py": ("wait", "_wait_for_tstate_lock", "join", "acquire"),
    "selectors.py": ("select",),
    "queue.py": ("get", "put"),
    "connection.py": ("wait", "_poll", "_recv"),
    "subprocess.py": ("_communicate", "_try_wait", "_wait"),
    "socket.py": ("readinto", "accept"),
    "ssl.py": ("read", "recv"),
}

PYTHON, NATIVE, WAIT = 0, 1, 2


class Code:
    """What is asked of a code object at every look, worked out once."""

    __slots__ = ("calls", "operators", "loops", "is_user", "is_own")

    def __init__(self, code, places):
        self.is_user = places.is_user(code.co_filename)
        self.is_own = places.is_own(code.co_filename)
        self.calls, self.operators, self.loops = set(), set(), {}
        if len(code.co_code) < 100_000:
            self._read(code)

    def _read(self, code):
        backward = set(dis.hasjrel) | set(dis.hasjabs)
        lines = []
        line = code.co_firstlineno
        starts = dict(dis.findlinestarts(code))
        for instruction in dis.get_instructions(code):
            line = starts.get(instruction.offset, line) or line
            lines.append((instruction.offset, line))
            if instruction.opname.startswith("CALL"):
                self.calls.add(instruction.offset)
            elif instruction.opname.startswith(_OPERATORS):
                self.operators.add(instruction.offset)
            target = instruction.argval
            if instruction.opcode in backward and isinstance(target, int) and target < instruction.offset:
                self.loops[instruction.offset] = target
        for offset, target in list(self.loops.items()):
            within = [number for at, number in lines if target <= at < offset and number]
            counts = {number: within.count(number) for number in set(within)}
            total = sum(counts.values())
            self.loops[offset] = [(number, count / total) for number, count in counts.items()] if total else None


class Look:
    """What one look knows: ns since the look before, how much of that it was late, CPU time of the process meanwhile."""

    __slots__ = ("weight", "late", "busy", "tells")

    def __init__(self, weight, late, busy, tells):
        self.weight = weight
        self.late = late
        self.busy = busy
        #: Whether being late tells of the lock: not without one, nor where several threads want it.
        self.tells = tells

    def part(self, count):
        return Look(self.weight / count, self.late / count, self.busy / count, self.tells)


class Sampler:
    """Results are ns, by (stage, stack)."""

    def __init__(self, places, whereabouts, interval_s=INTERVAL_S):
        self.places = places
        self.whereabouts = whereabouts
        self.interval_s = interval_s
        self.stacks = {}
        self.looks = 0
        self.several = 0
        self.gil_looks = 0
        self.is_on = False
        self.own_ns = 0
        self.seen_threads = set()
        self.values = {}
        self.look_at_values = None
        self._codes = {}
        self._last = None
        self._main = threading.main_thread().ident
        self._switch = None
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="whyslow-sampler", daemon=True)

    def start(self):
        self._thread.start()

    def on(self):
        self._switch = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self.is_on = True
        self._wake.set()

    def off(self):
        self.is_on = False
        self._wake.clear()
        if self._switch is not None:
            sys.setswitchinterval(self._switch)

    def stop(self):
        self.off()
        self._stop.set()
        self._wake.set()
        self._thread.join(2)

    def _run(self):
        own = threading.get_ident()
        free = is_free_threaded()
        jitter = random.Random(7).uniform
        while not self._stop.is_set():
            if not self.is_on:
                self._wake.wait()
                self._last = None
                last, cpu, own_cpu = now_ns(), time.process_time_ns(), time.thread_time_ns()
                continue
            before = now_ns()
            # At random: a steady beat would fall in step with what waits for the lock.
            pause = self.interval_s * jitter(0.3, 1.7)
            time.sleep(pause)
            woke = now_ns()
            if not self.is_on:
                continue
            late = min(max(woke - before - pause * 1e9, 0), woke - last)
            cpu_now, own_now = time.process_time_ns(), time.thread_time_ns()
            busy = (cpu_now - cpu) - (own_now - own_cpu)
            self._look(own, Look(woke - last, late, busy, not free))
            last, cpu, own_cpu = woke, cpu_now, own_now
            self.own_ns += now_ns() - woke

    def _look(self, own, look):
        frames = sys._current_frames()
        frames.pop(own, None)
        main = frames.pop(self._main, None)
        self.looks += 1
        if main is None:
            return
        others = [
            (ident, frame) for ident, frame in frames.items() if not self._is_waiting(frame) and self._user_frame(frame) is not None
        ]
        stage = self.whereabouts.stage
        if not others:
            self._add(stage, main, look)
            return
        self.several += 1
        self.seen_threads.update(ident for ident, _ in others)
        waiting = self._is_waiting(main)
        # A thread in a native call does not want the lock, however late the look is for want of a CPU.
        wanting = [frame for frame in [*([] if waiting else [main]), *(frame for _, frame in others)] if not self._is_in_call(frame)]
        if look.late > HELD and len(wanting) > 1:
            self.gil_looks += 1
        look.tells = False
        if not waiting:
            self._add(stage, main, look)
            return
        for _, frame in others:
            self._add(stage, frame, look.part(len(others)))

    def _add(self, stage, frame, look):
        """
        What was late goes to where the frame stands now; of the pause before it half to where it stood at the look before, unless that had
        ended by then: native code that held the lock is seen when it comes back.
        """
        stack, user, leaf = self._stack(frame)
        kind, shares = self._tell(frame, look)
        if user is not None and self.look_at_values is not None:
            self.look_at_values(user)
        spread = self._codes[frame.f_code].loops.get(frame.f_lasti) if user is frame and kind == PYTHON else None
        rows = [(((stack[0][0], line),) + stack[1:], share) for line, share in spread] if spread else [(stack, 1.0)]
        pause = look.weight - look.late
        mine = look.weight
        if self._last is not None and self._last[0] == stage:
            _, before, before_shares = self._last
            mine -= pause / 2
            for one, share in before:
                self._count(stage, one, before_shares, share * pause / 2, 0)
        for one, share in rows:
            self._count(stage, one, shares, share * mine, share)
        ended = kind == NATIVE and look.late > 2 * HELD
        self._last = None if ended else (stage, rows, shares)

    def _stack(self, frame):
        """(from the leaf to the root as (code, line) with line 0 for what is not the user's; the user's innermost frame; the leaf)."""
        stack, user, leaf, end = [], None, frame, None
        while frame is not None and len(stack) < _DEPTH:
            code = frame.f_code
            known = self._codes.get(code)
            if known is None:
                known = self._codes[code] = Code(code, self.places)
            if known.is_own:
                # What the user's code called through it goes on below; what called the user's code ends there.
                end = len(stack) if end is None else end
            else:
                stack.append((code, frame.f_lineno if known.is_user else 0))
                if known.is_user:
                    end = None
                    user = user or frame
            frame = frame.f_back
        return tuple(stack[:end]) or ((leaf.f_code, 0),), user, leaf

    def _tell(self, leaf, look):
        """(what it was, mostly; shares of Python, native and waiting)."""
        code = self._codes[leaf.f_code]
        within = leaf.f_lasti in code.calls or leaf.f_lasti in code.operators
        busy = min(max(look.busy, 0), look.weight) / look.weight if look.weight else 1
        if not look.tells:
            return (NATIVE, (0, busy, 1 - busy)) if within else (PYTHON, (1, 0, 0))
        if look.late < HELD:
            # The lock was free: native code that let go of it, or nothing at all.
            if busy < 0.5:
                return WAIT, ((0, busy, 1 - busy) if within else (busy, 0, 1 - busy))
            return (NATIVE, (0, busy, 1 - busy)) if within else (PYTHON, (busy, 0, 1 - busy))
        # Who holds the lock may still be off its CPU.
        on = 1 if busy > 0.7 else busy
        if look.late > 3 * HELD and within:
            return NATIVE, (0, on, 1 - on)
        return PYTHON, (on, 0, 1 - on)

    def _count(self, stage, stack, shares, weight, looks):
        key = (stage, stack)
        found = self.stacks.get(key)
        if found is None:
            if len(self.stacks) >= _MOST_STACKS:
                key = (stage, tuple(one for one in stack if one[1])[:3])
                found = self.stacks.get(key)
            if found is None:
                found = self.stacks[key] = [0.0, 0.0, 0.0, 0.0]
        for index in range(3):
            found[index] += shares[index] * weight
        found[3] += looks

    def _is_in_call(self, leaf):
        known = self._codes.get(leaf.f_code)
        if known is None:
            known = self._codes[leaf.f_code] = Code(leaf.f_code, self.places)
        return leaf.f_lasti in known.calls

    def _user_frame(self, frame):
        while frame is not None:
            if self.places.is_user(frame.f_code.co_filename):
                return frame
            frame = frame.f_back
        return None

    def _is_waiting(self, frame):
        code = frame.f_code
        name = code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
        return code.co_name in _WAITING.get(name, ())
