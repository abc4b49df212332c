"""PyTorch's files are looked at before PyTorch is imported: what holds code, or what may, is refused. Needs no PyTorch."""

import io
import json
import os
import pickle
import sys
import tempfile
import unittest
import zipfile

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "packages", "measure", "src", "python", "collector"))

from whyslow_collector import torch_checks, torch_files  # noqa: E402
from whyslow_collector.errors import Contract  # noqa: E402


def archive(*names):
    file = os.path.join(tempfile.mkdtemp(prefix="whyslow-torch-"), "model.pt")
    with zipfile.ZipFile(file, "w") as opened:
        for name in names:
            opened.writestr(name, b"{}" if name.endswith(".json") else b"content")
    return file


def archive_of(entries):
    file = os.path.join(tempfile.mkdtemp(prefix="whyslow-torch-"), "model.pt2")
    with zipfile.ZipFile(file, "w") as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    return file


def program(size=None, target="torch.ops.aten.relu.default", spec=None, name="x", **more):
    """A graph as torch.export.save writes it, as far as it is looked at."""
    spec = spec or {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": None, "context": None, "children_spec": []}]}
    graph = {
        "inputs": [{"as_tensor": {"name": name}}],
        "nodes": [{"target": target, "inputs": [], "metadata": {"stack_trace": 'File "m.py", line 1\n  x', "nn_module_stack": "L__self__,,m.M"}}],
        "tensor_values": {"x": {"sizes": [size or {"as_int": 2}]}},
    }
    calls = [{"fqn": "", "signature": {"in_spec": json.dumps([1, spec]), "forward_arg_names": ["x"]}}]
    return {"graph_module": {"graph": graph, "module_call_graph": calls}, "range_constraints": {"s77": {"min_val": 2, "max_val": None}}, **more}


def told(value):
    return torch_checks.in_program(json.dumps(value))


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


def size(text):
    return {"as_expr": {"expr_str": text, "hint": None}}


class Programs(unittest.TestCase):
    """An exported program is evaluated in several places when it is opened."""

    def test_what_torch_export_writes_is_opened(self):
        self.assertIsNone(told(program()))
        for text in (
            "s77",
            "4*s77 - 2*Max(1, s77//2)",
            "Mul(Integer(28), Symbol('s77', positive=True, integer=True))",
            "Min(Integer(4), Pow(Symbol('s77', integer=True), Integer(2)))",
            "FloorDiv(s0 + 1, 2) >= 3",
            "Float('0.5', precision=53)",
        ):
            self.assertIsNone(told(program(size(text))), text)
        for target in ("torch.ops.aten.add.Tensor", "_operator.getitem", "torch.sym_max", "torch.ops.higher_order.cond", "torch.ops.aten._softmax.default", "math.floor"):
            self.assertIsNone(told(program(target=target)), target)

    def test_a_size_that_is_evaluated_is_numbers_and_names(self):
        for text in (
            "__import__('os').system('true') or 2",
            "exec('x')",
            "Symbol('x').__class__",
            "s77.free_symbols",
            "(lambda: 1)()",
            "[x for x in s77]",
            "s77[0]",
            "'text'",
            "Symbol('a b')",
            "Symbol(x='y')",
            "Max(*s77)",
            "9**9**9",
            "s77\n",
            "(" * 500 + "1" + ")" * 500,
            "f'{s77}'",
        ):
            self.assertRegex(told(program(size(text))) or "", "an expression that is no size", text)
        self.assertRegex(told(program(range_constraints={"exec('x')": {"min_val": 0}})), "no size")
        self.assertRegex(told(program(range_constraints={"s0": {"min_val": "exec('x')"}})), "no size")

    def test_operators_are_pytorchs_own_and_only_compute(self):
        for target in (
            "torch.os.system",
            "torchx.os.system",
            "torch.ops.aten.from_file.default",
            "torch.ops.custom.op.default",
            "torch.ops.aten.__class__.mro",
            "torch.ops.higher_order.triton_kernel_wrapper_mutation",
            "_operator.methodcaller",
            "_operator.attrgetter",
            "math.__loader__.load_module",
            "#custom:op",
        ):
            self.assertRegex(told(program(target=target)) or "", "the operator", target)
        self.assertRegex(told({"inputs": [{"arg": {"as_operator": "torch.os.system"}}]}), "the operator")

    def test_a_structure_names_no_module(self):
        leaf = {"type": None, "context": None, "children_spec": []}
        default = {"default_factory_module": "antigravity", "default_factory_name": "x", "dict_context": []}
        for spec in (
            {"type": "collections.defaultdict", "context": default, "children_spec": []},
            {"type": "builtins.dict", "context": '[{"__enum__": true, "fqn": "antigravity:X", "name": "a"}]', "children_spec": [leaf]},
            {"type": "builtins.dict", "context": json.dumps(["k\"');exec(chr(95))#"]), "children_spec": [leaf]},
            {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": "collections.defaultdict", "context": default, "children_spec": []}]},
        ):
            self.assertRegex(told(program(spec=spec)) or "", "a structure of arguments")

    def test_names_end_in_code_that_pytorch_writes(self):
        for name in ("x: exec(chr(95))", "x\nimport os", "x=1"):
            self.assertRegex(told(program(name=name)) or "", "the name")
        self.assertRegex(told({"metadata": {"torch_fn": "relu\nimport os"}}), "metadata of more than a line")
        self.assertRegex(told({"metadata": {"from_node": json.dumps([{"name": "x\nimport os"}])}}), "metadata of more than a line")

    def test_an_archive_is_refused_in_a_line(self):
        file = archive_of({"m/models/model.json": json.dumps(program(size("__import__('os').system('true') or 2")))})
        with self.assertRaisesRegex(Contract, "model.pt2 holds an expression that is no size: .*; it could run code and is not opened; let your own program"):
            torch_files.kind_of(file)


class Scripts(unittest.TestCase):
    def test_operators_of_files_and_of_others_are_refused_before_they_are_loaded(self):
        for text, says in (
            ('f = torch.from_file("/tmp/x", True, 8)', "reads or writes files"),
            ('getattr(torch, "from\\x5ffile")("/tmp/x")', "made up|makes up"),
            ("x = ops.evil.run(x)", "not PyTorch's own"),
            ("a = ops", "not PyTorch's own"),
            ("getattr(ops.aten, name)", "not PyTorch's own"),
            ("_c : __torch__.torch.classes.c10d.ProcessGroup", "compiled code"),
        ):
            self.assertRegex(torch_checks.in_script(text) or "", says, text)

    def test_what_computes_is_not(self):
        for text in (
            "x = torch.add(x, torch.relu(self.weight))",
            "x = ops.quantized.linear_dynamic(x, p)",
            'def forward(self: __torch__.torchvision.ops.misc.Conv2dNormActivation, x: Tensor):\n  _0 = getattr(self, "0")',
        ):
            self.assertIsNone(torch_checks.in_script(text), text)

    def test_an_archive(self):
        entries = {"m/data.pkl": b"", "m/constants.pkl": b"", "m/code/__torch__.py": 'torch.from_file("x", True, 8)'}
        with self.assertRaisesRegex(Contract, "holds the operator 'from_file', which reads or writes files"):
            torch_files.kind_of(archive_of(entries))
        with self.assertRaisesRegex(Contract, "a class of compiled code"):
            torch_files.kind_of(archive_of({**entries, "m/code/__torch__.py": "", "m/data.pkl": b"c__torch__.torch.classes.c10d Store\n"}))


class RealFiles(unittest.TestCase):
    """What a PyTorch writes, and the same with a size that runs a command."""

    def test_a_program_that_torch_wrote_and_a_crafted_one(self):
        try:
            import torch
        except ImportError:
            self.skipTest("this Python has no torch")
        folder = tempfile.mkdtemp(prefix="whyslow-torch-")
        good, bad, mark = (os.path.join(folder, name) for name in ("good.pt2", "bad.pt2", "mark"))
        batch = torch.export.Dim("batch", min=1, max=64)
        torch.export.save(torch.export.export(torch.nn.Linear(3, 2).eval(), (torch.ones(2, 3),), dynamic_shapes=({0: batch},)), good)
        module, (args, _) = torch_files.load_file(good)
        self.assertEqual(list(module(*args).shape), [2, 2])
        with zipfile.ZipFile(good) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        name = next(one for one in entries if "/models/" in one)
        graph = json.loads(entries[name])
        values = graph["graph_module"]["graph"]["tensor_values"]
        next(iter(values.values()))["sizes"][0] = size("open(%r, 'w') and 2" % mark)
        with zipfile.ZipFile(bad, "w", zipfile.ZIP_STORED) as archive:
            for one, content in entries.items():
                archive.writestr(one, json.dumps(graph) if one == name else content)
        with self.assertRaisesRegex(Contract, "no size"):
            torch_files.load_file(bad)
        self.assertFalse(os.path.exists(mark))


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
