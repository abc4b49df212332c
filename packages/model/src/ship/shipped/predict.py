

class Model:
    """The opened model. Predictions from several threads are safe; those of OpenVINO and LiteRT take turns."""

    def __init__(self):
        self._run = _open(str(FOLDER / MODEL_FILE))

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

    def close(self):
        """Frees the engine's session. A second call does nothing."""
        self._run = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def load():
    """Opens the model. Raises ImportError with one line that says what to install if the engine is missing."""
    return Model()


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
