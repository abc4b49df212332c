"""How long each module took to import, its own part and with what it imports, as `-X importtime` has it, and the line of the user's own file that
imported it first."""

import builtins
import sys
import time

from .clock import MS

_MOST_ROWS = 40
#: Imports of what is there already, in a function that is called again and again: so many are passed on, and then none is looked at any more.
_MOST_KNOWN = 10_000


class ImportTimes:
    def __init__(self, file):
        self._import = builtins.__import__
        self._stack = []
        self._found = {}
        self._file = file
        self._known = 0
        self._total_ns = 0
        builtins.__import__ = self._timed

    def _timed(self, name, *args, **kwargs):
        level = args[3] if len(args) > 3 else kwargs.get("level", 0)
        if level or name in sys.modules:
            self._known += 1
            if self._known >= _MOST_KNOWN:
                self._put_back()
            return self._import(name, *args, **kwargs)
        self._stack.append(0)
        start = time.perf_counter_ns()
        try:
            return self._import(name, *args, **kwargs)
        finally:
            total = time.perf_counter_ns() - start
            own = total - self._stack.pop()
            if self._stack:
                self._stack[-1] += total
            else:
                self._total_ns += total
            known = self._found.setdefault(name, [0, 0, self._line()])
            known[0] += own
            known[1] += total

    def _line(self):
        caller = sys._getframe(2)
        return caller.f_lineno if caller.f_code.co_filename == self._file else None

    def _put_back(self):
        # Unless somebody else has put something there.
        if builtins.__import__ == self._timed:
            builtins.__import__ = self._import

    def is_importing(self):
        return bool(self._stack)

    @property
    def total_ms(self):
        """Time of all that began outside an import, ms."""
        return self._total_ns / MS

    def stop(self):
        self._put_back()
        rows = sorted(self._found.items(), key=lambda row: -row[1][1])[:_MOST_ROWS]
        return [{"module": name, "selfMs": own / MS, "totalMs": total / MS, "line": line} for name, (own, total, line) in rows]
