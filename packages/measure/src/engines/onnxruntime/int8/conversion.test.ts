import { floatTensor, model, modelInMemory, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import { neighboursOf } from '@whyslow/graph/neighbours.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { conversionOf } from './conversion.ts'

/** Weights of 4 x 4 with scales of 1 x 4. */
const conversion = (attributes: Parameters<typeof node>[3]) => {
  const built = model({
    nodes: [node('DequantizeLinear', ['w', 's'], ['f'], attributes), node('MatMul', ['x', 'f'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1, 4])],
    outputs: [valueInfo('y', 'float32', [1, 4])],
    initializers: [rawTensor('w', 'int8', [4, 4], new Uint8Array(16).fill(1)), floatTensor('s', [1, 4], [1, 2, 3, 4])],
    opset: 21,
  })
  const at = neighboursOf(viewGraph(modelInMemory(built)))
  return conversionOf(at.graph.nodes[0]!, at)
}

test('scales of blocks are not those of channels', () => {
  expect(conversion({ axis: 0, block_size: 4 })).toMatchObject({ scale: undefined, zeroPoint: undefined, dtype: 'int8' })
  expect(conversion({ axis: 0 })).toMatchObject({ scale: [1, 2, 3, 4], zeroPoint: [0, 0, 0, 0], axis: 0 })
})
