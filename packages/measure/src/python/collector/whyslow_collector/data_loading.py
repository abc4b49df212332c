"""PyTorch's data loaders at work in the user's code: how long the loop waits for its batches, what of that is items and what is collating, what
starting worker processes takes. A loader that is made anew for each prediction is one, by the line that makes it."""

import functools
import weakref

from .after_import import AfterImport
from .clock import MS, now_ns
from .places import shown
from .torch_operators import place_of


class Loader:
    def __init__(self, loader, made):
        self.made = made
        self.ran = None
        self.item = None
        self.workers = loader.num_workers
        self.batch_size = loader.batch_size
        self.is_persistent = bool(getattr(loader, "persistent_workers", False))
        self.is_pinned = bool(getattr(loader, "pin_memory", False))
        self.starts = 0
        self.start_ns = 0
        self.batches = 0
        self.wait_ns = 0
        self.collate_ns = 0


class DataLoading:
    """`is_counting()`: whether predictions are made that count."""

    def __init__(self, run, is_counting):
        self.run = run
        self.is_counting = is_counting
        self.loaders = []
        self._by_loader = weakref.WeakKeyDictionary()
        self._by_iterator = weakref.WeakKeyDictionary()
        #: Iterators that have given their first batch.
        self._warm = weakref.WeakSet()
        self._torch = None

    def start(self):
        AfterImport({"torch.utils.data.dataloader": self._wrap}).start()

    def _wrap(self, module):
        import torch

        self._torch = torch
        loading = self
        make, begin = module.DataLoader.__init__, module.DataLoader.__iter__
        following, end = module._BaseDataLoaderIter.__next__, module._MultiProcessingDataLoaderIter._shutdown_workers

        @functools.wraps(make)
        def made(loader, *args, **words):
            make(loader, *args, **words)
            loading._by_loader[loader] = loading._of(loader, place_of(loading.run.places))

        def begun(loader):
            start = now_ns()
            iterator = begin(loader)
            loading._begun(loader, iterator, now_ns() - start, place_of(loading.run.places))
            return iterator

        def next_batch(iterator):
            seen = loading._by_iterator.get(iterator)
            is_first = seen is not None and seen.workers > 0 and iterator not in loading._warm
            loading._warm.add(iterator)
            if seen is None or not loading.is_counting():
                return following(iterator)
            # A worker that has just been started is waited for, and one that is ended within it is counted there.
            started = seen.start_ns
            start = now_ns()
            try:
                batch = following(iterator)
                seen.batches += 1
                return batch
            finally:
                took = now_ns() - start - (seen.start_ns - started)
                if is_first:
                    seen.start_ns += took
                else:
                    seen.wait_ns += took

        def ended(iterator):
            seen = loading._by_iterator.get(iterator)
            start = now_ns()
            try:
                return end(iterator)
            finally:
                if seen is not None and loading.is_counting():
                    seen.start_ns += now_ns() - start

        module.DataLoader.__init__, module.DataLoader.__iter__ = made, begun
        module._BaseDataLoaderIter.__next__ = next_batch
        module._MultiProcessingDataLoaderIter._shutdown_workers = ended

    def _of(self, loader, place):
        for one in self.loaders:
            if one.made == place and one.workers == loader.num_workers:
                return one
        self.loaders.append(Loader(loader, place))
        return self.loaders[-1]

    def _begun(self, loader, iterator, took, place):
        seen = self._by_loader.get(loader) or self._of(loader, None)
        self._by_iterator[iterator] = seen
        seen.ran = seen.ran or place
        seen.item = seen.item or self._place_of_items(loader.dataset)
        if self.is_counting():
            seen.starts += 1
            seen.start_ns += took
        fetcher = getattr(iterator, "_dataset_fetcher", None)
        if fetcher is not None and hasattr(fetcher, "collate_fn"):
            fetcher.collate_fn = self._clocked(fetcher.collate_fn, seen)

    def _clocked(self, collate, seen):
        def collated(items):
            start = now_ns()
            try:
                return collate(items)
            finally:
                if self.is_counting():
                    seen.collate_ns += now_ns() - start

        return collated

    def _place_of_items(self, dataset):
        """Where an item is made, if that is the user's own code."""
        for _ in range(4):
            for name in ("__getitem__", "__iter__"):
                code = getattr(getattr(type(dataset), name, None), "__code__", None)
                if code is not None and self.run.places.is_user(code.co_filename):
                    return {"file": shown(code.co_filename), "line": code.co_firstlineno, "function": "%s.%s" % (type(dataset).__name__, name)}
            if not hasattr(dataset, "dataset"):
                return None
            dataset = dataset.dataset
        return None

    def rows(self, predictions):
        count = max(1, predictions)
        return [
            {
                "made": one.made,
                "ran": one.ran,
                "item": one.item,
                "workers": one.workers,
                "batchSize": one.batch_size,
                "persistent": one.is_persistent,
                "pinned": one.is_pinned,
                "gpu": bool(one.is_pinned and self._torch.cuda.is_available()),
                "startsPerPrediction": one.starts / count,
                "startMs": one.start_ns / MS / count,
                "batchesPerPrediction": one.batches / count,
                "waitMs": one.wait_ns / MS / count,
                # What workers do is not seen here.
                "collateMs": None if one.workers > 0 else one.collate_ns / MS / count,
            }
            for one in self.loaders
            if one.batches
        ]
