// Which inputs are measured with, on scripted trials: the user's own, or guesses until the engine takes one.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { relu } from '@whyslow/graph/support/example-relu.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { describe, expect, test } from 'vitest'
import { plainOptions } from '../test/support/engines/example-options.ts'
import { folderOfTests } from '../test/support/trials/example-folder.ts'
import { failed, measured, scriptedRunner } from '../test/support/trials/example-runner.ts'
import { chooseInputs, type InputConstraints, inputFacts } from './choose-inputs.ts'
import { loadInputs } from './samples/saved.ts'
import type { ModelTask } from './trials/model-task.ts'
import type { Trial } from './trials/port.ts'
import type { TryOutput } from './try-once.ts'

const folder = folderOfTests()
const taken = (given: Partial<TryOutput> = {}): Trial<TryOutput> =>
  measured({
    outputs: [{ name: 'y', type: { dtype: 'float32', shape: [1, 4] }, finite: true }],
    poolThreads: 4,
    loadMs: 10,
    predictionMs: 1,
    ...given,
  })

interface Given extends Partial<InputConstraints> {
  readonly model?: Model
  /** What comes of inputs whose first sample has this x. */
  readonly trial?: (shape: readonly number[], call: number) => Trial<TryOutput>
}

async function chosen({ model = relu('n', 4), trial = () => taken(), ...constraints }: Given = {}) {
  const shapes: (readonly number[])[] = []
  const runner = scriptedRunner({
    try({ inputs }: ModelTask, call) {
      shapes.push(loadInputs(inputs)[0]!.x!.shape)
      return trial(shapes.at(-1)!, call)
    },
  })
  const found = await chooseInputs(model, viewGraph(model), {
    run: runner.run,
    shapes: new Map(),
    values: new Map(),
    data: null,
    labels: null,
    pictures: null,
    batch: null,
    saveInputs: null,
    engine: 'scripted',
    engineOptions: { ...plainOptions, threads: null },
    folder,
    limits: { memoryBytes: 1e9, signal: undefined },
    ...constraints,
  })
  return { found, shapes, asked: runner.asked }
}
const csv = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('without data', () => {
  test('inputs are synthetic, seen to be taken, and saved', async () => {
    const { found, asked } = await chosen()
    expect(found).toMatchObject({ source: 'synthetic', labels: null, warnings: [], outputs: [{ name: 'y' }] })
    expect(loadInputs(found.saved)).toEqual(found.samples)
    expect(asked).toMatchObject([
      { task: 'try', input: { engine: 'scripted', modelFile: 'relu.onnx', inputs: found.saved }, limits: { memoryBytes: 1e9 } },
    ])
  })

  test('inputs that are too large are refused before anything is read of the model', async () => {
    const huge = relu(1, 2 ** 30)
    Object.defineProperty(huge, 'tabular', {
      get() {
        throw new Error('it was looked at')
      },
    })
    await expect(chosen({ model: huge })).rejects.toThrow(/above the .* available/)
  })

  test('a refusal brings the next guess, and what was taken is what is measured with', async () => {
    const { found, shapes } = await chosen({
      model: relu(1, 'sequence_length'),
      trial: ([, length]) => (length === 64 ? taken() : failed('the shapes do not fit')),
    })
    expect(shapes.at(-1)).toEqual([1, 64])
    expect(shapes.length).toBeGreaterThan(1)
    expect(found.resolved[0]!.shape).toEqual([1, 64])
    expect(found.samples[0]!.x!.shape).toEqual([1, 64])
    expect(loadInputs(found.saved)[0]!.x!.shape).toEqual([1, 64])
  })

  test('shapes and the batch are taken as they were given', async () => {
    expect((await chosen({ shapes: new Map([['x', [2, 4]]]) })).shapes).toEqual([[2, 4]])
    expect((await chosen({ batch: 3 })).shapes).toEqual([[3, 4]])
  })

  test('a model that no guess fits is the user’s to help with', async () => {
    await expect(chosen({ trial: () => failed('no kernel') })).rejects.toThrow(InputError)
  })

  test('inputs are kept where the user wants them', async () => {
    const saveInputs = join(folder, 'kept')
    const { found } = await chosen({ saveInputs })
    expect(loadInputs(join(saveInputs, 'inputs.json'))).toEqual(found.samples)
  })
})

describe('a process that ends', () => {
  test.each<[string, Trial<TryOutput>, RegExp]>([
    [
      'crashed',
      { outcome: 'crashed', reason: 'SIGSEGV' },
      /relu\.onnx cannot run: SIGSEGV; try a smaller --shape, other --data or another version/,
    ],
    [
      'out of memory',
      { outcome: 'out-of-memory', usedBytes: 3e9, limitBytes: 1e9 },
      /it used .* of memory, above the limit of .*; try a smaller --shape/,
    ],
    [
      'timed out',
      { outcome: 'timed-out', limitMs: 40_000 },
      /its first prediction does not end within 40 s; try a smaller --shape or fewer --threads/,
    ],
  ])('%s is about the model: no other guess is tried, and it says what to do', async (_, trial, message) => {
    const calls: number[] = []
    const run = chosen({
      model: relu(1, 'sequence_length'),
      trial: (__, call) => {
        calls.push(call)
        return trial
      },
    })
    await expect(run).rejects.toThrow(InputError)
    await expect(run).rejects.toThrow(message)
    expect(calls).toEqual([0])
  })
})

describe('data', () => {
  const rows = 'a,b,c,d,label\n1,2,3,4,7\n5,6,7,8,9\n'

  test('are read, tried, and measured with, labels apart', async () => {
    const { found, shapes } = await chosen({ data: csv('rows.csv', rows), labels: 'label' })
    expect(shapes).toEqual([[1, 4]])
    expect(found).toMatchObject({ source: 'data', warnings: [] })
    expect(loadInputs(found.saved).map(({ x }) => [...(x!.data as Float32Array)])).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ])
    expect(found.labels!.map(({ data }) => Number((data as Float64Array)[0]))).toEqual([7, 9])
  })

  test('that the engine refuses are an error that names them', async () => {
    const data = csv('refused.csv', rows)
    const run = chosen({ data, labels: 'label', trial: () => failed('index out of range') })
    await expect(run).rejects.toThrow(InputError)
    await expect(run).rejects.toThrow(
      `${data}: the engine refuses these inputs: index out of range; it was given x 1x4; give other sizes, or leave --data out to see sizes that it takes`,
    )
  })

  test('may miss a value where the model can mean it, and nowhere else', async () => {
    const data = csv('missing.csv', 'a,b,c,d\n1,,3,4\n')
    await expect(chosen({ data })).rejects.toThrow(/holds NaN/)
    const trees = modelInMemory(
      model({
        nodes: [node({ opType: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml' }, ['x'], ['y'])],
        inputs: [valueInfo('x', 'float32', ['n', 4])],
        outputs: [valueInfo('y', 'float32')],
        opsets: { 'ai.onnx.ml': 3 },
      }),
    )
    expect((await chosen({ model: trees, data })).found.samples[0]!.x!.data).toEqual(Float32Array.of(1, Number.NaN, 3, 4))
  })
})

test('threads in use are those asked for, else those of the engine’s pool, else one', async () => {
  const threads = async (asked: number | null, poolThreads: number | null, engine = 'ort-cpu') => {
    const engineOptions = { ...plainOptions, threads: asked }
    return (await chosen({ engine, engineOptions, trial: () => taken({ poolThreads }) })).found.threadsInUse
  }
  expect([await threads(3, 4), await threads(null, 4), await threads(0, 4), await threads(null, null)]).toEqual([3, 4, 4, 1])
  // It takes no thread count.
  expect(await threads(3, 1, 'tfjs-wasm')).toBe(1)
})

describe('warnings', () => {
  const outputs: TryOutput['outputs'] = [
    { name: 'y', type: { dtype: 'float32', shape: [1] }, finite: false },
    { name: 'map', type: null, finite: true },
  ]
  test('tell of outputs that are not finite, and of those that are no tensors', async () => {
    const { found } = await chosen({ trial: () => taken({ outputs }) })
    expect(found.warnings).toEqual([
      "the output 'y' holds NaN or infinity; made-up inputs can do that to a model that is fine: give your own with --data",
      "the output 'map' is not a tensor (a ZipMap's map, a sequence) and was not fetched; the latency is without it",
    ])
  })
  test('of the user’s own data point to model and data', async () => {
    const { found } = await chosen({ data: csv('nan.csv', 'a,b,c,d\n1,2,3,4\n'), trial: () => taken({ outputs }) })
    expect(found.warnings[0]).toBe("the output 'y' holds NaN or infinity; look at the inputs and the weights")
  })
})

test('a report tells shapes, where they come from, and which axes are free', async () => {
  const { found } = await chosen()
  expect(inputFacts(found)).toEqual([
    {
      name: 'x',
      dtype: 'float32',
      shape: [1, 4],
      assumed: ['axis 0 (batch) = 1, change with --batch'],
      assumptions: [{ text: 'axis 0 (batch) = 1', flag: '--batch' }],
      source: 'synthetic',
      freeAxes: [{ axis: 0, symbol: 'n' }],
      likeness: { of: 'noise', range: null, why: expect.stringMatching(/^Nothing in the model shows/) },
    },
  ])
})
