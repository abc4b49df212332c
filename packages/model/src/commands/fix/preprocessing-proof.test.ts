// The proof that code moved into the model pays, on a scripted machine and clock.
import fs from 'node:fs'
import path from 'node:path'
import type { Run } from '@whyslow/command/run.ts'
import { block } from '@whyslow/command/support/example-trials.ts'
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { PreprocessingRequest } from '@whyslow/graph/rewrite/preprocessing/index.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { loadInputs, saveInputs } from '@whyslow/measure/samples/saved.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured, type Script, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { describe, expect, test } from 'vitest'
import type { RemedySetup } from '../../remedies/kit/remedy.ts'
import { provePreprocessing } from './preprocessing-proof.ts'

const folder = folderOfTests()
const REQUEST: PreprocessingRequest = {
  dtype: 'uint8',
  layout: 'nhwc',
  normalize: { mean: [0, 0, 0], std: [1, 1, 1], scale: 1 / 255 },
}

/** An image of 4 x 5 pixels in, and the same out. */
const echo = modelInMemory(
  model({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1, 3, 4, 5])],
    outputs: [valueInfo('y', 'float32', [1, 3, 4, 5])],
  }),
)

const isMoved = ({ modelFile }: ModelTask): boolean => modelFile.includes('with-preprocessing')

/** What the original gives for the images prepared, and what the new model gives for them as bytes. */
const outputs = (moved: (value: number) => number = (value) => value): Script[string] => {
  let prepared: readonly Feeds[] = []
  return (task: ModelTask & { readonly outputFolder: string }) => {
    if (!isMoved(task)) prepared = loadInputs(task.inputs)
    const results = prepared.map(({ x }) => ({
      y: { ...x!, data: isMoved(task) ? (x!.data as Float32Array).map(moved) : x!.data },
    }))
    return measured({ saved: saveInputs(task.outputFolder, results as Feeds[]), varying: [] })
  }
}

async function proven(script: Script, request = REQUEST, maxLoss: number | null = null, more: Partial<RemedySetup> = {}) {
  const own = fs.mkdtempSync(path.join(folder, 'proof-'))
  const trials = scriptedRunner(script)
  const x = { dtype: 'float32' as const, shape: [1, 3, 4, 5], data: new Float32Array(60) }
  const run = {
    trials,
    model: echo,
    graph: viewGraph(echo),
    engineOptions: plainOptions,
    inputs: { samples: [{ x }], threadsInUse: 2 },
    limits: { memoryBytes: 1e9, signal: undefined },
    folder: own,
  } as unknown as Run
  const setup = { model: echo, options: plainOptions, batchFactor: 1, machineBound: false, ...more }
  // Each run of the loops takes 2 ms.
  let now = 0
  const nowMs = () => now++ * 2
  const { row, moved } = await provePreprocessing(run, { engine: 'ort-cpu', maxLoss, nowMs }, { setup, kept: [] }, request)
  return { row, moved, trials, own }
}

const taking =
  (baseMs: number, movedMs: number): Script[string] =>
  (input: LatencyInput) =>
    measured(block(isMoved(input) ? movedMs : baseMs))

describe('what is faster with the code in the model', () => {
  test('counts the loops on the side that needs them', async () => {
    const { row, moved } = await proven({ outputs: outputs(), latency: taking(4, 3) })
    // 4 ms and 2 ms of loops against 3: twice as fast.
    expect(row).toMatchObject({
      ...{ name: 'preprocessing', remedies: ['preprocessing'], outcome: 'faster', kept: true },
      judgement: {
        before: 6,
        after: 3,
        speedup: 2,
        speedupLow: expect.closeTo(2, 9),
        speedupHigh: expect.closeTo(2, 9),
        pairs: 6,
      },
      reason: 'outputs equal bit for bit; 2.00 ms of plain loops are gone',
    })
    expect(row.changes).toBe(moved.changes)
    expect(moved.input).toMatchObject({ dtype: 'uint8', shape: [1, 4, 5, 3] })
  })

  test('is held against all else that is kept, with the code before it', async () => {
    const kept = { model: modelInMemory(echo.proto), options: { ...plainOptions, threads: 1 } }
    // The original takes 40 ms; what is kept makes it 4, which is not the preprocessing's gain.
    const latency = (task: LatencyInput) => measured(block(isMoved(task) ? 3 : task.options.threads === 1 ? 4 : 40))
    const { row } = await proven({ outputs: outputs(), latency }, REQUEST, null, kept)
    expect(row.judgement).toMatchObject({ before: 6, after: 3 })
  })

  test('is in what is shipped though it is slower, since it was asked for', async () => {
    const { row } = await proven({ outputs: outputs(), latency: taking(4, 9) })
    expect(row).toMatchObject({ outcome: 'slower', kept: true })
    expect(row.judgement!.speedup).toBeCloseTo(6 / 9, 9)
  })

  test('is no difference where the loops are all it saves, and the model takes as much more', async () => {
    const { row } = await proven({ outputs: outputs(), latency: taking(4, 6) })
    expect(row).toMatchObject({ outcome: 'no-difference', kept: true })
  })
})

test('both sides see the same pictures: bytes here, what the loops make of them there', async () => {
  const { own } = await proven({ outputs: outputs(), latency: taking(4, 3) })
  const [bytes, floats] = ['pictures', 'prepared'].map((name) => loadInputs(path.join(own, name, 'inputs.json')))
  expect(bytes).toHaveLength(4)
  const [picture, prepared] = [bytes![0]!.x!, floats![0]!.x!]
  expect([picture.dtype, picture.shape, prepared.dtype, prepared.shape]).toEqual(['uint8', [1, 4, 5, 3], 'float32', [1, 3, 4, 5]])
  // The second channel of the first pixel.
  expect((prepared.data as Float32Array)[20]).toBeCloseTo((picture.data as Uint8Array)[1]! / 255, 6)
})

describe('what is not shipped', () => {
  test('other outputs, however fast', async () => {
    const { row, trials } = await proven({ outputs: outputs((value) => value + 0.1), latency: taking(4, 1) })
    expect(row).toMatchObject({ outcome: 'rejected', kept: false, judgement: null })
    expect(trials.tasks()).toEqual(['outputs', 'outputs'])
  })

  test('what the engine refuses', async () => {
    const { row } = await proven({
      outputs: (task: ModelTask) => (isMoved(task) ? failed('no kernel') : outputs()(task as never, 0, {} as never)) as never,
    })
    expect(row).toMatchObject({ outcome: 'failed', reason: 'no kernel', kept: false })
  })

  test('what cannot be timed', async () => {
    const { row } = await proven({ outputs: outputs(), latency: () => failed('the process ended') })
    expect(row).toMatchObject({ outcome: 'failed', reason: 'the process ended', kept: false })
    expect(row.agreement).not.toBeNull()
  })
})
