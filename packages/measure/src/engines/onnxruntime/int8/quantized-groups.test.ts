// Conditions that the engine shows on some CPUs only, of graphs written by hand: where its blocks have 16 channels, a MaxPool of fewer moves
// into the blocked layout, behind a conversion that nobody wrote (quantize/repair/python-options.test.ts).

import { modelInMemory } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { unaryGroup } from '../../../../test/support/engines/onnxruntime/int8/example-groups.ts'
import { quantizedGroups } from './quantized-groups.ts'

const written = viewGraph(modelInMemory(unaryGroup('MaxPool', { attributes: { kernel_shape: [2, 2] } })))
const found = (executed: typeof written, opset: number) =>
  quantizedGroups(executed, { graph: written, fusing: { opset, keepsInt8: false }, isUnoptimized: false })

test('an operator that nobody wrote came after the groups were formed', () => {
  const value = written.nodes.find(({ opType }) => opType === 'MaxPool')!.outputs[0]
  const renamed = (names: readonly string[]) => names.map((name) => (name === value ? 'of the engine' : name))
  const nodes = written.nodes.map((node) => ({
    ...node,
    name: `${node.name} of the engine`,
    inputs: renamed(node.inputs),
    outputs: renamed(node.outputs),
  }))
  expect(found({ ...written, nodes }, 17)).toMatchObject([{ condition: 'inserted-late', hasInt8Kernel: true }])
})

test('MaxPool moves no integers before opset 12', () => {
  expect(found(written, 11)).toMatchObject([
    { condition: 'opset', breaks: 'int8 MaxPool came with opset 12, and the model has 11', hasInt8Kernel: true },
  ])
  expect(found(written, 12)).toMatchObject([{ condition: 'not-known' }])
})
