import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { expect, test } from 'vitest'
import { plainOptions } from '../../test/support/engines/example-options.ts'
import { folderOfTests } from '../../test/support/trials/example-folder.ts'
import type { Session } from '../engines/types.ts'
import { loadInputs, saveInputs } from '../samples/saved.ts'
import { engineOf } from '../trials/engine-of.ts'
import { modelTask } from '../trials/model-task.ts'
import { compareOutputs } from './compare.ts'
import { keepOutputs, outputsTask } from './outputs-task.ts'
import { verdict } from './verdict.ts'

const folder = folderOfTests()

const row = (value: number) => ({ dtype: 'float32', shape: [1, 2], data: Float32Array.of(value, -value) }) as const

function written(name: string, nodes: ReturnType<typeof node>[], outputs: ReturnType<typeof valueInfo>[]): string {
  const file = join(folder, `${name}.onnx`)
  writeFileSync(file, writeModel(model({ nodes, inputs: [valueInfo('x', 'float32', [1, 2])], outputs })))
  return file
}

test('what comes out of each sample is kept, with dtype and shape', async () => {
  const file = written(
    'best',
    [node('Add', ['x', 'x'], ['y']), node('ArgMax', ['x'], ['best'], { axis: 1, keepdims: 0 })],
    [valueInfo('y', 'float32', [1, 2]), valueInfo('best', 'int64', [1])],
  )
  const inputs = saveInputs(join(folder, 'in'), [{ x: row(1) }, { x: row(-3) }])
  const task = { ...modelTask('ort-cpu', file, plainOptions, inputs), outputFolder: join(folder, 'out') }
  const { saved, varying } = await outputsTask.run(task)
  expect(varying).toEqual([])
  expect(loadInputs(saved)).toEqual([
    {
      y: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(2, -2) },
      best: { dtype: 'int64', shape: [1], data: BigInt64Array.of(0n) },
    },
    {
      y: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(-6, 6) },
      best: { dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) },
    },
  ])
})

test('one sample is predicted with however little time there is, and no second look where none is asked for', async () => {
  const file = written('random', [node('RandomNormalLike', ['x'], ['y'])], [valueInfo('y', 'float32', [1, 2])])
  const session = await engineOf('ort-cpu').open(file, plainOptions)
  const { saved, varying } = await keepOutputs(session, [{ x: row(1) }, { x: row(2) }], join(folder, 'short'), {
    inMs: -1,
    again: false,
  })
  await session.close()
  expect(loadInputs(saved)).toHaveLength(1)
  expect(varying).toEqual([])
})

test('random numbers in the model are seen', async () => {
  const file = written('random', [node('RandomNormalLike', ['x'], ['y'])], [valueInfo('y', 'float32', [1, 2])])
  const inputs = saveInputs(join(folder, 'in'), [{ x: row(1) }])
  const task = { ...modelTask('ort-cpu', file, plainOptions, inputs), outputFolder: join(folder, 'random') }
  expect((await outputsTask.run(task)).varying).toEqual(['y'])
})

test('last digits that threads move are no random numbers', async () => {
  const giving = (off: number) => {
    let run = 0
    const session = { run: async () => ({ y: row(1 + off * run++) }), close: async () => {} }
    return keepOutputs(session as unknown as Session, [{ x: row(1) }], join(folder, `off-${off}`))
  }
  expect((await giving(1e-6)).varying).toEqual([])
  expect((await giving(1e-2)).varying).toEqual(['y'])
})

test('a tree model agrees with itself on one thread and on two', async () => {
  const file = resolve(import.meta.dirname, '../../../../fixtures/models/credit_xgb.onnx')
  const columns = Float32Array.from({ length: 23 }, (_, k) => (k * 7919) % 101)
  const inputs = saveInputs(join(folder, 'rows'), [{ X: { dtype: 'float32', shape: [1, 23], data: columns } }])
  const [one, two] = await Promise.all(
    [1, 2].map((threads) =>
      outputsTask.run({
        ...modelTask('ort-cpu', file, { ...plainOptions, threads }, inputs),
        outputFolder: join(folder, `on-${threads}`),
      }),
    ),
  )
  const agreement = compareOutputs(loadInputs(one!.saved), loadInputs(two!.saved))
  expect(agreement.top1).toBe(1)
  expect(verdict(agreement, 'exact', null)).toMatchObject({ ok: true })
})
