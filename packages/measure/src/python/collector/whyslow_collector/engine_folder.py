"""A folder that `fix` ships, as a Python service calls it: `predict` of its predict.py, with NumPy arrays by name."""

import importlib.util
import os


class FolderModel:
    def __init__(self, asked):
        spec = importlib.util.spec_from_file_location("predict", os.path.join(asked["file"], "predict.py"))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.model = module.load()
        self.threads = None
        self.inputs = [{"name": name, "isTensor": True, "dtype": dtype.name, "shape": None} for name, dtype in module.INPUTS.items()]
        self.outputs = [{"name": name, "isTensor": True, "dtype": None, "shape": None} for name in module.OUTPUTS]
        #: What runs a model that is code.
        self.backend = self.model.backend

    def bound(self, feeds):
        predict = self.model.predict
        return lambda: predict(feeds)

    def host(self, results):
        return list(results.items())

    def end_profiling(self):
        return None
