import { normal } from '@whyslow/graph/random.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { describe, expect, test } from 'vitest'
import { changed, graphNode, graphOf, tensorsOf } from '../../test/support/outputs/example-joined.ts'
import type { Results } from '../engines/types.ts'
import { compareOutputs } from './compare.ts'
import type { AllowedLoss } from './verdict.ts'
import { DEFAULT_LOSS_LIMITS, verdict } from './verdict.ts'

const judged = (
  original: readonly Results[],
  candidate: readonly Results[],
  graph?: GraphView,
  limits: AllowedLoss = DEFAULT_LOSS_LIMITS,
) => {
  const agreement = compareOutputs(original, candidate, { graph })
  return {
    exact: verdict(agreement, 'exact', null),
    rounding: verdict(agreement, 'rounding', null),
    approximate: verdict(agreement, 'approximate', limits),
    agreement,
  }
}

/** Boxes of 0 to 640 in four rows, scores of 0 to 1 in the others. */
const detections = (rows: number, anchors: number) =>
  tensorsOf([1, rows, anchors], ([, row], random) => random() * (row! < 4 ? 640 : 1))

describe('boxes and scores in one output', () => {
  const anchors = 100
  const original = detections(6, anchors)
  const isScore = (place: number) => place >= 4 * anchors

  test('scores that are gone are refused', () => {
    const { approximate, agreement } = judged(
      original,
      changed(original, (x, place) => (isScore(place) ? 0 : x)),
    )
    expect(approximate).toEqual({ ok: false, reason: "cosine of the worst output 0 ('y' at 4-5 of axis 1), below 0.995" })
    expect(agreement).toMatchObject({ cosine: 0, outputs: [{ apart: { cosine: { value: 0 } } }] })
    expect(verdict(agreement, 'approximate', 0.01).ok).toBe(false)
  })

  test('scores that are off are no rounding', () => {
    const { exact, rounding } = judged(
      original,
      changed(original, (x, place) => (isScore(place) ? x + 0.05 : x)),
    )
    expect([exact.ok, rounding.ok]).toEqual([false, false])
    const slight = judged(
      original,
      changed(original, (x, place) => (isScore(place) ? x + 5e-3 : x)),
    )
    expect(slight.rounding.reason).toMatch(
      /^the output 'y' differs by 0\.005 at 4-5 of axis 1, 0\.004\d* of the range there \(1\.25\), more than the 1e-4 of rounding$/,
    )
  })

  test('scores that shrink are refused, which a cosine does not see', () => {
    const { approximate } = judged(
      original,
      changed(original, (x, place) => (isScore(place) ? x / 2 : x)),
    )
    expect(approximate.reason).toMatch(/^cosine of the worst output 0\.894 \('y' at 4-5 of axis 1\)/)
  })

  test('as the usual export has it: [1, 84, 8400], one class of eighty gone', () => {
    const big = detections(84, 8400)
    const gone = changed(big, (x, place) => (Math.floor(place / 8400) === 20 ? 0 : x))
    expect(judged(big, gone).approximate).toMatchObject({ ok: false, reason: expect.stringMatching(/at 20 of axis 1/) })
    // Boxes off by half a pixel and scores by 2 % of 1 are what int8 gives.
    const fine = changed(big, (x, place, random) => x + (random() - 0.5) * (place < 4 * 8400 ? 1 : 0.04))
    expect(judged(big, fine).approximate.ok).toBe(true)
  })

  test.each([
    ['rows', [1, 100, 6], 2],
    ['columns', [1, 6, 100], 1],
    ['no batch', [6, 100], 0],
    ['an image', [1, 6, 10, 10], 1],
  ])('%s', (_, shape, axis) => {
    const all = tensorsOf(shape, (place, random) => random() * (place[axis]! < 4 ? 640 : 1))
    const gone = tensorsOf(shape, (place, random) => random() * (place[axis]! < 4 ? 640 : 0))
    expect(judged(all, gone).approximate.ok).toBe(false)
    expect(
      judged(
        all,
        changed(all, (x) => x * (1 + 1e-6)),
      ).rounding.ok,
    ).toBe(true)
  })
})

test('targets in several units, one number each a sample', () => {
  const units = [1e5, 1, 0.01]
  const original = tensorsOf([1, 3], ([, k], random) => units[k!]! * (1 + random()), 20)
  expect(
    judged(
      original,
      changed(original, (x, k) => (k === 2 ? 0 : x)),
    ).approximate.ok,
  ).toBe(false)
  expect(
    judged(
      original,
      changed(original, (x, k) => (k === 1 ? x * 0.8 : x)),
    ).approximate.ok,
  ).toBe(false)
  expect(
    judged(
      original,
      changed(original, (x, _, random) => x * (1 + (random() - 0.5) * 0.05)),
    ).approximate.ok,
  ).toBe(true)
})

test('[h; c]: the graph joins two states of like size', () => {
  const graph = graphOf([graphNode('Concat', ['h', 'c'], 'y', { axis: 1 })], { h: [1, 8], c: [1, 24] })
  const original = tensorsOf([1, 32], ([, k], random) => (random() - 0.5) * (k! < 8 ? 0.5 : 2), 4)
  const { approximate, agreement } = judged(
    original,
    changed(original, (x, k) => (k < 8 ? 0 : x)),
    graph,
  )
  // Not scores of 32 classes, and c alone would keep a cosine of 0.99.
  expect(agreement.outputs[0]!.meaning).toBe('values')
  expect(approximate.reason).toBe("cosine of the worst output 0 ('y' where it joins 'h'), below 0.995")
  expect(
    judged(
      original,
      original.map((one) => one),
      graph,
    ).rounding.reason,
  ).toBe('outputs equal bit for bit')
})

describe('what holds nothing must not decide', () => {
  const rounding = (x: number, _: number, random: () => number) => x * (1 + (random() - 0.5) * 1e-6)

  test.each([
    ['zero', 0, 1e-7],
    ['a leftover of rounding', 3e-8, 3e-8],
    ['subnormal numbers', 1e-40, 1e-40],
    ['a constant', 1e-3, 0],
  ])('a padding channel: %s', (_, size, off) => {
    const original = tensorsOf([1, 16, 50], ([, row], random) =>
      row === 15 ? size * (size === 1e-3 ? 1 : random()) : random() - 0.5,
    )
    const candidate = changed(original, (x, place, random) =>
      place >= 750 ? x + (random() - 0.5) * off : rounding(x, 0, random),
    )
    const all = judged(original, candidate)
    expect([all.exact, all.rounding, all.approximate].map(({ ok }) => ok)).toEqual([true, true, true])
  })

  test('a padding channel that comes to hold something is refused', () => {
    const original = tensorsOf([1, 16, 50], ([, row], random) => (row === 15 ? 0 : random() - 0.5))
    const candidate = changed(original, (x, place) => (place >= 750 ? 1e-3 : x))
    const all = judged(original, candidate)
    expect([all.rounding, all.approximate].map(({ ok }) => ok)).toEqual([false, false])
  })

  test('features of one vector of like size are one quantity, also if an outlier is not', () => {
    const original = tensorsOf([1, 64, 96], ([, , k], random) => (random() - 0.5) * (k === 40 ? 60 : 0.3 + (k! % 7) / 5))
    const graph = graphOf([graphNode('LayerNormalization', ['h', 'g'], 'y')])
    const noisy = changed(original, (x, place, random) => x + (random() - 0.5) * (place % 96 === 40 ? 1 : 0.04))
    expect(judged(original, noisy, graph).approximate.ok).toBe(true)
    const gone = changed(original, (x, place) => (place % 96 === 40 ? x : 0))
    expect(judged(original, gone).approximate.ok).toBe(false)
    const { reason } = judged(original, gone, graph).approximate
    expect(reason).toMatch(/\('y' at 0-39, 41-95 of axis 2\)/)
  })

  test('rows of a table are no quantities, near zero as they may be', () => {
    const original = tensorsOf([200, 1], (_, random) => (random() - 0.5) ** 3)
    expect(
      judged(
        original,
        changed(original, (x, _, random) => x + (random() - 0.5) * 1e-6),
      ).rounding.ok,
    ).toBe(true)
  })
})

/** The whole output on 255 steps from its least to its largest, as int8 with one scale has it. */
function on255Steps(results: readonly Results[]): Results[] {
  const [low, high] = results.reduce(
    ([least, most], { y }) => {
      const values = y!.data as Float32Array
      return [values.reduce((a, b) => Math.min(a, b), least), values.reduce((a, b) => Math.max(a, b), most)]
    },
    [0, 0],
  )
  const step = (high - low) / 255
  const zero = Math.round(low / step)
  return changed(results, (x) => (Math.min(255, Math.max(0, Math.round(x / step) - zero)) + zero) * step)
}

describe('8 bits for all of one quantity are no damage', () => {
  const weights = { dtype: 'float32', sizeBytes: 0, from: 'initializer', isGraphInput: false } as const
  const endsIn = (opType: string): GraphView => ({
    ...graphOf([graphNode(opType, ['a', 'w'], 'b'), graphNode('Relu', ['b'], 'y')]),
    constants: { w: { ...weights, name: 'w', shape: [8, 8] } },
  })
  /** A size by place, from 1 to 0.001, in no order. */
  const spread = (k: number) => 10 ** ((-3 * ((k * 37) % 64)) / 64)

  test.each<[string, readonly number[], (place: readonly number[]) => number, GraphView?]>([
    ['silent frames', [1, 80, 100], ([, , frame]) => (frame! < 20 ? 0.03 : 1)],
    ['silent frames of a short recording', [1, 80, 50], ([, , frame]) => (frame! < 20 ? 0.03 : 1), endsIn('Conv')],
    ['silent frames before features', [1, 50, 80], ([, frame]) => (frame! < 20 ? 0.03 : 1), endsIn('MatMul')],
    ['dark bars', [1, 3, 64, 64], ([, , row]) => (row! < 10 || row! >= 54 ? 0.02 : 1)],
    ['black bars', [1, 3, 64, 64], ([, , , column]) => (column! < 10 || column! >= 54 ? 0.001 : 1)],
    ['black bars, channels last', [1, 64, 64, 3], ([, row]) => (row! < 10 ? 0.001 : 1)],
    ['black bars, not square', [1, 64, 14, 18], ([, , , column]) => (column! < 3 ? 0.001 : 1), endsIn('Conv')],
    ['one small channel', [1, 64, 14, 14], ([, channel]) => (channel === 5 ? 0.01 : 1)],
    ['small channels here and there', [1, 64, 14, 14], ([, channel]) => (channel! % 13 === 5 ? 0.01 : 1)],
    ['two small channels of a few', [1, 16, 14, 14], ([, channel]) => (channel === 3 || channel === 9 ? 0.01 : 1)],
    ['channels of all sizes', [1, 64, 14, 14], ([, channel]) => spread(channel!)],
    ['features of all sizes', [1, 16, 64], ([, , feature]) => spread(feature!), endsIn('LayerNormalization')],
    ['one small row of a batch', [16, 8], ([row]) => (row === 3 ? 0.03 : 1)],
    ['one small row of a short batch', [4, 9], ([row]) => (row === 3 ? 0.001 : 1), endsIn('Gemm')],
    ['one small sample of a batch of images', [4, 3, 32, 32], ([sample]) => (sample === 2 ? 0.001 : 1)],
  ])('%s', (_, shape, size, graph) => {
    const original = tensorsOf(shape, (place, random) => size(place) * normal(random), 8)
    expect(judged(original, on255Steps(original), graph).approximate).toMatchObject({ ok: true })
  })

  test('one of two joined heads sees nothing in one sample', () => {
    const graph = graphOf([graphNode('Concat', ['near', 'far'], 'y', { axis: 1 })], { near: [1, 60, 6] })
    const original = tensorsOf([1, 80, 6], ([, row], random, sample) => (row! >= 60 && sample === 1 ? 0.001 : 1) * random(), 8)
    expect(judged(original, on255Steps(original), graph).approximate).toMatchObject({ ok: true })
  })

  test('a class that no sample shows, among scores that Sigmoid makes', () => {
    const graph = graphOf([graphNode('Sigmoid', ['l'], 'y')])
    const original = tensorsOf([1, 200, 20], ([, , k], random) => (k === 7 ? 0.001 : 1) * random(), 8)
    expect(judged(original, on255Steps(original), graph).approximate).toMatchObject({ ok: true })
  })

  test.each<[string, readonly number[], (place: readonly number[]) => number, GraphView?]>([
    ['boxes and scores', [1, 84, 2100], ([, row]) => (row! < 4 ? 640 : 1)],
    ['boxes and scores, transposed', [1, 2100, 84], ([, , row]) => (row! < 4 ? 640 : 1)],
    ['boxes and the score of one class', [1, 5, 2100], ([, row]) => (row! < 4 ? 640 : 1)],
    ['places and confidences in turns', [1, 51, 100], ([, row]) => (row! % 3 < 2 ? 640 : 1)],
    ['a box, its score, places and confidences in turns', [1, 56, 100], ([, row]) => (row! >= 4 && row! % 3 === 1 ? 1 : 640)],
    ['a head by anchors', [1, 3, 20, 20, 85], ([, , , , k]) => (k! < 4 ? 640 : 1)],
    ['columns of several units', [1, 3], ([, k]) => [1e5, 1, 0.01][k!]!],
    ['rows of columns of several units', [40, 3], ([, k]) => [1e5, 1, 0.01][k!]!],
    [
      'two states on the first axis',
      [2, 1, 32],
      ([state]) => (state === 0 ? 0.005 : 1),
      graphOf([graphNode('Concat', ['h', 'c'], 'y', { axis: 0 })], { h: [1, 1, 32] }),
    ],
    [
      'heads joined and transposed',
      [1, 50, 6],
      ([, , k]) => (k! < 4 ? 640 : 1),
      graphOf(
        [
          graphNode('Reshape', ['p', 'rows'], 'boxes'),
          graphNode('Concat', ['boxes', 's'], 'j', { axis: 1 }),
          graphNode('Transpose', ['j'], 'y', { perm: [0, 2, 1] }),
        ],
        { boxes: [1, 4, 50] },
      ),
    ],
    [
      'one joined row among many',
      [1, 64, 50],
      ([, row]) => (row === 63 ? 0.002 : 1),
      graphOf([graphNode('Concat', ['f', 'd'], 'y', { axis: 1 })], { f: [1, 63, 50] }),
    ],
  ])('of several they are: %s', (_, shape, size, graph) => {
    const original = tensorsOf(shape, (place, random) => size(place) * random(), shape.length === 2 ? 20 : 2)
    expect(judged(original, on255Steps(original), graph).approximate).toMatchObject({ ok: false })
  })
})

describe('shares of 1', () => {
  const graph = graphOf([graphNode('Sigmoid', ['l'], 'y')])
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
  const logit = (x: number) => Math.log(x / (1 - x))

  /** Scores that say no to everything: none is above 4e-5. */
  const faint = tensorsOf([1, 400, 1], (_, random) => sigmoid(-11.5 + 1.3 * random()))
  const by = (off: number) => changed(faint, (x, _, random) => sigmoid(logit(x) + off * (random() - 0.5)))

  test('below 1e-4 everywhere: the noise of another engine is no loss', () => {
    const { agreement, approximate } = judged(faint, by(1.2), graph)
    expect(approximate.ok).toBe(true)
    expect(agreement.cosine).toBe(1)
    // Without the graph nobody knows that they are shares.
    expect(judged(faint, by(1.2)).agreement.cosine).toBeLessThan(0.96)
  })

  test('below 1e-4 everywhere, and gone: refused', () => {
    expect(
      judged(
        faint,
        changed(faint, () => 0),
        graph,
      ).approximate.ok,
    ).toBe(false)
  })

  test('rounding of what is summed before Sigmoid is rounding', () => {
    // 1e-5 of logits of 12 moves what they give by 1.2e-4 of itself.
    expect(judged(faint, by(2.4e-4), graph).rounding.ok).toBe(true)
    // 0.5 % of 4e-5 is far below what any decision sees; 2 % are more than 1 % of what is there.
    expect(judged(faint, by(1e-2), graph).rounding.ok).toBe(true)
    expect(judged(faint, by(4e-2), graph).rounding.ok).toBe(false)
    expect(judged(faint, by(4e-2)).rounding.ok).toBe(false)
    expect(judged(faint, by(1e-2)).rounding.ok).toBe(false)
  })

  test('joined with boxes: the same', () => {
    const joined = graphOf([graphNode('Sigmoid', ['l'], 's'), graphNode('Concat', ['b', 's'], 'y', { axis: 1 })], {
      b: [1, 4, 100],
    })
    const original = tensorsOf([1, 6, 100], ([, row], random) => (row! < 4 ? 640 * random() : sigmoid(-11.5 + 1.3 * random())))
    const scores = (change: (x: number, random: () => number) => number) =>
      judged(
        original,
        changed(original, (x, place, random) => (place < 400 ? x : change(x, random))),
        joined,
      )
    expect(scores((x, random) => sigmoid(logit(x) + 1.2 * (random() - 0.5))).approximate.ok).toBe(true)
    expect(scores((x) => x * (1 + 1e-5)).rounding.ok).toBe(true)
    expect(scores((x) => x * 1.5).rounding.ok).toBe(false)
    expect(scores(() => 0).approximate.reason).toMatch(/where it joins/)
  })

  test('a class that a detector hardly ever sees, and sees no more, is refused', () => {
    // Faces in 20 of 4000 places: another decision in half a hundredth, and a cosine of 0.996.
    const two = (face: (place: number) => number) =>
      tensorsOf([1, 4000, 2], ([, place, k]) => (k === 1 ? face(place!) : 1 - face(place!)))
    const original = two((place) => (place % 200 === 0 ? 0.9 : 0.01))
    const named = (results: readonly Results[]) => results.map(({ y }) => ({ scores: y! }))
    const agreement = compareOutputs(named(original), named(two((place) => (place % 200 === 0 ? 0.02 : 0.01))))
    expect(agreement.top1).toBe(0.995)
    expect(verdict(agreement, 'approximate', 0.01)).toEqual({
      ok: false,
      reason: "20 of the 20 scores of 0.5 or more in 'scores' are below 0.25 in one of the two",
    })
  })
})

test('whole numbers and lists of selected rows are compared as they were', () => {
  const ints = (off: number): Results[] => [
    { y: { dtype: 'int64', shape: [1, 2, 8], data: BigInt64Array.from({ length: 16 }, (_, k) => BigInt(k < 8 ? 1000 : off)) } },
  ]
  expect(compareOutputs(ints(1), ints(2)).outputs[0]).not.toHaveProperty('apart')
})
