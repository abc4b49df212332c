"""PyTorch's files are looked at before PyTorch is imported: what holds code, or what may, is refused. Needs no PyTorch."""

import io
import os
import pickle
import sys
import tempfile
import unittest
import zipfile

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "packages", "measure", "src", "python", "collector"))

from whyslow_collector import torch_files  # noqa: E402
from whyslow_collector.errors import Contract  # noqa: E402


def archive(*names):
    file = os.path.join(tempfile.mkdtemp(prefix="whyslow-torch-"), "model.pt")
    with zipfile.ZipFile(file, "w") as opened:
        for name in names:
            opened.writestr(name, b"content")
    return file


class Kinds(unittest.TestCase):
    def test_what_holds_a_graph_is_read(self):
        self.assertEqual(torch_files.kind_of(archive("model/models/model.json", "model/data/weights/weight_0")), "exported")
        self.assertEqual(torch_files.kind_of(archive("serialized_exported_program.json", "version")), "exported")
        self.assertEqual(torch_files.kind_of(archive("m/data.pkl", "m/code/__torch__.py", "m/constants.pkl")), "torchscript")

    def refused(self, file, says):
        with self.assertRaisesRegex(Contract, says):
            torch_files.kind_of(file)

    def test_a_checkpoint_says_what_to_write(self):
        self.refused(archive("archive/data.pkl", "archive/data/0"), "pickled checkpoint, which can run code.*write model.py with `def model")

    def test_compiled_code_and_pickled_objects_are_refused(self):
        self.refused(archive("m/models/model.json", "m/data/aotinductor/model/a.so"), "compiled code .*a.so")
        self.refused(archive("m/models/model.json", "m/data/constants/custom_obj_0"), "pickled objects of classes")

    def test_no_archive(self):
        file = archive()
        with open(file, "wb") as opened:
            opened.write(b"\x80\x02 anything")
        self.refused(file, "not a PyTorch archive")


class Harmful:
    def __reduce__(self):
        return (os.system, ("true",))


class Guard(unittest.TestCase):
    def test_a_class_that_a_pickle_names_is_refused_while_a_file_is_opened(self):
        content = pickle.dumps(Harmful())
        with self.assertRaisesRegex(Contract, "holds a pickled .*system"):
            with torch_files.no_pickled_classes("model.pt2"):
                pickle.load(io.BytesIO(content))

    def test_and_not_afterwards(self):
        with torch_files.no_pickled_classes("model.pt2"):
            pickle.loads(pickle.dumps([1, 2.5, "three"]))
        self.assertIsInstance(pickle.loads(pickle.dumps(unittest.TestCase())), unittest.TestCase)


if __name__ == "__main__":
    unittest.main()
