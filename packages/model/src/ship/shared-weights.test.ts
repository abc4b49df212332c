import fs from 'node:fs'
import path from 'node:path'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import { ortCpu } from '@whyslow/measure/engines/onnxruntime/ort-cpu.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { variantWriter } from './shared-weights.ts'

const folder = folderOfTests()

const SIDE = 32
const matrix = (name: string, scale: number) =>
  floatTensor(
    name,
    [SIDE, SIDE],
    Array.from({ length: SIDE * SIDE }, (_, k) => scale * Math.sin(k)),
  )
const row = (name: string) => valueInfo(name, 'float32', [1, SIDE])
const base = modelInMemory(
  model({
    nodes: [
      node('Constant', [], ['c'], { value: matrix('', 0.5) }),
      node('MatMul', ['x', 'w'], ['u']),
      node('MatMul', ['u', 'c'], ['y']),
    ],
    inputs: [row('x')],
    outputs: [row('y')],
    initializers: [matrix('w', 1)],
  }),
)

async function predict(file: string): Promise<number[]> {
  const session = await ortCpu.open(file, plainOptions)
  const data = Float32Array.from({ length: SIDE }, (_, k) => Math.cos(k))
  const { y } = await session.run({ x: { dtype: 'float32', shape: [1, SIDE], data } })
  await session.close()
  return [...(y!.data as Float32Array)]
}

test('weights that lie outside already come along', async () => {
  const at = path.join(folder, 'outside')
  fs.mkdirSync(at)
  const write = variantWriter(base, at)
  const once = await readOnnx(await write(base, 'once'))
  expect(once.weights.size).toBe(1)
  const elsewhere = path.join(folder, 'elsewhere')
  fs.mkdirSync(elsewhere)
  const again = await variantWriter(once, elsewhere)(once, 'again')
  expect(await predict(again)).toEqual(await predict(path.join(at, 'once.onnx')))
})

test('variants predict as they would whole, and hold only what is their own', async () => {
  const write = variantWriter(base, folder)
  const graph = base.proto.graph!
  // Another second product: w stays shared, the constant goes.
  const changed = copyWith(graph, {
    node: [graph.node[1]!, node('MatMul', ['u', 'v'], ['y'])],
    initializer: [...graph.initializer, matrix('v', 2)],
  })
  const [same, other] = [await write(base, 'same'), await write(withGraph(base, changed), 'other')]
  expect(fs.statSync(path.join(folder, 'shared.weights')).size).toBe(2 * 4 * SIDE * SIDE)
  expect(fs.statSync(same).size).toBeLessThan(1000)
  expect(fs.statSync(other).size).toBeLessThan(4 * SIDE * SIDE + 1000)
  const [a, b] = [await predict(same), await predict(other)]
  // v is four times the constant.
  b.forEach((value, k) => {
    expect(value).toBeCloseTo(4 * a[k]!, 3)
  })
})
