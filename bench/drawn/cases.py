"""Files of models with inputs and what their makers gave for them, in one cases.json: arrays as base64 of float64."""
import base64
import json
import os

import numpy as np

#: In turn, of settings that a library refuses.
MOST_TRIES = 50


class Cases:
    def __init__(self, folder):
        self._folder = folder
        self._all = []
        os.makedirs(folder, exist_ok=True)

    def drawn(self, make):
        for _ in range(MOST_TRIES):
            try:
                return make()
            except Exception as error:  # each library has its own
                reason = error
        raise SystemExit("%s: %d models in turn could not be made: %s" % (make.__name__, MOST_TRIES, reason))

    def add(self, extension, save, given, outputs, told, **more):
        name = "%03d.%s" % (len(self._all), extension)
        save(os.path.join(self._folder, name))
        self._all.append({"file": name, "input": _array(given), "output": _array(outputs), "told": " ".join(told.split())[:600], **more})

    def done(self):
        with open(os.path.join(self._folder, "cases.json"), "w") as file:
            json.dump(self._all, file)


def _array(values):
    values = np.ascontiguousarray(values, np.float64)
    return {"shape": values.shape, "data": base64.b64encode(values.tobytes()).decode()}
