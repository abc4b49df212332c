import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { randomFeeds, typesAsRun } from '@whyslow/measure/support/engines/example-run.ts'
import { describe, expect, test } from 'vitest'
import { quantizeAll } from '../../../test/support/quantize/write/check-quantize.ts'
import { runSetup } from '../../../test/support/remedies/check-run.ts'
import { exampleSetup } from '../../../test/support/remedies/example-evidence.ts'
import { extractNode } from './extract.ts'
import { quantizableNodes } from './quantizable.ts'

const random = mulberry32(5)
const normals = (count: number) => Float32Array.from({ length: count }, () => normal(random))
const whole = modelInMemory(
  model({
    nodes: [
      node('Conv', ['x', 'conv', 'bias'], ['c']),
      node('Relu', ['c'], ['r']),
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'zero'], ['batch']),
      node('Concat', ['batch', 'rest'], ['flat'], { axis: 0 }),
      node('Reshape', ['r', 'flat'], ['f']),
      node('Constant', [], ['w'], { value: floatTensor('', [16, 3], normals(48)) }),
      node('MatMul', ['f', 'w'], ['m']),
      node('Add', ['m', 'b'], ['s']),
      node('Gather', ['table', 'ids'], ['e']),
      node('Add', ['s', 'e'], ['y']),
    ] as ModelParts['nodes'],
    inputs: [valueInfo('x', 'float32', ['batch', 4, 2, 2]), valueInfo('ids', 'int64', ['batch'])],
    outputs: [valueInfo('y', 'float32')],
    initializers: [
      floatTensor('conv', [4, 4, 1, 1], normals(16)),
      floatTensor('bias', [4], normals(4)),
      floatTensor('b', [3], normals(3)),
      floatTensor('table', [9, 3], normals(27)),
      int64Tensor('zero', [1], [0]),
      int64Tensor('rest', [1], [-1]),
    ],
  }),
)
const feeds = randomFeeds(whole, 1)
const types = typesAsRun(whole, feeds)

describe('extractNode', () => {
  test('every node alone is a model that runs, with shapes as run and outputs of the same shape', async () => {
    const asRun = await types
    for (const { node: name, parts } of quantizableNodes(whole)) {
      const alone = extractNode(whole, name, asRun)
      expect(alone, name).toBeDefined()
      expect(problemsOf(alone!.proto)).toEqual([])
      const [results] = await runSetup(exampleSetup(alone!), [randomFeeds(alone!, 2)])
      for (const [output, { dtype, shape }] of Object.entries(results!)) expect({ dtype, shape }).toEqual(asRun.get(output))
      expect(Object.keys(results!)).toEqual([parts.at(-1) ?? name])
    }
  })

  test('with what runs within it, its constants, and computed shapes as constants', async () => {
    const asRun = await types
    const operatorsOf = (name: string) => viewGraph(extractNode(whole, name, asRun)!).nodes.map(({ opType }) => opType)
    expect([operatorsOf('c'), operatorsOf('m')]).toEqual([
      ['Conv', 'Relu'],
      ['MatMul', 'Add'],
    ])
    const reshape = viewGraph(extractNode(whole, 'f', asRun)!)
    expect(reshape.inputs.map(({ name }) => name)).toEqual(['r'])
    expect(reshape.constants.flat!.values).toEqual([2, 16])
    expect(viewGraph(extractNode(whole, 'e', asRun)!).inputs.map(({ name }) => name)).toEqual(['ids'])
  })

  test('can be quantized as it was in the whole', async () => {
    const alone = extractNode(whole, 'm', await types)!
    for (const precision of ['dynamic', 'static', 'weights8', 'weights4'] as const) {
      const { layers } = await quantizeAll(alone, precision, [randomFeeds(alone, 3)])
      expect(layers).toMatchObject([{ node: 'm', opType: 'MatMul', precision }])
    }
  })

  test('undefined where nothing is known of what it reads, or there is no such node', () => {
    expect(extractNode(whole, 'c', new Map())).toBeUndefined()
    expect(extractNode(whole, 'nowhere', new Map())).toBeUndefined()
  })
})
