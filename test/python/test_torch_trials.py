"""How outputs are compared, what is compiled and who changes its inputs. Needs PyTorch, but for shares of modules."""

import os
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "packages", "measure", "src", "python", "collector"))

from whyslow_collector import engines, libraries, torch_export, torch_model, torch_modules, torch_trials  # noqa: E402

try:
    import torch
except ImportError:
    torch = None

NAN, INF = float("nan"), float("inf")
SUBTRACTS = """
import torch
class M(torch.nn.Module):
    calls = 0
    def forward(self, x):
        M.calls += 1
        x.sub_(0.5)
        return x * 2
def model(): return M()
def example_inputs(): return torch.tensor([[10.0, 20.0]])
"""


def written(source):
    file = os.path.join(tempfile.mkdtemp(prefix="whyslow-torch-"), "m.py")
    with open(file, "w") as opened:
        opened.write(source)
    return file


@unittest.skipIf(torch is None, "this Python has no torch")
class Compared(unittest.TestCase):
    def of(self, one, other):
        return torch_trials.compared(torch, torch.tensor(one), torch.tensor(other))

    def test_nan_and_infinities_are_where_they_were(self):
        for one, other in (
            ([1.0, 2.0], [1.0, NAN]),
            ([1.0, NAN], [1.0, 2.0]),
            ([1.0, INF], [1.0, -INF]),
            ([1.0, INF], [1.0, NAN]),
            ([1.0, INF], [1.0, 2.0]),
            ([1.0, INF], [5.0, INF]),
        ):
            self.assertEqual(self.of(one, other)[0], "different", (one, other))
        self.assertEqual(self.of([1.0, INF, NAN, -INF], [1.0, INF, NAN, -INF]), ("rounding", 0.0))
        self.assertEqual(self.of([1.0, INF], [1.5, INF]), ("different", 0.5))

    def test_errors_are_those_of_finite_values(self):
        self.assertEqual(self.of([1.0, 4.0], [1.0, 4.0]), ("bits", 0.0))
        self.assertEqual(self.of([2.0, 4.0], [2.0, 5.0]), ("different", 0.25))
        self.assertEqual(self.of([0.0, 0.0], [0.0, 1.0]), ("different", None))

    def test_half_precision_rounds_in_its_own_steps(self):
        half = lambda value: torch.tensor([1.0, value], dtype=torch.float16)  # noqa: E731
        self.assertEqual(torch_trials.compared(torch, half(1.0), half(1.001))[0], "rounding")
        self.assertEqual(torch_trials.compared(torch, half(1.0), half(1.01))[0], "different")


@unittest.skipIf(torch is None, "this Python has no torch")
class ChangedInputs(unittest.TestCase):
    def test_a_trial_gets_the_inputs_that_the_first_had(self):
        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.linear = torch.nn.Linear(4, 4)

            def forward(self, x, more):
                more["y"].div_(2.0)
                return self.linear(x.sub_(0.5)) + more["y"]

        model, x, y = Model().eval(), torch.rand(1, 4), torch.rand(1, 4)
        found = torch_modules.Found(model, (x, {"y": y}), {}, True, None)
        before = x.clone()
        trials = torch_trials.trials_of(torch, found, model, 8, False)
        rows = [torch_trials.tried(torch, found, model, one) for one in trials if one.id in ("inference-mode", "threads")]
        self.assertTrue(found.changes)
        self.assertEqual({(row["equal"], row["reason"]) for row in rows}, {("bits", None)})
        self.assertTrue(torch.equal(x, before))

    def test_what_changes_nothing_is_not_copied(self):
        linear, x = torch.nn.Linear(2, 2), torch.ones(1, 2)
        found = torch_modules.Found(linear, (x,), {}, True, None)
        torch_trials.trials_of(torch, found, linear, 8, False)
        self.assertFalse(found.changes)
        self.assertIs(torch_trials._given(found).args[0], x)

    def test_an_engine_gives_each_prediction_the_same(self):
        import numpy

        server = engines.Server()
        told, _ = server.do_open({"engine": "torch", "file": written(SUBTRACTS), "configEntries": {}}, None)
        feeds = {"x": numpy.array([[10.0, 20.0]], dtype=numpy.float32)}
        run = server.model.bound(feeds)
        self.assertEqual([run().tolist() for _ in range(2)], [[[19.0, 39.0]]] * 2)
        # The prediction that opening makes is the first, and is no part of opening.
        self.assertEqual(server.first_ms, server.model.predicted_ms)
        self.assertEqual(told["loadMs"], server.opened_ms)

    def test_an_export_is_given_the_example_as_it_was(self):
        if not (torch_export.has("onnx") and torch_export.has("onnxscript") and torch_export.has("onnxruntime")):
            self.skipTest("this Python has no onnx, onnxscript and onnxruntime")
        file = written(SUBTRACTS)
        out = os.path.join(os.path.dirname(file), "m.onnx")
        told = torch_export.answer({"file": file, "out": out, "example": out + ".npz"})
        self.assertEqual((told.get("reason"), told.get("equal")), (None, "bits"))


@unittest.skipIf(torch is None, "this Python has no torch")
class Training(unittest.TestCase):
    def test_modules_that_predict_otherwise_in_training_mode(self):
        nn = torch.nn

        class Own(nn.Module):
            def forward(self, x):
                return nn.functional.dropout(x, 0.5, self.training)

        class Below(Own):
            @torch.no_grad()
            def forward(self, x):
                return [super(Below, self).forward(one) for one in x]

        same = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.LayerNorm(2))
        self.assertFalse(torch_model.in_training(same.train()))
        for one in (nn.Dropout(0.1), nn.BatchNorm1d(2), Own(), Below()):
            self.assertTrue(torch_model.in_training(nn.Sequential(nn.Linear(2, 2), one).train()), one)
            self.assertFalse(torch_model.in_training(nn.Sequential(nn.Linear(2, 2), one).eval()), one)

    def test_a_session_is_in_training_only_if_that_changes_what_it_gives(self):
        nn = torch.nn
        for model, changes in ((nn.Linear(2, 2), False), (nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)), True), (nn.Dropout(0.5).eval(), False)):
            session = libraries.Session("pytorch")
            libraries._torch_facts(session, model)
            self.assertEqual(session.training, changes, model)

    def test_a_script_that_ran_with_gradients_is_tried_without(self):
        model = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())).eval()
        x = torch.ones(2, 4)
        for _ in range(3):
            model(x)
        found = torch_modules.Found(model, (x,), {}, True, None)
        trials = [one for one in torch_trials.trials_of(torch, found, model, 8, False) if one.id == "inference-mode"]
        rows = [torch_trials.tried(torch, found, model, one) for one in trials]
        self.assertEqual([(row["equal"], row["reason"], row["title"]) for row in rows], [("bits", None, "no_grad")])

    def test_what_keeps_tensors_for_a_backward_pass(self):
        class Without(torch.nn.Linear):
            @torch.no_grad()
            def forward(self, x):
                return super().forward(x)

        x = torch.ones(1, 2)
        for model, keeps in ((torch.nn.Linear(2, 2), True), (Without(2, 2), False), (torch.nn.Linear(2, 2).requires_grad_(False), False)):
            self.assertEqual(torch_model.tracks_gradients(torch, lambda model=model: model(x).argmax().item()), keeps, model)


@unittest.skipIf(torch is None, "this Python has no torch")
class Compiled(unittest.TestCase):
    def test_no_clock_breaks_a_graph(self):
        for how in ("torch.compile", "compile"):
            torch._dynamo.reset()
            graphs = []

            def backend(graph, _):
                graphs.append(graph)
                return graph.forward

            inner = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(), torch.nn.Linear(4, 4))
            if how == "compile":
                inner.compile(backend=backend)
            else:
                inner = torch.compile(inner, backend=backend)
            model = torch.nn.Sequential(inner, torch.nn.Linear(4, 4)).eval()
            predict = lambda: model(torch.ones(1, 4))  # noqa: E731
            with torch.no_grad():
                predict()
                nodes, stack = torch_modules.nodes_of(model), torch_modules.Stack()
                self.assertEqual([one.name for one in nodes], ["", "0", "1"], how)
                with torch_modules.Wrapped(nodes, stack.wrap):
                    predict()
                predict()
            self.assertEqual(([one.calls for one in nodes], len(graphs)), ([1, 1, 1], 1), how)

    def test_a_model_that_compiles_itself_is_compiled(self):
        model = torch.nn.Linear(2, 2)
        self.assertEqual(torch_modules.inner_of(model), (model, False))
        model.compile(backend="eager")
        self.assertEqual(torch_modules.inner_of(model), (model, True))


class Shared(unittest.TestCase):
    def test_what_two_modules_call_is_the_time_of_both(self):
        root, one, other, shared = (torch_modules.Node(name, object()) for name in ("", "a", "b", "a.l"))
        for node, callers, share in ((one, {root: 1}, 0.5), (other, {root: 1}, 0.5), (shared, {one: 1, other: 3}, 0.6)):
            node.callers, node.calls, node.share = callers, sum(callers.values()), share
        rows = torch_modules.rows_of([root, one, other, shared], 10e6, lambda module: None)
        for row, own in zip(rows, (0.0, 3.5, 0.5, 6.0)):
            self.assertAlmostEqual(row["selfMs"], own)


if __name__ == "__main__":
    unittest.main()
