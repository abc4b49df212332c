"""How the time of modules is told apart, on modules that are none of PyTorch's. Needs no PyTorch; no test looks at how long something takes."""

import os
import sys
import unittest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "packages", "measure", "src", "python", "collector"))

from whyslow_collector import torch_model, torch_modules, torch_operators  # noqa: E402
from whyslow_collector.errors import Contract  # noqa: E402


class Module:
    """What the collector uses of one: attributes, and `forward`."""

    def __init__(self, *below):
        self.below = below

    def forward(self, value):
        for one in self.below:
            value = one.forward(value)
        return value + 1


def tree():
    attention, linear = Module(), Module()
    layer = Module(attention, linear)
    root = Module(layer, attention)
    return [torch_modules.Node(name, one) for name, one in (("", root), ("layer", layer), ("layer.attn", attention), ("layer.ff", linear))]


class Times(unittest.TestCase):
    def stacked(self):
        nodes, stack = tree(), torch_modules.Stack()
        with torch_modules.Wrapped(nodes, stack.wrap):
            self.assertEqual(nodes[0].module.forward(0), 5)
        return nodes

    def test_calls_and_callers_are_those_of_the_run_not_of_the_names(self):
        root, layer, attention, linear = nodes = self.stacked()
        self.assertEqual([one.calls for one in nodes], [1, 1, 2, 1])
        self.assertEqual((root.caller(), layer.caller(), linear.caller()), (None, root, layer))
        self.assertEqual(attention.callers, {layer: 1, root: 1})
        # And modules are as they were.
        self.assertTrue(all("forward" not in vars(one.module) for one in nodes))

    def test_own_times_add_up_to_the_outermost(self):
        nodes = self.stacked()
        for one, share in zip(nodes, (0, 0.7, 0.3, 0.25)):
            one.share = share
        rows = torch_modules.rows_of(nodes, 8e6, lambda module: None)
        self.assertAlmostEqual(sum(row["selfMs"] for row in rows), 8.0)
        self.assertEqual([(row["name"], row["calledBy"]) for row in rows], [("", None), ("layer", ""), ("layer.attn", "layer"), ("layer.ff", "layer")])

    def test_few_clocks_at_a_time(self):
        nodes = self.stacked()[1:]
        # 2 % of 100 µs are 5 clocks of 400 ns; one is the outermost module's.
        self.assertEqual([sum(one.calls for one in group) for group in torch_modules.groups_of(nodes, 100_000, 400)], [4])
        self.assertEqual([len(group) for group in torch_modules.groups_of(nodes, 1000, 400)], [1, 1, 1])


class Site:
    def __init__(self, *times):
        self.times = list(times)

    @property
    def ns(self):
        return sum(self.times)


class Operators(unittest.TestCase):
    def test_together_they_take_at_most_the_time_of_the_model(self):
        sites = [Site(300, 300), Site(600)]
        torch_operators.fit(sites, 1, 600)
        self.assertEqual([one.times for one in sites], [[150, 150], [300]])
        torch_operators.fit(sites, 1, 10_000)
        self.assertEqual(sites[1].times, [300])


class Given(unittest.TestCase):
    def test_how_example_inputs_are_given(self):
        for value, args, words in (((1, 2), (1, 2), {}), ([1], (1,), {}), ({"x": 1}, (), {"x": 1}), (3, (3,), {})):
            given = torch_model.given_of(value)
            self.assertEqual((given.args, given.words), (args, words))
            self.assertIs(torch_model.given_of(given), given)

    def test_inputs_have_the_names_of_the_parameters_of_forward(self):
        class Net:
            def forward(self, image, mask=None):
                pass

        opened = torch_model.Opened("model.py", Net(), torch_model.given_of((1, 2)))
        self.assertEqual([name for name, _ in opened._leaves()], ["image", "mask"])
        is_tensor, torch_model._is_tensor = torch_model._is_tensor, lambda one: isinstance(one, int)
        try:
            again = opened.with_tensors({"image": 3, "mask": 4})
        finally:
            torch_model._is_tensor = is_tensor
        self.assertEqual((again.args, again.words), ((3, 4), {}))

    def test_what_is_nested_has_a_name_of_its_own(self):
        import collections

        Pair = collections.namedtuple("Pair", "a b")
        value = {"x": [1, (2, None)], "more": collections.OrderedDict(y=Pair(3, 4))}
        self.assertEqual(
            torch_model.leaves_of(value, "in"), [("in_x_0", 1), ("in_x_1_0", 2), ("in_x_1_1", None), ("in_more_y_0", 3), ("in_more_y_1", 4)]
        )
        is_tensor, torch_model._is_tensor = torch_model._is_tensor, lambda one: isinstance(one, int)
        try:
            changed = torch_model.mapped(value, lambda one: one * 10)
            opened = torch_model.Opened("model.py", lambda: None, torch_model.Given((), {"in": value}))
            self.assertEqual(opened.names(), ["in_x_0", "in_x_1_0", "in_more_y_0", "in_more_y_1"])
            again = opened.with_tensors({"in_x_0": 5, "in_x_1_0": 6, "in_more_y_0": 7, "in_more_y_1": 8}).words["in"]
        finally:
            torch_model._is_tensor = is_tensor
        self.assertEqual(changed, {"x": [10, (20, None)], "more": {"y": Pair(30, 40)}})
        self.assertEqual((again["x"], again["more"]["y"], value["x"]), ([5, (6, None)], Pair(7, 8), [1, (2, None)]))

    def test_an_estimator_predicts_and_a_module_is_called(self):
        class Estimator:
            def predict(self, rows):
                return rows * 2

        self.assertEqual(torch_model.predict(Estimator(), (4,)), 8)
        self.assertEqual(torch_model.predict(lambda value, by=1: value * by, {"value": 4, "by": 3}), 12)

    def test_what_model_returns_is_a_model(self):
        class Net:
            def __call__(self, value):
                return value

        self.assertIsInstance(torch_model.made(Net), Net)
        for returned, says in (
            (None, "returned nothing: return the model itself"),
            ({"weight": 1}, "returned a dict: .*net.load_state_dict"),
            (Net, r"returned the class Net, not an object of it: return Net\(\.\.\.\)"),
        ):
            with self.assertRaisesRegex(Contract, r"^model\(\) " + says):
                torch_model.made(lambda: returned)

    def test_a_file_without_a_model_or_inputs(self):
        import tempfile

        folder = tempfile.mkdtemp(prefix="whyslow-torch-")
        for name, text, says in (
            ("none.py", "x = 1", r"none.py has no model\(\): add"),
            ("bare.py", "def model():\n    return print", r"bare.py has model\(\) and no example_inputs\(\): add"),
        ):
            path = os.path.join(folder, name)
            with open(path, "w") as file:
                file.write(text)
            with self.assertRaisesRegex(Contract, says):
                torch_model.open_model(path)


if __name__ == "__main__":
    unittest.main()
