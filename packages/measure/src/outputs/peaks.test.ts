import { describe, expect, test } from 'vitest'
import { graphNode, graphOf, tensorsOf } from '../../test/support/outputs/example-joined.ts'
import type { Results } from '../engines/types.ts'
import { compareOutputs } from './compare.ts'
import { DEFAULT_LOSS_LIMITS, verdict } from './verdict.ts'

const SIDE = 64
const graph = graphOf([graphNode('Conv', ['x', 'w'], 'y')])
const bump = (row: number, column: number, [y, x]: readonly [number, number], sigma = 2) =>
  Math.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * sigma ** 2))
const centre = (k: number, sample: number) => [10 + 2 * k, 50 - 2 * k - sample] as const
const named = (name: string, results: readonly Results[]): Results[] => results.map(({ y }) => ({ [name]: y! }))

/** Seventeen keypoints in each of two samples; `of` changes a value. */
const maps = (of: (x: number, k: number, row: number, column: number) => number, moved = 0, last = false) =>
  tensorsOf(
    last ? [1, SIDE, SIDE, 17] : [1, 17, SIDE, SIDE],
    (place, _, sample) => {
      const [k, row, column] = last ? [place[3]!, place[1]!, place[2]!] : [place[1]!, place[2]!, place[3]!]
      const [y, x] = centre(k, sample)
      return of(bump(row, column, [y, x + (k % 2) * moved]), k, row, column)
    },
    2,
  )

const judged = (before: readonly Results[], after: readonly Results[], of = graph) => {
  const agreement = compareOutputs(before, after, { graph: of })
  return { ...verdict(agreement, 'approximate', DEFAULT_LOSS_LIMITS), peaks: agreement.peaks }
}

describe.each([
  ['a map for each keypoint', false],
  ['keypoints on the last axis', true],
])('%s', (_, last) => {
  const conv = graphOf([
    graphNode('Conv', ['x', 'w'], last ? 'c' : 'y'),
    ...(last ? [graphNode('Transpose', ['c'], 'y', { perm: [0, 2, 3, 1] })] : []),
  ])
  const plain = maps((x) => x, 0, last)

  test('noise far from the peaks is kept, which a cosine refuses', () => {
    const noisy = maps((x, k, row, column) => x + 0.012 * Math.sin(row * 3 + column * 7 + k) * (x < 0.1 ? 1 : 0), 0, last)
    const { ok, reason, peaks } = judged(plain, noisy, conv)
    expect(compareOutputs(plain, noisy, { graph: conv }).cosine).toBeLessThan(0.995)
    expect(reason).toMatch(/; 34 of 34 peaks of 'y' within 1\/64 of the map's side$/)
    expect(ok).toBe(true)
    expect(peaks).toMatchObject([{ output: 'y', seen: 34, moved: 0, farthest: 0 }])
  })

  test('peaks that move by two cells are refused, and so are peaks half as high', () => {
    expect(
      judged(
        plain,
        maps((x) => x, 2, last),
        conv,
      ),
    ).toMatchObject({ ok: false, peaks: [{ moved: 16, farthest: 2 / 64 }] })
    expect(
      judged(
        plain,
        maps((x, k) => (k % 2 ? x / 2 : x), 0, last),
        conv,
      ).ok,
    ).toBe(false)
  })
})

test('wide maps, of which a cosine does not see that the peaks move', () => {
  const wide = (moved: number) =>
    named(
      'heatmaps',
      tensorsOf([1, 17, SIDE, SIDE], ([, k, row, column]) => bump(row!, column!, [30 + k!, 32 + moved], 30), 1),
    )
  const before = wide(0)
  expect(compareOutputs(before, wide(3), { graph }).cosine).toBeGreaterThan(0.995)
  expect(judged(before, wide(3))).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^17 of the 17 peaks of 'heatmaps' move/),
  })
  expect(judged(before, wide(1)).ok).toBe(true)
})

test('a peak that the candidate alone has, or no longer has, has moved', () => {
  const lacking = maps((x, k) => (k < 3 ? 0.05 * x : x))
  const whole = maps((x) => x)
  for (const [before, after] of [
    [lacking, whole],
    [whole, lacking],
  ] as const)
    expect(judged(named('heatmaps', before), named('heatmaps', after))).toMatchObject({
      ok: false,
      peaks: [{ seen: 34, moved: 6, farthest: 0 }],
    })
  // Just above a quarter of the highest in one of the two, and just below it in the other.
  const low = maps((x, k) => (k < 3 ? 0.26 * x : x))
  const lower = maps((x, k) => (k < 3 ? 0.245 * x : x))
  expect(judged(named('heatmaps', low), named('heatmaps', lower))).toMatchObject({ ok: true, peaks: [{ seen: 34, moved: 0 }] })
})

/** Two objects of each class, of these heights. */
const objects = (name: string, left: number, right: number) =>
  named(
    name,
    tensorsOf(
      [1, 10, SIDE, SIDE],
      ([, k, row, column]) => left * bump(row!, column!, [12 + 3 * k!, 12]) + right * bump(row!, column!, [12 + 3 * k!, 50]),
      1,
    ),
  )

test.each(['hm', 'heatmaps'])('%s: which of two objects about as high is the higher one does not count', (name) => {
  expect(judged(objects(name, 0.91, 0.9), objects(name, 0.9, 0.91))).toMatchObject({ ok: true, peaks: [{ seen: 10, moved: 0 }] })
  // The first is gone, the second was much lower, or is much higher now.
  expect(judged(objects(name, 0.91, 0.9), objects(name, 0, 0.91))).toMatchObject({ ok: false, peaks: [{ moved: 10 }] })
  expect(judged(objects(name, 0.91, 0.6), objects(name, 0.6, 0.91))).toMatchObject({ ok: false, peaks: [{ moved: 10 }] })
})

test.each(['keypoint_descriptors', 'kpt_offset', 'joint_offsets', 'heatmap_offset', 'pose/tags', 'keypoint_visibility'])(
  '%s are no heat maps',
  (name) => {
    const results = named(
      name,
      maps((x) => x),
    )
    expect(judged(results, results)).toMatchObject({ peaks: undefined })
  },
)

test.each(['feature_extractor/heatmap', 'heatmap_stage4', 'hm_hp'])('%s are heat maps', (name) => {
  const results = named(
    name,
    maps((x) => 0.2 + 0.3 * x),
  )
  expect(judged(results, results)).toMatchObject({ peaks: [{ output: name, seen: 34, moved: 0 }] })
})

test('two axes apart, by their name', () => {
  const axes = (moved: number) =>
    named(
      'simcc_x',
      tensorsOf([1, 17, 384], ([, k, x]) => bump(0, x!, [0, 60 + 12 * k! + moved], 8), 2),
    )
  expect(judged(axes(0), axes(3)).peaks).toMatchObject([{ seen: 34, moved: 0 }])
  expect(judged(axes(0), axes(9)).peaks).toMatchObject([{ seen: 34, moved: 34 }])
})

test.each<[string, readonly Results[]]>([
  ['an image', tensorsOf([1, 3, SIDE, SIDE], ([, k, row, column]) => 0.5 + 0.4 * Math.sin(row! * 0.3 + column! * 0.2 + k!), 2)],
  ['features', tensorsOf([1, 8, SIDE, SIDE], (_, random) => random() - 0.5, 2)],
  [
    'low maps of a person who is not there',
    named(
      'heatmaps',
      tensorsOf([1, 17, SIDE, SIDE], () => 0, 2),
    ),
  ],
])('no peaks: %s', (_, results) => {
  expect(compareOutputs(results, results, { graph })).not.toHaveProperty('peaks')
})
