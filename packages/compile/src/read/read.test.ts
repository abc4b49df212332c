import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { evaluateRow } from '@whyslow/graph/forest/evaluate.ts'
import { describe, expect, test } from 'vitest'
import { compileLayers } from '../compile.ts'
import { packProgram } from '../program.ts'
import { compileModule, openProgram, readProgram } from '../shipped/compiled.mjs'
import { compilableOf } from './index.ts'

const network = modelInMemory(
  model({
    nodes: [
      node('Sub', ['x', 'mean'], ['moved']),
      node('Gemm', ['moved', 'w', 'b'], ['sums'], { transB: 1 }),
      node('Relu', ['sums'], ['positive']),
      node('MatMul', ['positive', 'v'], ['product']),
      node('Add', ['product', 'c'], ['score']),
      node('Sigmoid', ['score'], ['y']),
    ],
    inputs: [valueInfo('x', 'float32', ['n', 3])],
    outputs: [valueInfo('y', 'float32', ['n', 1])],
    initializers: [
      floatTensor('mean', [3], [1, 2, 3]),
      floatTensor('w', [5, 3], [1, -1, 2, 0.5, 0.25, -2, 3, 1, 1, -0.1, 0.2, 0.3, 1, 0, 0]),
      floatTensor('b', [5], [0.1, 0.2, 0.3, 0.4, 0.5]),
      floatTensor('v', [5, 1], [1, 2, -1, 0.5, 0.1]),
      floatTensor('c', [1], [-0.5]),
    ],
    opset: 17,
  }),
)

describe('a network', () => {
  test('is read as layers, and compiled as they are', () => {
    const found = compilableOf(network)
    if (!found.ok) throw new Error(found.reason)
    const { model: tabular, outputs } = found.compilable
    expect(outputs).toEqual([{ name: 'y', what: 'prediction', dtype: 'float32', rank: 2, columns: 1 }])
    const rows = Float32Array.of(1, 2, 3, 0, -1, 5, 0.3, 0.7, -4)
    const { program, module } = compileLayers(tabular)
    const { json, bytes } = packProgram(program)
    for (const wasm of [compileModule(module!), null]) {
      const predicted = openProgram(readProgram(json, bytes), wasm)(rows, 3, { prediction: true })
      const expected = [0, 1, 2].map((r) => evaluateRow(tabular, rows.subarray(r * 3, r * 3 + 3)).prediction[0]!)
      expect([...predicted.prediction!]).toEqual(expected)
    }
  })

  test('whose rows are joined with others is none, and says so', () => {
    const two = modelInMemory(
      model({
        nodes: [node('Add', ['x', 'z'], ['y'])],
        inputs: [valueInfo('x', 'float32', ['n', 3]), valueInfo('z', 'float32', ['n', 3])],
        outputs: [valueInfo('y', 'float32', ['n', 3])],
        opset: 17,
      }),
    )
    expect(compilableOf(two)).toEqual({ ok: false, reason: 'its Add joins several values' })
  })
})
