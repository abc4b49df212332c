import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { takesNaN } from '@whyslow/measure/choose-inputs.ts'
import { NO_FLAGS } from '@whyslow/measure/samples/flags.ts'
import { readData } from '@whyslow/measure/samples/read-data.ts'
import { resolveInputs } from '@whyslow/measure/samples/resolve.ts'
import { loadInputs, saveInputs } from '@whyslow/measure/samples/saved.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inParts, judgedInputs } from './judged-inputs.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-judged-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const made = (nodes: ModelParts['nodes']) =>
  modelInMemory(
    model({
      nodes,
      inputs: [valueInfo('x', 'float32', ['n', 2])],
      outputs: [valueInfo('y', 'float32')],
      opsets: { 'ai.onnx.ml': 3 },
    }),
  )
const relu = made([node('Relu', ['x'], ['y'])])
const trees = made([node({ opType: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml' }, ['x'], ['y'])])

/** 100 rows, the label of row k is k; the inputs as chosen from the first two. */
function chosenFrom(table: string) {
  const data = join(folder, 'rows.csv')
  writeFileSync(data, table)
  const graph = viewGraph(relu)
  const { inputs } = resolveInputs(graph.inputs, graph, NO_FLAGS)
  const read = readData(data, inputs, { limit: 2, allowNaN: true })
  const saved = saveInputs(join(folder, 'inputs'), read.samples)
  return {
    constraints: { data, labels: null, pictures: null, batch: null, folder },
    chosen: { ...read, resolved: read.inputs, saved, labels: read.labels! },
  }
}
const table = (cell: (row: number) => string, rows = 100) =>
  ['a,b,label', ...Array.from({ length: rows }, (_, row) => `${cell(row)},1,${row}`)].join('\n')

it('takes more of the data than are measured with, and their labels', () => {
  const { constraints, chosen } = chosenFrom(table(String))
  const judged = judgedInputs(relu, constraints, chosen, 50)
  expect(judged.samples).toHaveLength(50)
  expect(judged.labels!.map(({ data }) => (data as Float64Array)[0])).toEqual(Array.from({ length: 50 }, (_, row) => row))
  expect(loadInputs(judged.saved)[49]!.x!.data).toEqual(Float32Array.of(49, 1))
  // The measured ones stay where they are.
  expect(loadInputs(chosen.saved)).toHaveLength(2)
})

it('takes the measured ones where there are no more, or no data', () => {
  const { constraints, chosen } = chosenFrom(table(String, 2))
  expect(judgedInputs(relu, constraints, chosen, 50)).toMatchObject({ saved: chosen.saved, labels: chosen.labels })
  expect(judgedInputs(relu, { ...constraints, data: null }, { ...chosen, labels: null }, 50)).toEqual({
    saved: chosen.saved,
    samples: chosen.samples,
    labels: null,
  })
})

it('takes no more than memory holds twice', () => {
  const { constraints, chosen } = chosenFrom(table(String))
  // 100 MB a sample: two of them, which are there.
  const large = { x: { ...chosen.samples[0]!.x!, data: { byteLength: 100 * 2 ** 20 } as ArrayBufferView } }
  expect(judgedInputs(relu, constraints, { ...chosen, samples: [large, large] }, 50).saved).toBe(chosen.saved)
})

it('takes a missing value where the model can mean it only', () => {
  expect([relu, trees].map(takesNaN)).toEqual([false, true])
  const { constraints, chosen } = chosenFrom(table((row) => (row === 30 ? '' : String(row))))
  expect(judgedInputs(trees, constraints, chosen, 50).samples[30]!.x!.data).toEqual(Float32Array.of(Number.NaN, 1))
  expect(() => judgedInputs(relu, constraints, chosen, 50)).toThrow(/holds NaN/)
})

describe('in two parts', () => {
  /** All of a table of so many rows, whose labels are the row numbers, within a loss. */
  function parts(rows: number, maxLoss: number | null, most = 1000) {
    const { constraints, chosen } = chosenFrom(table(String, rows))
    const judged = judgedInputs(relu, constraints, chosen, 1000)
    return inParts(judged, { ...chosen, source: 'data' }, viewGraph(relu), { maxLoss, most, mostMade: 64, folder })
  }
  const rowsOf = (labels: ReturnType<typeof parts>['prove']['labels']) => labels!.map(({ data }) => (data as Float64Array)[0]!)

  it('what proves shares no row with what chooses, and has its own labels', () => {
    const { choose, prove, together } = parts(700, 0.01)
    expect([choose.samples.length, prove.samples.length, together]).toEqual([350, 350, null])
    expect(new Set([...rowsOf(choose.labels), ...rowsOf(prove.labels)]).size).toBe(700)
    for (const { saved, samples, labels } of [choose, prove]) {
      expect(loadInputs(saved)).toEqual(samples)
      expect(samples.map(({ x }) => (x!.data as Float32Array)[0])).toEqual(rowsOf(labels))
    }
  })

  it('are one where there are too few, which is said', () => {
    const { choose, prove, together } = parts(300, 0.01)
    expect(prove).toBe(choose)
    expect(together).toBe(
      'the loss was measured on the same 300 inputs that chose ranges and layers, so it may be larger on others; to prove it on held-out inputs, give 399 rows with --data, and a larger --budget if the model is slow',
    )
  })

  it('take no more time than one part did', () => {
    const { choose, prove } = parts(700, 0.01, 310)
    expect([choose.samples.length, prove.samples.length]).toEqual([310, 310])
    expect(parts(300, 0.01, 64).choose.samples).toHaveLength(64)
  })

  it('are one where no loss is allowed: nothing is chosen by it', () => {
    const { choose, prove, together } = parts(700, null)
    expect(prove).toBe(choose)
    expect([choose.samples.length, together]).toEqual([700, null])
  })

  describe('made-up inputs', () => {
    function madeParts(maxLoss: number | null, mostMade: number, byteLength?: number) {
      const { chosen } = chosenFrom(table(String, 2))
      const made = { ...chosen, resolved: chosen.resolved, source: 'synthetic' as const }
      const first = byteLength === undefined ? chosen.samples : [{ x: { ...chosen.samples[0]!.x!, data: { byteLength } } }, {}]
      const judged = { saved: chosen.saved, samples: first as typeof chosen.samples, labels: null }
      return { judged, ...inParts(judged, made, viewGraph(relu), { maxLoss, most: 1000, mostMade, folder }) }
    }

    it('are made anew for the proof', () => {
      const { judged, choose, prove, together } = madeParts(null, 64)
      expect([choose, together]).toEqual([judged, null])
      expect(prove.samples).toHaveLength(2)
      expect(loadInputs(prove.saved)).toEqual(prove.samples)
      expect(prove.samples[0]).not.toEqual(choose.samples[0])
    })

    it('are more where a loss is allowed, and others for the proof', () => {
      const { choose, prove } = madeParts(0.01, 64)
      for (const { saved, samples } of [choose, prove]) {
        expect(samples).toHaveLength(64)
        expect(loadInputs(saved)).toEqual(samples)
      }
      expect(prove.samples[0]).not.toEqual(choose.samples[0])
    })

    it.each([
      ['there is time for', 1, undefined],
      ['memory holds', 64, 200 * 2 ** 20],
    ])('stay as few as were tried where those are more than %s', (_, mostMade, byteLength) => {
      const { judged, choose, prove } = madeParts(0.01, mostMade, byteLength)
      expect(choose).toBe(judged)
      expect(prove.samples).toHaveLength(2)
    })
  })
})
