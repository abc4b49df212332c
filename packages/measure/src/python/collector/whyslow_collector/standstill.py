"""Where the user's code stands still: its nearest line, next to the file of whereabouts, for whoever ends a process that hangs
(packages/code/src/driver.ts reads it). Looked at once a second, and only once no call has ended in between."""

import json
import sys
import threading

from .places import shown


class Standstill:
    def __init__(self, run):
        self._run = run
        self._path = run.plan.get("stateFile")
        self._main = threading.main_thread().ident
        self._last = None
        self._told = None

    def look(self):
        at = self._run.whereabouts
        now = (at.phase, at.stage, at.calls)
        if self._path and not at.left and now == self._last:
            place = self._place()
            if place is not None and place != self._told:
                self._told = place
                with open(self._path + ".place", "w") as file:
                    json.dump(place, file)
        elif self._told is not None:
            self._told = None
            with open(self._path + ".place", "w"):
                pass
        self._last = now

    def _place(self):
        frame = sys._current_frames().get(self._main)
        while frame is not None:
            if self._run.places.is_user(frame.f_code.co_filename):
                return {"file": shown(frame.f_code.co_filename), "line": frame.f_lineno}
            frame = frame.f_back
        return None
