// Which model stands at the foot of the ladder, and with which shapes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { afterAll, expect, test } from 'vitest'
import type { SessionFact, ValueFact } from '../../facts.ts'
import { fedShapes, withBare } from './bare-measurement.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-bare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const input = (name: string, shape: ValueDeclaration['shape']): ValueDeclaration => ({
  name,
  kind: 'tensor',
  dtype: 'float32',
  shape,
})
const fed = (shape: readonly number[] | null): ValueFact => ({
  ...{ kind: 'tensor', dtype: 'float32', shape, length: null, bytes: null },
  ...{ contiguous: null, device: null },
})

test('shapes are asked for where the model leaves them open, and those that were fed fit', () => {
  expect(fedShapes([input('x', [1, 3])], [])).toEqual(new Map())
  expect(fedShapes([input('x', ['n', 3])], [fed([8, 3])])).toEqual(new Map([['x', [8, 3]]]))
  expect(fedShapes([input('x', null)], [fed([8, 3])])).toEqual(new Map([['x', [8, 3]]]))
  expect(fedShapes([input('x', ['n', 3])], [fed([8, 4])])).toBeNull()
  expect(fedShapes([input('x', ['n', 3])], [fed(null)])).toBeNull()
  expect(fedShapes([input('x', ['n', 3]), input('y', [1])], [fed([8, 3])])).toBeNull()
})

const session = (given: Partial<SessionFact>): SessionFact =>
  ({
    engine: 'onnxruntime',
    modelFile: '/m.onnx',
    device: 'cpu',
    threads: null,
    runsPerPrediction: 1,
    runMs: 1,
    inputs: [],
    ...given,
  }) as SessionFact

test.each([
  [[], 'no session of an engine was seen at work'],
  [[session({ modelFile: null })], 'the file of the model that onnxruntime runs is not known'],
  [[session({ device: 'cuda' })], 'onnxruntime runs the model on cuda, and it is measured alone on the CPU'],
  [[session({ runsPerPrediction: 0.1 })], 'calls run the model now and then'],
  [[session({ modelFile: '/nowhere.onnx' })], /nowhere.onnx/],
] as const)('no model to measure: %#', async (sessions, reason) => {
  const file = join(folder, 'app.mjs')
  writeFileSync(file, 'export const predict = (x) => x')
  const pass = async () => ({ messages: [{ kind: 'sessions', sessions }], failure: null, log: null, leftRunning: 0 }) as never
  const source = { file, language: 'javascript', call: null, interpreter: [process.execPath] } as const
  const plan = { source, main: null, data: null, python: null, limitSeconds: 1, trials: {} as never, pass }
  const bare = await withBare(plan, async (found) => found)
  expect(bare).toEqual({ reason: expect.stringMatching(reason) })
})

test('what fails while the ladder is climbed is not taken for a model that cannot be read', async () => {
  const pass = async () => ({ messages: [] }) as never
  const source = { file: join(folder, 'app.mjs'), language: 'javascript', call: null, interpreter: [process.execPath] } as const
  const plan = { source, main: null, data: null, python: null, limitSeconds: 1, trials: {} as never, pass }
  const climbing = withBare(plan, async () => {
    throw new Error('while climbing')
  })
  await expect(climbing).rejects.toThrow('while climbing')
})
