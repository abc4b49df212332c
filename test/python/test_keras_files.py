"""What holds code is refused before Keras sees it, wherever it hides. Keras is not needed; HDF5 files are made with h5py, and left out without."""

import base64
import glob
import json
import marshal
import os
import sys
import tempfile
import unittest
import zipfile

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "packages", "measure", "src", "python", "collector"))

from whyslow_collector import keras_files  # noqa: E402

try:
    import h5py
except ImportError:
    h5py = None

FIXTURES = os.path.join(ROOT, "fixtures", "formats", "keras")
MARSHALLED = base64.b64encode(marshal.dumps((lambda x: x + 1).__code__)).decode()
NEW, OLD = "3.12.0", "3.10.0"

DENSE = {"module": "keras.layers", "class_name": "Dense", "registered_name": None, "config": {"name": "d", "units": 3}}
LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "registered_name": None, "config": {"name": "l", "function": "f"}}


def model(*layers, **more):
    config = {"name": "m", "layers": list(layers)}
    return {"module": "keras", "class_name": "Sequential", "registered_name": None, "config": config, **more}


def keras_file(config, name="model.keras"):
    path = os.path.join(tempfile.mkdtemp(), name)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
    return path


def h5_file(**attributes):
    path = os.path.join(tempfile.mkdtemp(), "model.h5")
    with h5py.File(path, "w") as file:
        for name, value in attributes.items():
            file.attrs[name] = value if isinstance(value, (str, bytes)) else json.dumps(value)
    return path


def refusal(path, version=NEW):
    try:
        keras_files.refuse_code(path, keras_files.container_of(path), version)
    except RuntimeError as error:
        return str(error)
    return None


def hidden(layer):
    """The layer in every place where one can be."""
    return {
        "in a nested model": model(DENSE, model(model(layer))),
        "in a wrapper": model({**DENSE, "class_name": "TimeDistributed", "config": {"layer": layer}}),
        "in a list in a list": model({**DENSE, "config": {"cells": [[DENSE], [layer]]}}),
        "as an activation": model({**DENSE, "config": {"activation": layer}}),
        "in the compile configuration": model(DENSE, compile_config={"loss": layer}),
        "in that of a nested model": model(model(DENSE, compile_config={"metrics": [layer]})),
        "in a build configuration": model({**DENSE, "build_config": {"x": layer}}),
        "deep down": json.loads("[" * 400 + json.dumps(layer) + "]" * 400),
    }


#: In the words of Keras 1, 2 and 3.
CODE = {
    "a Lambda layer": LAMBDA,
    "a Lambda layer without a module": {"class_name": "Lambda", "config": {}},
    "a Lambda layer by its registered name": {**DENSE, "registered_name": "keras>Lambda"},
    "a Lambda layer by a prefixed name": {**DENSE, "class_name": "keras>Lambda"},
    "a lambda of Keras 3": {"class_name": "__lambda__", "config": {"value": MARSHALLED}},
    "a lambda of Keras 2": {"class_name": "Other", "config": {"function": [MARSHALLED, None, None]}},
    "a lambda of Keras 2 by its type": {"class_name": "Other", "config": {"function": "x", "function_type": "lambda"}},
    "a shape function of Keras 1": {"class_name": "Merge", "config": {"output_shape": "x", "output_shape_type": "lambda"}},
    "a pickled module": {**DENSE, "class_name": "TorchModuleWrapper"},
    "another model by its path": {**DENSE, "class_name": "TFSMLayer"},
    "a function of another module": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
    "a class of another module": {**DENSE, "module": "subprocess", "class_name": "Popen"},
    "a module that begins as Keras's": {**DENSE, "module": "keras_evil.layers"},
}

#: Safe mode holds there from 3.11.3 on.
SUSPICIOUS = {
    "a function of Keras that fetches files": {"module": "keras.utils", "class_name": "function", "config": "get_file"},
    "a function that switches safe mode off": {
        "module": "keras.config",
        "class_name": "function",
        "config": "enable_unsafe_deserialization",
    },
    "the same, as a class": {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {}},
    "a function as a class": {"module": "keras.models", "class_name": "load_model", "config": {}},
    "a function of models": {"module": "keras.models", "class_name": "function", "config": "load_model"},
    "an operator of TensorFlow by its name": {**DENSE, "class_name": "TFOpLambda", "config": {"function": "io.write_file"}},
}


class Archives(unittest.TestCase):
    def test_code_is_refused_on_every_version(self):
        for what, code in CODE.items():
            for where, config in hidden(code).items():
                for version in (NEW, OLD, "2.15.0"):
                    with self.subTest(what=what, where=where, version=version):
                        said = refusal(keras_file(config), version)
                        self.assertRegex(said or "", "^the file has .* it is not run$")
                        self.assertNotIn("\n", said)

    def test_what_is_suspicious_is_refused_before_safe_mode_held(self):
        for what, code in SUSPICIOUS.items():
            for where, config in hidden(code).items():
                with self.subTest(what=what, where=where):
                    for version in (OLD, "3.11.2", "2.15.0", "unknown", ""):
                        self.assertRegex(refusal(keras_file(config), version) or "", "3.11.3 and later do not$")
                    self.assertIsNone(refusal(keras_file(config), "3.11.3"))

    def test_json_can_be_written_in_several_ways(self):
        for text in (
            '{"class_name": "Lambd\\u0061", "config": {}}',
            '{"class\\u005fname": "Lambda", "config": {}}',
            '{"class_name"\n:\t"Lambda"}',
            '{"a": NaN, "class_name": "Lambda"}',
        ):
            with self.subTest(text):
                self.assertRegex(refusal(keras_file(text)) or "", "a Lambda layer")
        self.assertRegex(refusal(keras_file(json.dumps(model(LAMBDA)).encode("utf-16"))), "a Lambda layer")

    def test_what_is_not_clear_is_refused(self):
        twice = '{"class_name": "Dense", "class_name": "Lambda"}'
        self.assertRegex(refusal(keras_file(twice)), "a name stands twice")
        self.assertRegex(refusal(keras_file('{"class_name": ')), "config.json of the file cannot be read")
        self.assertRegex(refusal(keras_file("[" * 100_000 + "]" * 100_000)), "cannot be read")
        path = keras_file(model(DENSE))
        with self.assertWarns(UserWarning), zipfile.ZipFile(path, "a") as archive:
            archive.writestr("config.json", json.dumps(model(LAMBDA)))
        self.assertRegex(refusal(path), "two members of one name")

    def test_usual_models_pass(self):
        for version in (NEW, OLD):
            self.assertIsNone(refusal(keras_file(model(DENSE, model(DENSE))), version))
        relu = {"module": "keras.activations", "class_name": "function", "config": "relu", "registered_name": "relu"}
        self.assertIsNone(refusal(keras_file(model({**DENSE, "config": {"activation": relu}})), OLD))
        files = [one for one in glob.glob(os.path.join(FIXTURES, "**", "*.keras"), recursive=True) if "refused" not in one]
        self.assertGreater(len(files), 20)
        for file in files:
            with self.subTest(file):
                self.assertIsNone(refusal(file, NEW))
                said = refusal(file, OLD)
                self.assertTrue(said is None or "OpLambda" in said, said)


@unittest.skipIf(h5py is None, "h5py is not installed")
class Hdf5(unittest.TestCase):
    def test_code_is_refused(self):
        for what, code in CODE.items():
            for where, config in hidden(code).items():
                for name in ("model_config", "training_config"):
                    with self.subTest(what=what, where=where, name=name):
                        said = refusal(h5_file(**{"model_config": model(DENSE), name: config}))
                        self.assertRegex(said or "", "it is not run$")

    def test_functions_of_tensorflow_are_refused_before_safe_mode_held(self):
        path = h5_file(model_config=model(SUSPICIOUS["an operator of TensorFlow by its name"]))
        self.assertRegex(refusal(path, "3.11.2"), "calls functions by name")
        self.assertRegex(refusal(path, "2.15.0"), "calls functions by name")
        self.assertIsNone(refusal(path, "3.11.3"))

    def test_bytes_and_texts_are_read(self):
        text = json.dumps(model(LAMBDA))
        for value in (text, text.encode()):
            self.assertRegex(refusal(h5_file(model_config=value)), "a Lambda layer")

    def test_two_attributes_of_one_name_are_refused(self):
        path = h5_file(model_config=model(DENSE), model_confih=model(LAMBDA))
        with open(path, "rb") as file:
            bytes_of = file.read()
        self.assertIn(b"model_confih", bytes_of)
        with open(path, "wb") as file:
            file.write(bytes_of.replace(b"model_confih", b"model_config"))
        self.assertRegex(refusal(path), "two attributes called model_config")

    def test_usual_models_pass(self):
        files = glob.glob(os.path.join(FIXTURES, "**", "*.h5"), recursive=True)
        self.assertGreater(len(files), 20)
        for file in files:
            with self.subTest(file):
                self.assertIsNone(refusal(file, OLD))


class Containers(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(FIXTURES, "k3-dense-sequential.h5"), "rb") as file:
            self.hdf5 = file.read()
        with open(keras_file(model(DENSE)), "rb") as file:
            self.zip = file.read()

    def written(self, *parts):
        path = os.path.join(tempfile.mkdtemp(), "model.h5")
        with open(path, "wb") as file:
            file.write(b"".join(parts))
        return path

    def test_each_is_told_by_what_it_holds(self):
        self.assertEqual(keras_files.container_of(self.written(self.hdf5)), "h5")
        self.assertEqual(keras_files.container_of(self.written(self.zip)), "keras")
        self.assertEqual(keras_files.container_of(self.written(bytes(1024), self.hdf5)), "h5")
        self.assertEqual(keras_files.container_of(self.written(self.hdf5, b"PK\x05\x06" * 9)), "h5")

    def test_what_is_both_is_refused(self):
        for size in (512, 1024, 2048, 2**20):
            block = self.zip + bytes(size - len(self.zip))
            self.both(block, self.hdf5)
            self.both(block[:size], self.hdf5, self.zip)
        self.both(self.hdf5, self.zip)
        self.both(self.hdf5, self.zip, bytes(100_000))
        self.both(self.hdf5, b"PK\x05\x06", bytes(18))

    def both(self, *parts):
        with self.assertRaisesRegex(RuntimeError, "a zip archive and an HDF5 file at once"):
            keras_files.container_of(self.written(*parts))

    def test_what_is_neither_is_refused(self):
        for content in (b"", b"PK", b"\x80\x04", bytes(5000)):
            with self.assertRaises(RuntimeError):
                keras_files.container_of(self.written(content))


if __name__ == "__main__":
    unittest.main()
