"""PyTorch, as a Python service calls it: the model of a user's file (`model()`), an exported program or TorchScript. As it is written by default:
`mode=inference` is out of training mode and without gradients, `mode=compile` the same by torch.compile; `layout=channels_last` and `dtype=bfloat16`
are settings of it."""

import contextlib

from . import torch_model
from .clock import MS, now_ns
from .torch_export import output_names


class TorchModel:
    def __init__(self, asked):
        entries = asked.get("configEntries", {})
        opened = torch_model.open_model(asked["file"])
        import torch

        self._torch = torch
        if asked.get("threads") is not None:
            torch.set_num_threads(asked["threads"])
        self.threads = torch.get_num_threads()
        self._mode = entries.get("mode", "as-written")
        self._last = entries.get("layout") == "channels_last"
        self._half = entries.get("dtype") == "bfloat16"
        model = opened.model
        if self._mode != "as-written" and hasattr(model, "eval"):
            with contextlib.suppress(NotImplementedError):
                model.eval()
        if self._half:
            model = model.bfloat16()
        if self._last:
            model = model.to(memory_format=torch.channels_last)
        self._model = torch.compile(model) if self._mode == "compile" else model
        self._opened = opened
        pairs = opened.tensors()
        self.inputs = [_port(name, one) for name, one in pairs]
        given = self._fitted_all(opened.given)
        start = now_ns()
        with torch.no_grad():
            example, self._changes = torch_model.changes_inputs(model, given)
        # Outputs have no names before. It is the first prediction, unless what is timed is compiled at its own first one.
        self.predicted_ms = (now_ns() - start) / MS
        self.first_ms = None if self._mode == "compile" else self.predicted_ms
        self._names = output_names([name for name, _ in pairs], example)
        self.outputs = [_port(name, one) for name, (_, one) in zip(self._names, torch_model.flat(example))]

    def _fitted_all(self, given):
        return torch_model.Given(torch_model.mapped(given.args, self._fitted), torch_model.mapped(given.words, self._fitted))

    def _fitted(self, tensor):
        torch = self._torch
        if not tensor.is_floating_point():
            return tensor
        tensor = tensor.bfloat16() if self._half else tensor
        return tensor.contiguous(memory_format=torch.channels_last) if self._last and tensor.dim() == 4 else tensor

    def bound(self, feeds):
        torch, model = self._torch, self._model
        tensors = {}
        for name in self._opened.names():
            if name not in feeds:
                raise ValueError("no value for the input %s" % name)
            tensors[name] = torch.from_numpy(feeds[name])
        given = self._opened.with_tensors(tensors)
        if self._mode == "as-written" and not self._half and not self._last and not self._changes:
            args, words = given.args, given.words
            return lambda: model(*args, **words)

        def run():
            own = self._fitted_all(given.copied() if self._changes else given)
            with torch.inference_mode() if self._mode != "as-written" else contextlib.nullcontext():
                return model(*own.args, **own.words)

        return run

    def host(self, results):
        found = torch_model.flat(results)
        return [(name, (one.float() if one.dtype == self._torch.bfloat16 else one).detach().cpu().numpy()) for name, (_, one) in zip(self._names, found)]

    def end_profiling(self):
        return None


def _port(name, tensor):
    return {"name": name, "isTensor": True, "dtype": str(tensor.dtype).replace("torch.", ""), "shape": list(tensor.shape)}
