// Detectors whose Sigmoid or Softmax is in the caller's code: what they find is compared as if the model made it.
import { mulberry32 } from '@whyslow/graph/random.ts'
import { describe, expect, test } from 'vitest'
import { graphNode, graphOf, tensorsOf } from '../../test/support/outputs/example-joined.ts'
import type { Results } from '../engines/types.ts'
import { compareOutputs } from './compare.ts'
import { DEFAULT_LOSS_LIMITS, verdict } from './verdict.ts'

const [ROWS, CLASSES, SAMPLES] = [1000, 20, 3]
/** A model that reads images and computes what it returns by convolutions. */
const graph = {
  ...graphOf([graphNode('Conv', ['x', 'w'], 'y')]),
  inputs: [{ name: 'x', kind: 'tensor', dtype: 'float32', shape: [1, 3, 320, 320] }] as const,
}
const isObject = (row: number) => row % 100 === 50
const random = mulberry32(3)
const faint = Float32Array.from({ length: ROWS * CLASSES }, () => -6 + 2 * random())
/** Ten objects a sample, each sure by 2. */
const classAt = (row: number) => Math.floor(row / 10) % CLASSES
const logit = (row: number, k: number, sample = 0) =>
  (isObject(row) && k === classAt(row) ? 2 : faint[row * CLASSES + k]!) + 0.01 * sample
const side = (row: number, k: number, sample: number) => ((row * 37 + sample * 11) % 280) + (k < 2 ? 0 : 30)

type Of = (row: number, k: number, sample: number) => number
const table = (features: number, of: Of, rowsLast = false): readonly Results[] =>
  rowsLast
    ? tensorsOf([1, features, ROWS], ([, k, row], _, sample) => of(row!, k!, sample), SAMPLES)
    : tensorsOf([1, ROWS, features], ([, row, k], _, sample) => of(row!, k!, sample), SAMPLES)

/** SSD and RetinaNet return scores and boxes apart, DETR and SSD with a class for nothing, YOLO one tensor. */
const forms: Readonly<Record<string, (score: Of, box?: Of) => readonly Results[]>> = {
  'a class each': (score, box = side) => named({ scores: table(CLASSES, score), boxes: table(4, box) }),
  'outputs without names': (score, box = side) => named({ '442': table(CLASSES, score), '443': table(4, box) }),
  'a class for nothing': (score, box = side) =>
    named({
      logits: table(CLASSES + 1, (row, k, sample) => (k === CLASSES ? 1 : score(row, k, sample) * 1.5 + 1)),
      pred_boxes: table(4, box),
    }),
  '4 + C in front of rows': (score, box = side) =>
    table(4 + CLASSES, (row, k, sample) => (k < 4 ? box(row, k, sample) : score(row, k - 4, sample)), true).map(({ y }) => ({
      output0: y!,
    })),
  '5 + C, classes arbitrary where nothing is': (score, box = side) =>
    table(5 + CLASSES, (row, k, sample) => {
      if (k < 4) return box(row, k, sample)
      if (k === 4) return isObject(row) ? 3 : -5
      return isObject(row) ? score(row, k - 5, sample) : Math.sin(row * k)
    }).map(({ y }) => ({ output: y! })),
}

function named(outputs: Readonly<Record<string, readonly Results[]>>): readonly Results[] {
  return Array.from({ length: SAMPLES }, (_, sample) =>
    Object.fromEntries(Object.entries(outputs).map(([name, results]) => [name, results[sample]!.y!])),
  )
}

describe.each(Object.entries(forms))('%s', (_, form) => {
  const judged = (score: Of, box?: Of) => {
    const agreement = compareOutputs(form(logit), form(score, box), { graph })
    return { ...verdict(agreement, 'approximate', DEFAULT_LOSS_LIMITS), agreement }
  }

  test('what is slightly off is kept, by what is found in both', () => {
    const { ok, reason, agreement } = judged(
      (row, k, sample) => logit(row, k, sample) + 0.05 * Math.sin(row + k + sample),
      (row, k, sample) => side(row, k, sample) + 0.1 * Math.sin(row + k),
    )
    expect(reason).toMatch(/30 of 30 scores of 0\.5 or more found in both, with a margin of 0\.\d+, boxes overlap by 0\.99\d*$/)
    expect(ok).toBe(true)
    expect(agreement.heads).toHaveLength(1)
    expect(agreement).not.toHaveProperty('weak')
  })

  test.each<[string, Of, Of | undefined, RegExp]>([
    [
      'right boxes, every tenth score lost',
      (row, k, sample) => (row === 50 ? faint[k]! : logit(row, k, sample)),
      undefined,
      /are below 0\.25/,
    ],
    ['boxes shifted by a fifth', logit, (row, k, sample) => side(row, k, sample) + 6, /overlap by 0\.\d* \(IoU\), below 0\.95$/],
  ])('refused: %s', (_, score, box, why) => {
    const { ok, reason } = judged(score, box)
    expect(ok).toBe(false)
    expect(reason).toMatch(why)
  })
})

test('one score for each box and its points, without names', () => {
  const score = (row: number) => (isObject(row) ? 3 : -4 + Math.sin(row))
  const of = (off: number, isLost: boolean) =>
    named({
      Identity: table(18, (row, k, sample) => side(row, k % 4, sample) + k + off),
      Identity_1: table(1, (row, _, sample) => (isLost && row === 250 ? -3 : score(row) + off + sample / 100)),
    })
  const judged = (after: readonly Results[]) =>
    verdict(compareOutputs(of(0, false), after, { graph }), 'approximate', DEFAULT_LOSS_LIMITS)
  expect(judged(of(0.02, false))).toMatchObject({ ok: true, reason: expect.stringMatching(/; 30 of 30 scores of 0\.5 or more/) })
  expect(judged(of(0, true))).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^3 of the 30 scores .* 'Identity_1' are below 0\.25/),
  })
})

test('logits that say no may move where nobody looks, as far as they are alike', () => {
  const form = forms['a class each']!
  const kept = (off: number) =>
    verdict(
      compareOutputs(
        form(logit),
        form((row, k, sample) => logit(row, k, sample) * (isObject(row) ? 1 : 1 + off * Math.sin(row * k))),
        { graph },
      ),
      'approximate',
      DEFAULT_LOSS_LIMITS,
    ).ok
  expect([kept(0.2), kept(0.9)]).toEqual([true, false])
})

test.each<[string, readonly Results[], typeof graph | undefined]>([
  ['tokens, which have no boxes', named({ logits: table(CLASSES, logit) }), graph],
  ['rows that mostly say yes', named({ scores: table(CLASSES, (row, k) => -logit(row, k)), boxes: table(4, side) }), graph],
  ['hidden features, all below zero', named({ hidden: table(64, (row, k) => -5 + Math.sin(row * k)) }), graph],
  [
    'a map of depths next to features',
    named({
      depth: tensorsOf([1, 1, 32, 32], ([, , row]) => -3 - Math.sin(row!), SAMPLES),
      features: tensorsOf([1, 16, 32, 32], (_, random) => random(), SAMPLES),
    }),
    graph,
  ],
  ['a model that reads no image', forms['a class each']!(logit), { ...graph, inputs: [] as never }],
])('no detector: %s', (_, results, its) => {
  expect(compareOutputs(results, results, { graph: its })).not.toHaveProperty('heads')
})

test('classes that a pooled map of 1 x 1 holds decide by the largest', () => {
  const classes = (off: number) =>
    tensorsOf([1, 100, 1, 1], ([, k], _, sample) => Math.sin(k! * 7 + sample) + (k === 3 * sample ? off : 0), 4)
  const graphOfClasses = graphOf([graphNode('Conv', ['x', 'w'], 'y')])
  const { outputs } = compareOutputs(classes(0), classes(5), { graph: graphOfClasses })
  expect(outputs).toMatchObject([{ meaning: 'scores', top1: 0, decisions: { rows: 4, differing: 4 } }])
})
