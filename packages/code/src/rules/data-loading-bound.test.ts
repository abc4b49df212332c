import { checkRule, examplePipeline } from '../../test/support/check-rule.ts'
import type { LoaderFact } from '../facts.ts'
import { dataLoadingBound } from './data-loading-bound.ts'

const place = (line: number) => ({ file: 'score.py', line, function: null })
const given = (loader: Partial<LoaderFact> | null) =>
  examplePipeline({
    language: 'python',
    loaders:
      loader === null
        ? []
        : [
            {
              ...{ made: place(20), ran: place(22), item: place(9), workers: 0, batchSize: 8, persistent: false, pinned: false },
              ...{ gpu: false, startsPerPrediction: 1, startMs: 0, batchesPerPrediction: 4, waitMs: 6, collateMs: 1 },
              ...loader,
            },
          ],
  })

checkRule(dataLoadingBound, {
  found: [
    {
      name: 'items of the user’s own dataset, in the loop',
      given: given({}),
      expect: {
        timeMs: 6,
        wouldSaveMs: null,
        places: [place(20), place(9), place(22)],
        detail:
          /score\.py:20 keeps the loop waiting for 6\.00 ms, 60 % .*Without workers .* 5\.00 ms of it for items \(score\.py:9\), 1\.00 ms/,
      },
    },
    {
      name: 'workers that are started for each prediction',
      given: given({ workers: 2, startMs: 5, waitMs: 1, collateMs: null }),
      expect: { timeMs: 6, detail: /5\.00 ms of it starts and ends 2 workers, 1 time\. .*persistent_workers=True/ },
    },
    {
      name: 'workers that are too slow',
      given: given({ workers: 2, persistent: true, collateMs: null }),
      expect: { detail: /2 workers are not fast enough/ },
    },
    {
      name: 'pinned memory without a GPU, on top',
      given: given({ pinned: true }),
      expect: { timeMs: 6, detail: /pin_memory=True does nothing without a GPU\.$/ },
    },
    {
      name: 'pinned memory without a GPU alone is a note',
      given: given({ pinned: true, waitMs: 0.1 }),
      expect: { title: 'Pinned memory has no use without a GPU', timeMs: 0, wouldSaveMs: 0, places: [place(20)] },
    },
  ],
  clear: [
    { name: 'batches that take 4 % of the time', given: given({ waitMs: 0.4 }) },
    { name: 'pinned memory with a GPU', given: given({ pinned: true, gpu: true, waitMs: 0.1 }) },
  ],
  doesNotApply: [{ name: 'no loader', given: given(null) }],
})
