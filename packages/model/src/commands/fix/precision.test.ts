// What `fix` says of the precision of layers, from a search in a script.

import type { Run } from '@whyslow/command/run.ts'
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { ChosenInputs } from '@whyslow/measure/choose-inputs.ts'
import type { ResolvedInput } from '@whyslow/measure/samples/resolved.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { describe, expect, test } from 'vitest'
import { exampleBench, exampleEvidence, exampleRemedy } from '../../../test/support/tune/example-bench.ts'
import type { LayerRecord } from '../../quantize/plan/layer-records.ts'
import type { PrecisionSearch } from '../../quantize/plan/precision.ts'
import type { PrecisionMethod } from '../../remedies/kit/remedy.ts'
import type { LocalBenchPlan } from '../../tune/local-bench/index.ts'
import type { SearchOutcome } from '../../tune/search.ts'
import { FIX_DEFAULTS, type FixOptions } from './options.ts'
import { checkCalibration, emptyMemory, precisionOf, quantizationOf } from './precision.ts'

const relu = modelInMemory(
  model({
    nodes: [node('Relu', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [2])],
    outputs: [valueInfo('y', 'float32', [2])],
  }),
)
const run = {
  model: relu,
  inputs: { source: 'data', samples: [{}, {}] },
  engineOptions: plainOptions,
  machine: { isa: [] },
} as unknown as Run
const setup = { model: relu, options: plainOptions, batchFactor: 1, machineBound: false }
const bench = { ...exampleBench({ seed: 1, noise: 0, timeMs: () => 1 }), sizeBytes: () => 300 }

const record = (node: string, method: PrecisionMethod, rest: Partial<LayerRecord> = {}): LayerRecord => ({
  ...{ node, name: '', opType: 'Conv', method, variant: '', inFloat: false },
  ...{ beforeMs: 2, afterMs: 1, sqnrDb: null },
  ...rest,
})

/** A search that found these records. */
function searched(records: readonly LayerRecord[]): PrecisionSearch & { readonly measured: PrecisionMethod[] } {
  const measured: PrecisionMethod[] = []
  return {
    measured,
    planOn: async () => [],
    plan: async () => [],
    records: () => records,
    measureErrors: async (kept) => {
      measured.push(...kept.keys())
    },
    reasons: () => new Map([['weights', 'no operator is faster this way']]),
  }
}

const foundWith = (precision: PrecisionMethod | null, variant = ''): SearchOutcome => {
  const remedy = exampleRemedy('bits', precision === null ? {} : { precision })
  const proposal = { variant, setup, changes: [], predictedSavingMs: null }
  return { setup, kept: [{ remedy, proposal }], tried: [], untried: [], proof: null }
}

test('a memory that made-up inputs leave at 0 is known by what the model gives back', () => {
  const input = (name: string, shape: readonly number[], of: 'constant' | 'noise') =>
    ({ name, dtype: 'float32', shape, likeness: { of, range: [0, 0], why: '' } }) as unknown as ResolvedInput
  const outputs = [
    { name: 'y', type: { dtype: 'float32', shape: [1, 1] }, finite: true },
    { name: 'next', type: { dtype: 'float32', shape: [1, 2, 128] }, finite: true },
  ] as unknown as ChosenInputs['outputs']
  const memory = input('state', [1, 2, 128], 'constant')
  expect(emptyMemory({ resolved: [input('x', [1, 257], 'noise'), memory], outputs })).toBe('state')
  expect(emptyMemory({ resolved: [input('mask', [1, 64], 'constant')], outputs })).toBeUndefined()
  expect(emptyMemory({ resolved: [input('x', [1, 2, 128], 'noise')], outputs })).toBeUndefined()
})

describe('the section of the report', () => {
  test('a layer of what was kept, with the kernel that runs for it; one that fell back; one of another method', async () => {
    const ran = {
      name: '',
      opType: 'QLinearConv',
      domain: '',
      inputs: [],
      outputs: ['a_quantized'],
      attributes: {},
      subgraphs: {},
    }
    const executed: GraphView = { name: '', nodes: [ran], inputs: [], outputs: [], constants: {}, types: {} }
    const search = searched([
      record('a', 'static', { sqnrDb: 40 }),
      record('b', 'static', { inFloat: true, sqnrDb: 3 }),
      record('c', 'dynamic'),
    ])
    const section = await quantizationOf(run, foundWith('static'), search, { ...bench, executed: async () => executed })
    expect(search.measured).toEqual(['static'])
    expect(section).toMatchObject({ methods: ['static'], inputs: 'data', sizeBeforeBytes: 0, sizeAfterBytes: 300 })
    expect(section.layers.map(({ node, precision, kernel, reason }) => [node, precision, kernel, reason])).toEqual([
      ['a', 'static', 'QLinearConv', null],
      ['b', 'float32', null, 'falls back to float32: it changes the outputs too much'],
      ['c', 'float32', null, 'dynamic int8 as a whole is not proven faster'],
    ])
    expect(section.notTried).toEqual([{ method: 'weights', reason: 'no operator is faster this way' }])
  })

  test('of several records of a layer, the one that was used, of the variant that was kept', async () => {
    const search = searched([
      record('a', 'dynamic', { afterMs: 1.5 }),
      record('a', 'static', { inFloat: true }),
      record('a', 'static', { variant: 'wide', afterMs: 0.5 }),
    ])
    const { layers } = await quantizationOf(run, foundWith('static', 'wide'), search, bench)
    expect(layers).toMatchObject([{ node: 'a', precision: 'static', tried: 'static', afterMs: 0.5 }])
  })

  test('nothing kept: all layers stay float, and no graph is asked for', async () => {
    const executed = () => Promise.reject(new Error('asked for'))
    const section = await quantizationOf(run, { ...foundWith(null), kept: [] }, searched([record('a', 'static')]), {
      ...bench,
      executed,
    })
    expect(section).toMatchObject({ methods: [], sizeAfterBytes: null, layers: [{ precision: 'float32', kernel: null }] })
  })
})

describe('whether precisions are looked for', () => {
  const precisionWith = (options: Partial<FixOptions>) =>
    precisionOf(run, { ...FIX_DEFAULTS, ...options, budgetSeconds: 75 }, {} as LocalBenchPlan, {
      ...{ original: setup, facts: exampleEvidence(), bench, optimize: async () => relu },
    })

  test('not where outputs may not change', () => {
    expect(precisionWith({ maxLoss: null })).toBeNull()
  })

  test('a dry run is told what it could choose from, and nothing is measured', async () => {
    const search = precisionWith({ maxLoss: 0.01, dryRun: true })!
    expect(await search.plan(relu, 'weights')).toEqual([])
    expect(search.records()).toEqual([])
  })
})

test('too few samples cannot calibrate, where static is asked for', () => {
  const check = (method: PrecisionMethod | null, data: string | null) =>
    checkCalibration(run, { ...FIX_DEFAULTS, data, precision: { ...FIX_DEFAULTS.precision, method } })
  expect(() => check('static', 'two.csv')).toThrow(/^two\.csv: 2 samples, and ranges of static quantization need 4 at least/)
  expect(() => check(null, 'two.csv')).not.toThrow()
  expect(() => check('static', null)).not.toThrow()
})
