import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { model, modelInMemory, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { withValuesAsOutputs } from '@whyslow/graph/edit.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { mergeCollected, sumOf } from './collect.ts'
import { observe, observeBlocks } from './observe.ts'
import { withMinMaxObservers } from './observers.ts'

const VALUES = ['x', 'y']
const SAMPLES = 61

const folder = folderOfTests()
const random = mulberry32(3)
const samples = Array.from({ length: SAMPLES }, () => ({
  x: { dtype: 'float32' as const, shape: [4, 25], data: Float32Array.from({ length: 100 }, () => normal(random)) },
}))
const inputs = saveInputs(join(folder, 'inputs'), samples)

const small = modelInMemory(
  model({
    nodes: [node('Exp', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [4, 25])],
    outputs: [valueInfo('y', 'float32', [4, 25])],
  }),
)

function taskOf(name: string, one: typeof small) {
  mkdirSync(join(folder, name))
  const file = join(folder, name, 'model.onnx')
  writeFileSync(file, writeModel(one.proto))
  return { engine: 'ort-cpu', options: { ...plainOptions, threads: 3 }, file, inputs }
}

// Below 0: as many threads as are allowed, whatever there is to do.
const ALWAYS = Number.NEGATIVE_INFINITY
const NEVER = Number.POSITIVE_INFINITY

test('several threads find what one finds, sums to the last bit', async () => {
  const channels = [{ value: 'y', axis: 1, rank: 2, size: 25 }]
  const task = {
    ...taskOf('min-max', withMinMaxObservers(small, VALUES, channels)),
    observers: { kind: 'min-max', sumsFrom: 0 } as const,
  }
  const [one, three] = [await observe(task, NEVER), await observe(task, ALWAYS)]
  expect(one.least).toHaveLength(2 * VALUES.length + 2 * 25)
  expect([three.least, three.most]).toEqual([one.least, one.most])
  expect(sumOf(three)).toEqual(sumOf(one))
  // Threads may start when all is done; of these two the first is told after its first block that nothing is left.
  const [first, rest] = [0, 1].map((block) => new Int32Array(new SharedArrayBuffer(4)).fill(block)) as [Int32Array, Int32Array]
  const both = [await observeBlocks(task, first, () => first.fill(SAMPLES)), await observeBlocks(task, rest)]
  expect(both.map(({ sums }) => sums.size)).not.toContain(0)
  expect(mergeCollected(both)).toMatchObject({ least: one.least, most: one.most })
  expect(sumOf(mergeCollected(both))).toEqual(sumOf(one))
})

test('and count the same numbers', async () => {
  const ranges = { x: { low: -5, high: 5 }, y: { low: 0, high: 150 } }
  const observers = { kind: 'histograms', ranges, bins: 64 } as const
  const task = { ...taskOf('whole', withValuesAsOutputs(small, VALUES)), observers }
  const [one, three] = [await observe(task, NEVER), await observe(task, ALWAYS)]
  expect(one.histograms.get('x')!.counts.reduce((sum, count) => sum + count)).toBe(100 * SAMPLES)
  expect(three.histograms).toEqual(one.histograms)
})

test('a sample that the engine refuses ends them all', async () => {
  const wrong = saveInputs(join(folder, 'wrong'), [{ x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } }])
  const task = {
    ...taskOf('refused', withMinMaxObservers(small, VALUES)),
    inputs: wrong,
    observers: { kind: 'min-max', sumsFrom: 4 } as const,
  }
  await expect(observe(task, ALWAYS)).rejects.toThrow()
})
