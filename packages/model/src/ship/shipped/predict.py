

class Model:
    """The opened model. Predictions from several threads are safe; those of OpenVINO, of LiteRT and of a model that is code take turns.

    `backend`: what runs a model that is code ('c', 'wasmtime' or 'numpy'); None for one that an engine runs.
    """

    def __init__(self, **options):
        self._run = _open(str(FOLDER / MODEL_FILE), **options)
        self.backend = getattr(self._run, 'backend', None)

    def predict(self, feeds=None, /, **inputs):
        """One prediction: arrays by name of the input, as keywords or in one dict; gives a dict of arrays by name of the output.

        Raises TypeError if an input is missing, unknown or of another type, the engine's own error if it refuses a shape, and RuntimeError after
        close(). Values that are no arrays (lists, numbers) become arrays of the declared type.
        """
        run = self._run
        if run is None:
            raise RuntimeError('predict() was called after close(); load() the model again')
        given = inputs if feeds is None else {**feeds, **inputs}
        unknown = [name for name in given if name not in INPUTS]
        if unknown:
            raise TypeError(f'the model has no input {unknown[0]!r}; its inputs: {", ".join(INPUTS)}')
        arrays = {name: _array(name, dtype, given) for name, dtype in INPUTS.items()}
        return dict(zip(OUTPUTS, run(arrays)))

    def __call__(self, *values, **named):
        """As a module of PyTorch is called: values in the order of the inputs, or by name; gives the output, or a tuple of several.

        For tensors of PyTorch the outputs are tensors on the CPU, else arrays.
        """
        if len(values) > len(INPUTS):
            raise TypeError(f'{len(values)} values were given; the model has {len(INPUTS)} inputs: {", ".join(INPUTS)}')
        given = {**dict(zip(INPUTS, values)), **named}
        is_torch = any(hasattr(value, 'detach') for value in given.values())
        outputs = tuple(self.predict({name: _plain(value) for name, value in given.items()}).values())
        if is_torch:
            outputs = tuple(sys.modules['torch'].from_numpy(value) for value in outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def eval(self):
        """The model itself, which only predicts."""
        return self

    def as_module(self):
        """The model as a torch.nn.Module that takes tensors and gives tensors on the same device, in place of the module that it was made from.

        It has no parameters and gives no gradients. Raises ImportError if PyTorch is not installed.
        """
        try:
            import torch
        except ImportError as error:
            raise ImportError(f'{error}: pip install torch, or call predict() with arrays') from error
        model = self

        class Shipped(torch.nn.Module):
            def forward(self, *values, **named):
                given = [value for value in (*values, *named.values()) if isinstance(value, torch.Tensor)]
                result = model(*values, **named)
                if not given or given[0].device.type == 'cpu':
                    return result
                moved = tuple(value.to(given[0].device) for value in (result if isinstance(result, tuple) else (result,)))
                return moved if isinstance(result, tuple) else moved[0]

        return Shipped().eval()

    def close(self):
        """Frees the engine's session. A second call does nothing."""
        self._run = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def load(**options):
    """Opens the model. Raises ImportError with one line that says what to install if the engine is missing.

    Of a model that is code `backend` names what runs it: 'c' (built by this machine's compiler when it is first opened), 'wasmtime' or 'numpy'. By
    default it is the first of them that runs here; NumPy, the slowest, warns.
    """
    return Model(**options)


def _plain(value):
    return value.detach().cpu().numpy() if hasattr(value, 'detach') else value


def _array(name, dtype, given):
    if name not in given:
        raise TypeError(f'the input {name!r} is missing; the model needs {", ".join(INPUTS)}')
    value = given[name]
    if not isinstance(value, np.ndarray):
        return np.asarray(value, dtype)
    # Text is an array of objects or of a fixed length; both are taken.
    if value.dtype != dtype and not (dtype == np.dtype(object) and value.dtype.kind == 'U'):
        raise TypeError(f'the input {name!r} is {value.dtype} where the model takes {dtype}: give {name}.astype({dtype.name!r})')
    return value
