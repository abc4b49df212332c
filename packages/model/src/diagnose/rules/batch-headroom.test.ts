import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { batchHeadroom } from './batch-headroom.ts'

const sweep = (points: readonly (readonly [at: number, p50Ms: number])[], fit: Sweep['fit'] = null): Sweep => ({
  dimension: 'batch',
  unit: 'samples',
  points: points.map(([at, p50Ms]) => ({ at, p50Ms, ciLowMs: 0.99 * p50Ms, ciHighMs: 1.01 * p50Ms })),
  fit,
  current: 1,
})

checkRule(batchHeadroom, {
  found: [
    {
      // 4 + 1 a sample: 5 alone, 1.25 each in 16, 1.03 each in 128; 16 is 21 % dearer than 128, so 128 it is: 1 - 1.03125/5
      name: 'a fixed cost that batches share',
      given: evidence({
        p50Ms: 5,
        batchSweep: sweep(
          [
            [1, 5],
            [16, 20],
            [128, 132],
          ],
          { fixedMs: 4, perUnitMs: 1 },
        ),
      }),
      expect: {
        wouldSaveMs: 3.96875,
        basis: 'measured',
        next: 'whyslow fix MODEL -o fast/ --for throughput',
        detail: /4\.00 ms a call \+ 1\.00 ms a sample/,
      },
    },
    {
      // few processes, wide intervals: 5 + 5 a sample is 10 alone and 5.625 each in 8, which the fit confirms
      name: 'intervals that overlap and a fit that sees the fixed cost',
      given: evidence({
        p50Ms: 10,
        batchSweep: {
          ...sweep([], { fixedMs: 5, perUnitMs: 5 }),
          points: [
            { at: 1, p50Ms: 10, ciLowMs: 5, ciHighMs: 15 },
            { at: 8, p50Ms: 45, ciLowMs: 30, ciHighMs: 90 },
          ],
        },
      }),
      expect: { wouldSaveMs: 4.375 },
    },
    {
      // 1.02 each in 8 and 1 each in 64: within 5 %, so the smaller batch, which waits less
      name: 'the smallest batch that is as cheap as the best',
      given: evidence({
        p50Ms: 2,
        batchSweep: sweep([
          [1, 2],
          [8, 8.16],
          [64, 64],
        ]),
      }),
      expect: { wouldSaveMs: 0.98, detail: /waits 8\.16 ms for its batch/ },
    },
    {
      // 1.06 each in 8 and 1 each in 64: more than 5 % above it, so the larger batch.
      name: 'a batch that is not quite as cheap as the best',
      given: evidence({
        p50Ms: 2,
        batchSweep: sweep([
          [1, 2],
          [8, 8.48],
          [64, 64],
        ]),
      }),
      expect: { wouldSaveMs: 1, detail: /waits 64\.0 ms for its batch/ },
    },
    {
      // 71.6 / 8 = 8.95 each instead of 10.
      name: 'a gain of 10.5 %',
      given: evidence({
        p50Ms: 10,
        batchSweep: sweep([
          [1, 10],
          [8, 71.6],
        ]),
      }),
      expect: { wouldSaveMs: 1.05 },
    },
  ],
  clear: [
    {
      name: 'cost that grows with the batch',
      given: evidence({
        batchSweep: sweep([
          [1, 10],
          [8, 82],
        ]),
      }),
    },
    {
      // a point that was lucky: 6 each in 8, while the fit has 10 each and nothing fixed
      name: 'intervals that overlap and a fit that sees no fixed cost',
      given: evidence({
        batchSweep: {
          ...sweep([], { fixedMs: 0, perUnitMs: 10 }),
          points: [
            { at: 1, p50Ms: 10, ciLowMs: 5, ciHighMs: 15 },
            { at: 8, p50Ms: 48, ciLowMs: 30, ciHighMs: 90 },
          ],
        },
      }),
    },
    {
      name: 'a gain of 8 %',
      given: evidence({
        batchSweep: sweep([
          [1, 10],
          [8, 73.6],
        ]),
      }),
    },
    {
      // 72.4 / 8 = 9.05 each instead of 10.
      name: 'a gain of 9.5 %',
      given: evidence({
        batchSweep: sweep([
          [1, 10],
          [8, 72.4],
        ]),
      }),
    },
  ],
  notChecked: [{ name: 'no point at the batch in use', given: evidence({ batchSweep: sweep([[8, 10]]) }) }],
})
