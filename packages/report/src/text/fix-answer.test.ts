import { describe, expect, test } from 'vitest'
import type { TrialRow } from '../documents/trial-row.ts'
import { fixAnswer, speedupRange } from './fix-answer.ts'

type Fix = Parameters<typeof fixAnswer>[0]

const fix = (rest: Partial<Fix> = {}): Fix => ({
  goal: 'latency',
  unit: 'ms',
  before: 41.3,
  after: 14.9,
  speedup: 2.77,
  speedupLow: 2.6,
  speedupHigh: 2.9,
  proven: true,
  kept: ['conv-batchnorm', 'thread-count 1'],
  changes: ['12 batch normalizations folded', 'one thread'],
  outputs: 'outputs equal to 1e-5',
  untried: [],
  shipped: 'fast',
  machineBound: false,
  ...rest,
})

const trial = (id: string, rest: Partial<TrialRow> = {}): TrialRow => ({
  remedies: [id],
  name: id,
  outcome: 'no-difference',
  kept: false,
  reason: null,
  beforeMs: null,
  afterMs: null,
  speedup: null,
  speedupLow: null,
  speedupHigh: null,
  pairs: null,
  predictedSpeedup: null,
  lookedSpeedup: null,
  refused: null,
  took: null,
  changes: [],
  agreement: null,
  sizeBytes: null,
  peakBytes: null,
  ...rest,
})

const kept = [
  trial('conv-batchnorm', { kept: true, outcome: 'faster' }),
  trial('thread-count', { kept: true, outcome: 'faster' }),
]

describe('the sentence that ends fix', () => {
  test('says before, after, how sure, how right, and what did it', () => {
    expect(fixAnswer(fix(), kept)).toBe(
      'Latency per prediction: 41.3 ms to 14.9 ms (2.6–2.9×), outputs equal to 1e-5. Changes: 12 batch normalizations folded, one thread.',
    )
  })

  test('what may not be kept was looked at, and not no gain from', () => {
    const refused = trial('engine-choice', { outcome: 'rejected', lookedSpeedup: 1.5 })
    const slow = trial('engine-choice', { lookedSpeedup: 0.7 })
    expect(fixAnswer(fix(), [...kept, refused, slow])).not.toContain('in vain')
    const judged = trial('engine-choice', { outcome: 'slower', pairs: 3 })
    expect(fixAnswer(fix(), [...kept, refused, judged])).toContain('no gain from: engine-choice.')
    expect(fixAnswer(fix(), [...kept, slow])).toContain('no gain from: engine-choice.')
  })

  test('names what was no gain from once, and no remedy of which a variant was kept', () => {
    const trials = [
      trial('spinning'),
      trial('thread-count', { name: 'thread-count 2' }),
      ...kept,
      trial('spinning'),
      trial('float16'),
    ]
    expect(fixAnswer(fix(), trials)).toMatch(/one thread; no gain from: spinning, float16\.$/)
  })

  test('says so where nothing is proven, also where something looked faster', () => {
    const unproven = fix({ proven: false, kept: [], changes: [], after: 41.3, speedup: 1, speedupLow: 1, speedupHigh: 1 })
    expect(fixAnswer(unproven, [trial('spinning', { outcome: 'faster' })])).toBe(
      'Latency per prediction stays at 41.3 ms: nothing that was tried is proven better, so your model and settings are unchanged; no gain from: spinning.',
    )
    expect(fixAnswer(unproven, [])).toMatch(/settings are unchanged\.$/)
  })

  test.each([
    ['latency', 'Latency per prediction: 41.3 ms'],
    ['throughput', 'Time per sample in a batch: 41.3 ms'],
    ['load-time', 'Time from load to the first result: 41.3 ms'],
  ] as const)('%s', (goal, begins) => {
    expect(fixAnswer(fix({ goal }), kept).startsWith(begins)).toBe(true)
  })

  test('speaks of bytes in their own unit, and of the share that is gone', () => {
    // A quarter of 104857600 is left.
    const bytes = { unit: 'bytes', before: 104857600, after: 26214400 } as const
    expect(fixAnswer(fix({ ...bytes, goal: 'size' }), kept)).toMatch(/^Model size on disk: 105 MB to 26\.2 MB \(75 % less\), /)
    expect(fixAnswer(fix({ ...bytes, goal: 'memory' }), kept)).toMatch(/^Peak memory: 105 MB to 26\.2 MB/)
    expect(fixAnswer(fix({ ...bytes, goal: 'size', proven: false }), [])).toMatch(/^Model size on disk stays at 105 MB: /)
  })

  test('tells of the conversion apart from what was tried on the converted model', () => {
    const changes = ['the model converted to ONNX for ort-cpu, instead of LiteRT with the file as it is']
    const converted = trial('conversion', { kept: true, beforeMs: 80, afterMs: 41.3, speedupLow: 1.9, speedupHigh: 2, changes })
    expect(fixAnswer(fix(), [converted, ...kept])).toMatch(
      /one thread\. Before that, by the model converted to ONNX for ort-cpu, instead of LiteRT with the file as it is: 80\.0 ms to 41\.3 ms \(1\.90–2\.0×\)\.$/,
    )
  })

  test('tells of preprocessing apart from the rest', () => {
    const moved = trial('preprocessing', { kept: true, beforeMs: 50, afterMs: 20, speedupLow: 2.4, speedupHigh: 2.6 })
    expect(fixAnswer(fix(), [...kept, moved])).toMatch(
      /one thread\. With the code in front of the model moved into it: 50\.0 ms to 20\.0 ms \(2\.4–2\.6×\)\.$/,
    )
    const stays = trial('preprocessing', { outcome: 'rejected', reason: 'outputs differ by 0.5 of their range' })
    expect(fixAnswer(fix(), [...kept, stays])).toMatch(
      /one thread\. The preprocessing stays in your code: outputs differ by 0\.5 of their range\.$/,
    )
  })
})

test.each([
  [2.61, 2.94, '2.6–2.9×'],
  [1.234, 1.288, '1.23–1.29×'],
  [1.96, 2.04, '1.96–2.0×'],
  [2.61, 2.62, '2.6×'],
  [12.2, 13.4, '12–13×'],
  [0.984, 1.02, '0.984–1.02×'],
  [0.01, 9.9, '0.0100–9.9×'],
  [1.29, 2899152, 'at least 1.29×'],
  [6.76e-11, 10157277, 'rounds differ too much to tell'],
  [6.76e-11, 0.5, 'at most 0.500×'],
])('a speed-up of %d to %d is %s', (low, high, text) => {
  expect(speedupRange(low, high)).toBe(text)
})
