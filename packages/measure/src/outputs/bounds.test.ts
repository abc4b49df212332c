import { describe, expect, test } from 'vitest'
import { changed, graphNode, graphOf, tensorsOf } from '../../test/support/outputs/example-joined.ts'
import type { Results } from '../engines/types.ts'
import { boundsOf } from './bounds.ts'
import { compareOutputs } from './compare.ts'
import { makersOf } from './joined-parts.ts'
import { DEFAULT_LOSS_LIMITS, verdict } from './verdict.ts'

const weights = { dtype: 'float32', sizeBytes: 4, from: 'initializer', isGraphInput: false, shape: [] } as const
const constants = {
  low: { ...weights, name: 'low', values: [-2] },
  high: { ...weights, name: 'high', values: [5] },
  lowest: { ...weights, name: 'lowest', values: [-65504] },
  highest: { ...weights, name: 'highest', values: [65504] },
}

describe('what the graph bounds', () => {
  const bounds = (...nodes: Parameters<typeof graphNode>[]) => {
    const graph = { ...graphOf(nodes.map((node) => graphNode(...node))), constants }
    return boundsOf({ graph, makers: makersOf(graph) }, nodes.at(-1)![2])
  }
  const yesNo = { low: 0, high: 1, isShare: true, isYesNo: true }
  const share = { ...yesNo, isYesNo: false }

  test.each<[string, Parameters<typeof graphNode>[], unknown]>([
    ['Sigmoid', [['Sigmoid', ['x'], 'y']], yesNo],
    [
      'behind a reshape, a transpose and a slice',
      [
        ['HardSigmoid', ['x'], 'a'],
        ['Reshape', ['a', 's'], 'b'],
        ['Transpose', ['b'], 'c'],
        ['Slice', ['c', 's'], 'y'],
      ],
      yesNo,
    ],
    ['Softmax', [['Softmax', ['x'], 'y']], share],
    [
      'an objectness times a class',
      [
        ['Sigmoid', ['x'], 'a'],
        ['Softmax', ['z'], 'b'],
        ['Mul', ['a', 'b'], 'y'],
      ],
      yesNo,
    ],
    [
      'joined scores',
      [
        ['Sigmoid', ['x'], 'a'],
        ['Sigmoid', ['z'], 'b'],
        ['Concat', ['a', 'b'], 'y'],
      ],
      yesNo,
    ],
    [
      'joined with what has no bounds',
      [
        ['Sigmoid', ['x'], 'a'],
        ['Concat', ['a', 'x'], 'y'],
      ],
      null,
    ],
    ['Tanh', [['Tanh', ['x'], 'y']], { low: -1, high: 1, isShare: false, isYesNo: false }],
    ['Clip', [['Clip', ['x', 'low', 'high'], 'y']], { low: -2, high: 5, isShare: false, isYesNo: false }],
    ['Clip by attributes', [['Clip', ['x'], 'y', { min: 0, max: 6 }]], { low: 0, high: 6, isShare: false, isYesNo: false }],
    [
      'Clip of a score',
      [
        ['Sigmoid', ['x'], 'a'],
        ['Clip', ['a'], 'y', { min: 0, max: 1 }],
      ],
      yesNo,
    ],
    ['Clip against overflow', [['Clip', ['x', 'lowest', 'highest'], 'y']], null],
    [
      'SiLU',
      [
        ['Sigmoid', ['x'], 'a'],
        ['Mul', ['x', 'a'], 'y'],
      ],
      null,
    ],
    [
      'the logarithm of a share',
      [
        ['Softmax', ['x'], 'a'],
        ['Log', ['a'], 'y'],
      ],
      null,
    ],
    ['LogSoftmax', [['LogSoftmax', ['x'], 'y']], null],
    [
      'a box in pixels',
      [
        ['Sigmoid', ['x'], 'a'],
        ['Mul', ['a', 'high'], 'y'],
      ],
      null,
    ],
  ])('%s', (_, nodes, expected) => expect(bounds(...nodes)).toEqual(expected))
})

test('a value that many operators read is looked at once', () => {
  const joins = Array.from({ length: 12 }, (_, k) => graphNode('Concat', Array<string>(64).fill(`j${k}`), `j${k + 1}`))
  const graph = graphOf([graphNode('Sigmoid', ['x'], 'j0'), ...joins])
  const makers = makersOf(graph)
  let looks = 0
  const counted = new Proxy(makers, {
    get: (map, key) => {
      if (++looks > 1000) throw new Error('a value is looked at again and again')
      const found: unknown = Reflect.get(map, key)
      return typeof found === 'function' ? found.bind(map) : found
    },
  })
  expect(boundsOf({ graph, makers: counted }, 'j12')).toMatchObject({ low: 0, high: 1, isYesNo: true })
})

const judged = (original: readonly Results[], candidate: readonly Results[], opType?: string) => {
  const graph = opType === undefined ? undefined : graphOf([graphNode(opType, ['x'], 'y')])
  const agreement = compareOutputs(original, candidate, { graph })
  return {
    rounding: verdict(agreement, 'rounding', null),
    kept: verdict(agreement, 'approximate', DEFAULT_LOSS_LIMITS),
    agreement,
  }
}

describe('scores that made-up inputs leave faint', () => {
  const faint = tensorsOf([1, 400, 1], (_, random) => 1e-5 * random())
  // A kernel that computes Sigmoid to a unit in the last place of 1.
  const unit = changed(faint, (x, _, random) => x + (random() - 0.5) * 2 ** -22)

  test('a unit in the last place of 1 is rounding where Sigmoid makes them, and nowhere else', () => {
    expect(judged(faint, unit, 'Sigmoid').rounding.ok).toBe(true)
    expect(judged(faint, unit).rounding.ok).toBe(false)
    expect(judged(faint, unit, 'Softmax').rounding.ok).toBe(false)
  })

  test('the scale is 1 where any decides', () => {
    const scores = tensorsOf([1, 400, 1], (_, random) => 0.3 * random())
    const { agreement, rounding } = judged(
      scores,
      changed(scores, (x, place) => x + (place === 7 ? 9e-5 : 0)),
      'Sigmoid',
    )
    expect(agreement.outputs[0]!.scale).toBe(1)
    expect(rounding.ok).toBe(true)
  })

  test('a head killed to zero, another head, and one half as large again are refused', () => {
    const small = tensorsOf([1, 400, 1], (_, random) => 2e-3 * random())
    for (const change of [() => 0, (_: number, place: number) => (2e-3 * ((place * 37) % 100)) / 100, (x: number) => 1.9 * x]) {
      const { rounding, kept } = judged(small, changed(small, change), 'Sigmoid')
      expect([rounding.ok, kept.ok]).toEqual([false, false])
    }
  })

  test('what is far below any decision is no loss, per sample', () => {
    // The second sample holds objects, the first and the third none.
    const mixed = tensorsOf([1, 400, 1], ([, k], random, sample) => (sample === 1 && k! < 9 ? 0.9 : 0.05 * random()), 3)
    const noisy = changed(mixed, (x, _, random) => (x < 0.1 ? x + 0.015 * (random() - 0.5) : x + 0.02 * (random() - 0.5)))
    expect(judged(mixed, noisy, 'Sigmoid').kept.ok).toBe(true)
    expect(judged(mixed, noisy).kept.ok).toBe(false)
    // 0.04 of the 0.25 that would decide.
    const further = changed(mixed, (x, _, random) => (x < 0.1 ? x + 0.04 * (random() - 0.5) * (x > 0.045 ? 2 : 0.1) : x))
    expect(judged(mixed, further, 'Sigmoid').kept.ok).toBe(false)
  })

  test('a Softmax over many places is not taken for noes', () => {
    const map = tensorsOf([1, 400, 1], (_, random) => 0.005 * random())
    const off = changed(map, (x, _, random) => x + 2e-3 * (random() - 0.5))
    expect(judged(map, off, 'Sigmoid').kept.ok).toBe(true)
    expect(judged(map, off, 'Softmax').kept.ok).toBe(false)
  })

  test.each<[string, number, Parameters<typeof graphOf>]>([
    ['alone', 2 / 22500, [[graphNode('Softmax', ['x'], 'y')]]],
    [
      'joined with what is larger',
      640,
      [
        [graphNode('Softmax', ['x'], 'a'), graphNode('Concat', ['a', 'b'], 'y', { axis: 1 })],
        { a: [1, 1, 150, 150], b: [1, 1, 150, 150] },
      ],
    ],
  ])('a map of Softmax over so many places that each is below 1e-4 is not taken for noes: %s', (_, other, graph) => {
    const map = tensorsOf([1, 2, 150, 150], ([, k], random) => (k === 0 ? 2 / 22500 : other) * random())
    const kept = (share: number) => {
      const off = changed(map, (x, place, random) => (place < 22500 ? x * (1 + 2 * share * (random() - 0.5)) : x * 1.001))
      return verdict(compareOutputs(map, off, { graph: graphOf(...graph) }), 'approximate', DEFAULT_LOSS_LIMITS).ok
    }
    expect([kept(0.05), kept(0.9)]).toEqual([true, false])
  })

  test('one such map of many that is gone is refused', () => {
    const maps = tensorsOf([1, 128, 30, 30], (_, random) => 1e-4 * random())
    const kept = (of: number) =>
      judged(
        maps,
        changed(maps, (x, place) => (Math.floor(place / 900) === 7 ? of * x : x)),
        'Softmax',
      ).kept.ok
    expect([kept(0.9), kept(0)]).toEqual([true, false])
  })
})

describe('samples in which nothing decides, of an output that decides in others', () => {
  /** The first sample decides. */
  const dark = (shape: readonly number[], of: (place: readonly number[], random: () => number) => number) =>
    tensorsOf(shape, (place, random, sample) => of(place, random) * (sample === 0 ? 40 : 1), 4)
  const onlyDark =
    (by: (x: number, place: number, random: () => number) => number) => (x: number, place: number, random: () => number) =>
      x > 0.02 ? x : by(x, place, random)

  test.each<[string, readonly number[], number]>([
    ['rates of a batch', [32, 1], 0.0105],
    ['a map of depths', [1, 1, 24, 24], 0.0105],
  ])('%s are compared by what they hold', (_, shape, mean) => {
    const original = dark(shape, (_place, random) => 0.001 + 0.019 * random())
    const rows = { name: 'x', kind: 'tensor', dtype: 'float32', shape: ['N', 8] } as const
    const graph = { ...graphOf([graphNode('Sigmoid', ['x'], 'y')]), inputs: [rows] }
    const kept = (by: (x: number, place: number, random: () => number) => number) =>
      verdict(compareOutputs(original, changed(original, onlyDark(by)), { graph }), 'approximate', DEFAULT_LOSS_LIMITS).ok
    expect([kept((x, _k, random) => x * (0.9 + 0.2 * random())), kept(() => mean), kept((x) => 0.021 - x)]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('scores with boxes for their rows are read by nobody there, and the sentence counts the samples', () => {
    const graph = graphOf([graphNode('Sigmoid', ['x'], 'y')])
    const scores = dark([1, 400, 1], (_place, random) => 0.001 + 0.019 * random())
    const boxes = tensorsOf([1, 400, 4], ([, row, side]) => row! + (side! < 2 ? 0 : 40), 4)
    const joined = (results: readonly Results[]) => results.map((one, k) => ({ ...one, boxes: boxes[k]!.y! }))
    const lost = changed(
      scores,
      onlyDark(() => 0),
    )
    const { ok, reason } = verdict(compareOutputs(joined(scores), joined(lost), { graph }), 'approximate', DEFAULT_LOSS_LIMITS)
    expect(ok).toBe(true)
    expect(reason).toMatch(/; no score of 'y' reaches 0\.25 in 3 samples$/)
    expect(verdict(compareOutputs(scores, lost, { graph }), 'approximate', DEFAULT_LOSS_LIMITS).ok).toBe(false)
  })

  test('of two joined parts, faint scores may move next to boxes, but not next to other scores', () => {
    const sizes = { a: [1, 4, 400], b: [1, 2, 400] }
    const kept = (other: string) => {
      const graph = graphOf(
        [graphNode(other, ['x'], 'a'), graphNode('Sigmoid', ['z'], 'b'), graphNode('Concat', ['a', 'b'], 'y', { axis: 1 })],
        sizes,
      )
      const original = tensorsOf(
        [1, 6, 400],
        ([, row, k], random, sample) =>
          row! < 4
            ? other === 'Conv'
              ? k! + (row! < 2 ? 1 : 41)
              : 0.3 + 0.6 * random()
            : (0.08 + 0.02 * random()) * (sample === 0 ? 7 : 1),
        4,
      )
      const moved = changed(original, (x) => (x <= 0.1 ? 0.18 - x : x))
      return verdict(compareOutputs(original, moved, { graph }), 'approximate', DEFAULT_LOSS_LIMITS).ok
    }
    expect([kept('Conv'), kept('Sigmoid')]).toEqual([true, false])
  })
})

test('an image that Clip bounds is as far off as a part of its range', () => {
  const dark = tensorsOf([1, 3, 20, 20], (_, random) => 0.5 * random())
  const off = changed(dark, (x, place) => x + (place === 7 ? 7e-5 : 0))
  const graph = { ...graphOf([graphNode('Clip', ['x'], 'y', { min: 0, max: 1 })]) }
  expect(verdict(compareOutputs(dark, off, { graph }), 'rounding', null).ok).toBe(true)
  expect(verdict(compareOutputs(dark, off), 'rounding', null).ok).toBe(false)
})

test('a sample with a few doubtful scores counts as much as they do', () => {
  const graph = graphOf([graphNode('Sigmoid', ['x'], 'y')])
  // Three maps full of finds, and one on which six places are doubtful.
  const maps = tensorsOf(
    [1, 1, 40, 40],
    ([, , row, k], random, sample) => (sample < 3 ? 0.6 + 0.4 * random() : row === 5 && k! < 6 ? 0.51 : 0.001),
    4,
  )
  const judged = (by: (x: number, place: number) => number) =>
    verdict(compareOutputs(maps, changed(maps, by), { graph }), 'approximate', 0.01)
  expect(judged((x, place) => (x === Math.fround(0.51) ? (place % 2 === 0 ? 0.2 : 0.5) : x)).ok).toBe(true)
  expect(judged((x) => (x > 0.9 ? 0.2 : x)).ok).toBe(false)
})
