// Detectors whose NonMaxSuppression is outside the model, each with one thing planted: what a cosine over all cells does not see is refused, and
// what no decision sees is kept.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { describe, expect, test } from 'vitest'
import { changed, graphNode, graphOf, tensorsOf } from '../../test/support/outputs/example-joined.ts'
import type { Results } from '../engines/types.ts'
import { compareOutputs } from './compare.ts'
import { DEFAULT_LOSS_LIMITS, verdict } from './verdict.ts'

const ROWS = 2000
const CLASSES = 4

/** One object in each of `objects` samples; its class is the sample's number. */
interface Scene {
  readonly score: (row: number, k: number, sample: number) => number
  readonly box: (row: number, side: number, sample: number) => number
}

/** Eight objects a sample at rows 100, 300, …; all else says no, at up to 0.06. */
const isObject = (row: number) => row % 200 === 100 && row < 1600
const classAt = (row: number, sample: number) => (Math.floor(row / 200) + sample) % CLASSES
const noise = mulberry32(5)
const faint = Float32Array.from({ length: ROWS * CLASSES }, () => 0.06 * noise())
const scene: Scene = {
  score: (row, k, sample) => (isObject(row) && classAt(row, sample) === k ? 0.85 : faint[row * CLASSES + k]!),
  // Corners of boxes 40 pixels wide, anywhere on 640.
  box: (row, side, sample) => ((row * 37 + sample * 11) % 600) + (side < 2 ? 0 : 40),
}

const SAMPLES = 4
const fill = (shape: readonly number[], of: (row: number, k: number, sample: number) => number, rowsLast = false) =>
  tensorsOf(
    shape,
    (place, _, sample) => (rowsLast ? of(place[2]!, place[1]!, sample) : of(place[1]!, place[2]!, sample)),
    SAMPLES,
  )

type Layout = 'apart' | 'joined'

function outputsOf({ score, box }: Scene, layout: Layout): Results[] {
  if (layout === 'joined') {
    const all = (row: number, k: number, sample: number) => (k < 4 ? box(row, k, sample) : score(row, k - 4, sample))
    return fill([1, 4 + CLASSES, ROWS], all, true)
  }
  const [scores, boxes] = [fill([1, ROWS, CLASSES], score), fill([1, ROWS, 4], box)]
  return scores.map(({ y }, sample) => ({ scores: y!, boxes: boxes[sample]!.y! }))
}

const graphs: Readonly<Record<Layout, GraphView>> = {
  apart: graphOf([graphNode('Sigmoid', ['x'], 'scores')]),
  joined: graphOf([graphNode('Sigmoid', ['x'], 's'), graphNode('Concat', ['b', 's'], 'y', { axis: 1 })], {
    b: [1, 4, ROWS],
    s: [1, CLASSES, ROWS],
  }),
}

function judged(change: Partial<Scene>, layout: Layout) {
  const agreement = compareOutputs(outputsOf(scene, layout), outputsOf({ ...scene, ...change }, layout), {
    graph: graphs[layout],
  })
  return {
    ...verdict(agreement, 'approximate', DEFAULT_LOSS_LIMITS),
    byNumber: verdict(agreement, 'approximate', 0.01),
    agreement,
  }
}

/** Right by a little everywhere, as bfloat16 is. */
const slight: Partial<Scene> = {
  score: (row, k, sample) => scene.score(row, k, sample) * (1 + 0.02 * Math.sin(row + k)),
  box: (row, side, sample) => scene.box(row, side, sample) + 0.3 * Math.sin(row + side),
}

describe.each<Layout>(['apart', 'joined'])('scores and boxes %s', (layout) => {
  test('a slight difference is kept, and the sentence says by what it was judged', () => {
    const { ok, reason, agreement } = judged(slight, layout)
    expect(ok).toBe(true)
    expect(reason).toMatch(
      /^cosine of the worst output 0\.999\d; 32 of 32 scores of 0\.5 or more found in both, with a margin of 0\.4\d*, boxes overlap by 0\.98\d*$/,
    )
    expect(agreement.heads).toMatchObject([{ found: 32, differing: 0, places: [{ by: 'overlap', rows: 32 }] }])
    expect(agreement).not.toHaveProperty('weak')
  })

  test.each<[string, Partial<Scene>, RegExp]>([
    ['right boxes, scores half as high', { score: (...at) => scene.score(...at) / 2 }, /cosine|scores of 0\.5/],
    [
      'right boxes, scores of other cells',
      { score: (row, k, sample) => scene.score((row + 50) % ROWS, k, sample) },
      /cosine|scores of 0\.5/,
    ],
    ['classes permuted', { score: (row, k, sample) => scene.score(row, (k + 1) % CLASSES, sample) }, /cosine|scores of 0\.5/],
    ['one class lost', { score: (row, k, sample) => (k === 2 ? 0.01 : scene.score(row, k, sample)) }, /cosine|scores of 0\.5/],
    [
      'boxes shifted by a fifth of their width',
      { box: (row, side, sample) => scene.box(row, side, sample) + 8 },
      /overlap by 0\.4\d* \(IoU\), below 0\.95$/,
    ],
    [
      'boxes a tenth too large',
      { box: (row, side, sample) => scene.box(row, side, sample) + (side < 2 ? -2 : 2) },
      /overlap by 0\.8\d* \(IoU\), below 0\.95$/,
    ],
  ])('refused: %s', (_, change, why) => {
    const { ok, reason, byNumber } = judged(change, layout)
    expect([ok, byNumber.ok]).toEqual([false, false])
    expect(reason).toMatch(why)
  })
})

test('objects lost among cells that say no in large numbers, which a cosine does not see', () => {
  const many = (lost: (row: number) => boolean): Results[] =>
    tensorsOf([1, 40_000, 4], ([, row, k], random) => {
      const no = 0.09 + 0.02 * random()
      return row! % 2000 === 7 && k === 1 ? (lost(row!) ? no : 0.6) : no
    })
  const graph = graphOf([graphNode('Sigmoid', ['x'], 'y')])
  const one = compareOutputs(
    many(() => false),
    many((row) => row === 7 || row === 2007),
    { graph },
  )
  expect(one.cosine).toBeGreaterThan(0.9995)
  expect(verdict(one, 'approximate', DEFAULT_LOSS_LIMITS)).toEqual({
    ok: false,
    reason: "2 of the 20 scores of 0.5 or more in 'y' are below 0.25 in one of the two",
  })
})

test('a head that works may take faint scores of other samples for zero, as 8 bits do; one that finds nothing may not', () => {
  const graph = graphOf([graphNode('Sigmoid', ['x'], 'y')])
  const samples = (works: boolean, step: number): Results[] =>
    tensorsOf(
      [1, 400, 1],
      ([, row], random, sample) => {
        const score = works && sample === 0 && row! < 9 ? 0.9 : 0.0015 * random()
        return step === 0 ? score : Math.round(score / step) * step
      },
      3,
    )
  const kept = (works: boolean) =>
    verdict(compareOutputs(samples(works, 0), samples(works, 1 / 255), { graph }), 'approximate', DEFAULT_LOSS_LIMITS).ok
  expect([kept(true), kept(false)]).toEqual([true, false])
})

describe('raw offsets and points', () => {
  const head = (box: (row: number, k: number) => number) => {
    const offsets = fill([1, ROWS, 4], box)
    const scores = fill([1, ROWS, CLASSES], scene.score)
    return scores.map(({ y }, sample) => ({ scores: y!, offsets: offsets[sample]!.y! }))
  }
  /** Small where there are objects, large where nobody looks. */
  const offset = (row: number, k: number) => Math.sin(row * 3 + k) * (isObject(row) ? 0.2 : 3)
  const judgedOffsets = (change: (x: number, row: number) => number) =>
    verdict(
      compareOutputs(
        head(offset),
        head((row, k) => change(offset(row, k), row)),
        { graph: graphs.apart },
      ),
      'approximate',
      DEFAULT_LOSS_LIMITS,
    )

  test('that move where nobody looks are kept, if they are alike still', () => {
    const off = (by: number) => judgedOffsets((x, row) => (isObject(row) ? x : x * (1 + by * Math.sin(row))))
    expect([off(0.2).ok, off(0.8).ok]).toEqual([true, false])
    expect(off(0.8).reason).toMatch(/^cosine of the worst output 0\.8\d* \('offsets'\), below 0\.995$/)
  })

  test('are compared by their own size where something is found', () => {
    expect(judgedOffsets((x) => x * 1.01)).toMatchObject({ ok: true, reason: expect.stringMatching(/places agree to 1$/) })
    expect(judgedOffsets((x, row) => (isObject(row) ? -x : x))).toEqual({
      ok: false,
      reason: "where 'scores' find something, 'offsets' agree to 0.447 (cosine), below 0.95",
    })
  })
})

test('what has the rows of scores is no list of classes, whatever its name', () => {
  // Bins of distances, a row each for 4 sides of 8: the largest moves by rounding.
  const named = (off: number): Results[] =>
    tensorsOf([ROWS, 32], ([row, k]) => Math.sin(row! * 0.7) + 0.01 * Math.sin(row! + k! * 5) + off * Math.cos(row! * k!), 1).map(
      ({ y }) => ({
        cls_score2: y!,
        bbox_pred0: tensorsOf([ROWS, 4], ([row, k]) => scene.score(row!, k!, 0))[0]!.y!,
      }),
    )
  const graph = graphOf([graphNode('Sigmoid', ['x'], 'bbox_pred0')])
  const agreement = compareOutputs(named(0), named(0.005), { graph })
  expect(agreement.outputs.map(({ meaning }) => meaning)).toEqual(['values', 'binary'])
  expect(verdict(agreement, 'approximate', DEFAULT_LOSS_LIMITS).ok).toBe(true)
})

describe('rows of a batch and of tokens are no detector', () => {
  const declared = (name: string, shape: readonly (number | string)[]) =>
    ({ name, kind: 'tensor', dtype: 'float32', shape }) as const
  const flagged = (shape: readonly number[], classes: number, off: number): Results[] => {
    const rows = tensorsOf([...shape, classes], (_, random) => random() - 0.5)
    const flags = tensorsOf([...shape, 1], ([row, at]) => ((row! + (at ?? 0)) % 2 === 0 ? 0.9 : 0.02))
    return [
      { spam: flags[0]!.y!, logits: (off === 0 ? rows : changed(rows, (x, _, random) => x + off * (random() - 0.5)))[0]!.y! },
    ]
  }

  test.each<[string, readonly number[], readonly (number | string)[], number]>([
    ['a batch of any size', [320], ['N'], 1000],
    ['a batch of one size', [320], [320], 1000],
    ['few classes', [320], ['N'], 12],
    ['tokens', [1, 320], [1, 'tokens'], 12],
  ])('%s', (_, shape, sizes, classes) => {
    const graph = {
      ...graphOf([graphNode('Sigmoid', ['x'], 'spam')]),
      inputs: [declared('ids', [...sizes, 8])],
      outputs: [declared('spam', [...sizes, 1]), declared('logits', [...sizes, classes])],
    }
    const agreement = (off: number) => compareOutputs(flagged(shape, classes, 0), flagged(shape, classes, off), { graph })
    const [slight, flipping] = [agreement(1e-5), agreement(0.09)]
    expect(slight.outputs.map(({ meaning }) => meaning)).toEqual([shape.length === 1 ? 'binary' : 'values', 'scores'])
    expect(slight.heads?.flatMap(({ places }) => places) ?? []).toEqual([])
    expect(verdict(slight, 'approximate', DEFAULT_LOSS_LIMITS).ok).toBe(true)
    expect(flipping.cosine).toBeGreaterThan(0.995)
    expect(verdict(flipping, 'approximate', DEFAULT_LOSS_LIMITS)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^top-1/),
    })
  })

  test('logits with boxes that Sigmoid makes are those of a detector', () => {
    const graph = graphOf([graphNode('Sigmoid', ['x'], 'pred_boxes')])
    const logits = tensorsOf([1, 100, 80], (_, random) => random() - 5)
    const boxes = tensorsOf([1, 100, 4], (_, random) => random())
    const results: Results[] = [{ logits: logits[0]!.y!, pred_boxes: boxes[0]!.y! }]
    expect(compareOutputs(results, results, { graph }).outputs[0]).toMatchObject({ meaning: 'values' })
  })
})

test('an objectness caps classes that are arbitrary where nothing is', () => {
  const layout = (of: (row: number, k: number, sample: number) => number) => {
    const all = fill([1, ROWS, 1 + CLASSES], of)
    const boxes = fill([1, ROWS, 4], scene.box)
    return all.map(({ y }, sample) => {
      const data = y!.data as Float32Array
      const part = (from: number, size: number) =>
        ({
          dtype: 'float32',
          shape: [1, ROWS, size],
          data: data.filter((_, k) => k % (1 + CLASSES) >= from && k % (1 + CLASSES) < from + size),
        }) as const
      return { obj: part(0, 1), cls: part(1, CLASSES), boxes: boxes[sample]!.y! }
    })
  }
  const graph = graphOf([graphNode('Sigmoid', ['x'], 'obj'), graphNode('Sigmoid', ['z'], 'cls')])
  const of = (row: number, k: number, sample: number) =>
    k === 0 ? (isObject(row) ? 0.9 : 0.01) : k - 1 === classAt(row, sample) ? 0.8 : 0.1
  const { heads } = compareOutputs(
    layout(of),
    layout((row, k, sample) => of(row, k, sample) * 0.999),
    { graph },
  )
  expect(heads).toMatchObject([{ found: 32, differing: 0 }])
})

test.each([
  ['scores of keypoints', 'Sigmoid'],
  ['a raw map', 'Conv'],
])('a heat map moved by one cell is refused: %s', (_, opType) => {
  const graph = graphOf([graphNode(opType, ['x'], 'y')])
  const map = (moved: number) =>
    tensorsOf([1, 5, 32, 32], ([, k, row, column]) => Math.exp(-((row! - 8 - k!) ** 2 + (column! - 12 - moved) ** 2) / 8), 2)
  expect(verdict(compareOutputs(map(0), map(1), { graph }), 'approximate', DEFAULT_LOSS_LIMITS).ok).toBe(false)
})

test('a Softmax with a class of its own for nothing: that class finds nothing', () => {
  const rows = (face: (row: number) => number) => fill([1, ROWS, 2], (row, k) => (k === 1 ? face(row) : 1 - face(row)))
  const named = (results: readonly Results[]) => results.map(({ y }) => ({ scores: y! }))
  const original = rows((row) => (isObject(row) ? 0.9 : 0.02))
  const { heads } = compareOutputs(named(original), named(rows((row) => (isObject(row) ? 0.88 : 0.021))))
  expect(heads).toMatchObject([{ found: 32, differing: 0 }])
})

test('a map for each of many found pixels takes little memory', async () => {
  // In a thread with little memory of its own: the numbers of the outputs do not count.
  const code = `
    const { compareOutputs } = await import(workerData.module)
    const filled = (shape) => ({ dtype: 'float32', shape, data: new Float32Array(shape[1] * 65536).fill(0.9) })
    const outputs = (off) => {
      const [mask, map] = [filled([1, 1, 256, 256]), filled([1, 64, 256, 256])]
      for (let k = 0; k < map.data.length; k++) map.data[k] = Math.sin(k) + off
      return [{ mask, map }]
    }
    const sigmoid = { name: 'm', opType: 'Sigmoid', domain: '', inputs: ['x'], outputs: ['mask'], attributes: {}, subgraphs: {} }
    const graph = { name: '', nodes: [sigmoid], inputs: [], outputs: [], constants: {}, types: {} }
    parentPort.postMessage(compareOutputs(outputs(0), outputs(0.01), { graph }).heads)`
  const worker = new Worker(`const { parentPort, workerData } = require('node:worker_threads'); (async () => {${code}})()`, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 40 },
    workerData: { module: new URL('./compare.js', compiledTwin(import.meta.url)).href },
  })
  const [heads] = await once(worker, 'message')
  await worker.terminate()
  expect(heads).toMatchObject([{ found: 65536, places: [{ output: 'map', by: 'distance', rows: 65536 }] }])
})
