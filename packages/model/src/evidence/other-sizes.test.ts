import { type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { resolveInputs } from '@whyslow/measure/samples/resolve.ts'
import { expect, test } from 'vitest'
import { otherSizes } from './other-sizes.ts'

type Inputs = NonNullable<ModelParts['inputs']>

function sizesOf(inputs: Inputs, { predictionMs = 1, shapes = new Map<string, readonly number[]>() } = {}) {
  const nodes = inputs.map(({ name }, k) => node('Relu', [name], [`y${k}`]))
  const outputs = inputs.map((_, k) => valueInfo(`y${k}`, 'float32', ['a']))
  const graph = viewGraph(modelInMemory(model({ nodes, inputs, outputs })))
  const flags = { shapes, values: new Map(), batch: null }
  const { inputs: resolved } = resolveInputs(graph.inputs, graph, flags)
  return otherSizes(resolved, graph, predictionMs)
}

const image = (height: string | number) => [valueInfo('x', 'float32', ['batch', 3, height, 'width'])]

/** Those at which the time counts. */
const timed = (found: ReturnType<typeof sizesOf>) => found.filter((one) => one.outputsAlone !== true)

test('open sizes of images at half and at one and a half of it, in steps of 32; the batch stays', () => {
  const found = timed(sizesOf(image('height')))
  expect(found.map(({ text }) => text)).toEqual(['x=1x3x128x128', 'x=1x3x352x352'])
  expect(found[0]!.samples).toHaveLength(2)
  expect(found[0]!.samples[0]!.x!.shape).toEqual([1, 3, 128, 128])
})

test('an open batch at three, of which the outputs alone count', () => {
  const [batch, ...others] = sizesOf(image('height'))
  expect(batch).toMatchObject({ text: 'x=3x3x224x224', outputsAlone: true })
  expect(batch!.samples[0]!.x!.shape).toEqual([3, 3, 224, 224])
  expect(timed(others)).toEqual(others)
})

test('what the model declares stays', () => {
  expect(timed(sizesOf(image(48))).map(({ text }) => text)).toEqual(['x=1x3x48x128', 'x=1x3x48x352'])
})

test('a slow model at the smaller one alone', () => {
  expect(timed(sizesOf(image('height'), { predictionMs: 100 })).map(({ text }) => text)).toEqual(['x=1x3x128x128'])
})

test('none where all is declared, and where the user said which', () => {
  expect(sizesOf([valueInfo('x', 'float32', [1, 3, 8, 8])])).toEqual([])
  expect(sizesOf(image('height'), { shapes: new Map([['x', [1, 3, 640, 640]]]) })).toEqual([])
  expect(timed(sizesOf([valueInfo('x', 'float32', ['batch', 4])]))).toEqual([])
})

test('inputs that share an axis keep sharing it', () => {
  const inputs = ['x', 'mask'].map((name) => valueInfo(name, 'float32', ['batch', 'sequence', 4]))
  expect(timed(sizesOf(inputs)).map(({ text }) => text)).toEqual(['x=1x64x4 mask=1x64x4', 'x=1x192x4 mask=1x192x4'])
})
