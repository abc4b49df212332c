"""Calls a function once the user's code has imported a module; the module is never imported from here."""

import importlib.abc
import importlib.util
import sys


class AfterImport(importlib.abc.MetaPathFinder):
    def __init__(self, after):
        """`after`: module -> what is called with it, once."""
        self.after = dict(after)
        self.finding = set()

    def start(self):
        sys.meta_path.insert(0, self)
        for name in [name for name in self.after if name in sys.modules]:
            self._done(name, sys.modules[name])

    def find_spec(self, name, path=None, target=None):
        if name not in self.after or name in self.finding:
            return None
        self.finding.add(name)
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return None
        finally:
            self.finding.discard(name)
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            self._done(name, module)

        try:
            spec.loader.exec_module = exec_module
        except AttributeError:
            return None
        return spec

    def _done(self, name, module):
        done = self.after.pop(name, None)
        if done is not None:
            done(module)
