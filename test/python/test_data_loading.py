"""Data loaders at work: what is told of those in the loop, and of workers that are started. Needs PyTorch; no test looks at how long something takes."""

import os
import sys
import unittest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "packages", "measure", "src", "python", "collector"))

from whyslow_collector import data_loading  # noqa: E402
from whyslow_collector.places import Places, name_of  # noqa: E402

try:
    import torch
except ImportError:
    torch = None


class Run:
    places = Places([__file__])


class Items:
    def __len__(self):
        return 6

    def __getitem__(self, at):
        return torch.full((2,), float(at))


@unittest.skipIf(torch is None, "this Python has no torch")
class Loaders(unittest.TestCase):
    def setUp(self):
        from torch.utils.data import dataloader

        self.kept = [
            (cls, name, vars(cls)[name])
            for cls, name in (
                (dataloader.DataLoader, "__init__"),
                (dataloader.DataLoader, "__iter__"),
                (dataloader._BaseDataLoaderIter, "__next__"),
                (dataloader._MultiProcessingDataLoaderIter, "_shutdown_workers"),
            )
        ]
        self.is_counting = True
        self.loading = data_loading.DataLoading(Run, lambda: self.is_counting)
        self.loading.start()

    def tearDown(self):
        for cls, name, own in self.kept:
            setattr(cls, name, own)

    def predicted(self, **words):
        loader = torch.utils.data.DataLoader(Items(), batch_size=2, **words)
        return [batch.tolist() for batch in loader]

    def test_a_loader_made_for_each_prediction_is_one(self):
        first, again = self.predicted(), self.predicted()
        self.assertEqual((first, first[0]), (again, [[0.0, 0.0], [1.0, 1.0]]))
        [row] = self.loading.rows(2)
        self.assertEqual((row["workers"], row["batchSize"], row["batchesPerPrediction"], row["startsPerPrediction"]), (0, 2, 3, 1))
        made = name_of(Loaders.predicted.__code__)
        self.assertEqual((row["made"]["function"], row["item"]["function"]), (made, "Items.__getitem__"))
        self.assertEqual(row["ran"]["line"], row["made"]["line"] + 1)
        self.assertTrue(0 < row["collateMs"] < row["waitMs"] and row["startMs"] >= 0)

    def test_what_does_not_count_is_not_told(self):
        self.is_counting = False
        self.predicted()
        self.assertEqual(self.loading.rows(1), [])

    @unittest.skipIf(sys.platform == "win32", "workers are started from a module there")
    def test_workers_that_are_started_again(self):
        self.assertEqual(self.predicted(num_workers=1), self.predicted(num_workers=1))
        [row] = self.loading.rows(2)
        self.assertEqual((row["workers"], row["persistent"], row["collateMs"], row["startsPerPrediction"]), (1, False, None, 1))
        # Starting them, and what is waited for the first batch.
        self.assertGreater(row["startMs"], 0)


if __name__ == "__main__":
    unittest.main()
