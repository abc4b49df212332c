// What is in the files: nodes, functions, shards.
import path from 'node:path'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { expect, test } from 'vitest'
import { readModel } from '../../index.ts'
import { liteGraphOf } from '../../tflite/write/lite-model.ts'
import { encodeTfjs, TFJS } from './index.ts'

const KERAS = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/keras')

interface NodeJson {
  readonly name: string
  readonly op: string
  readonly input?: readonly string[]
  readonly attr: Readonly<Record<string, { readonly list?: { readonly s?: readonly string[] } }>>
}

interface Document {
  readonly format: string
  readonly signature: Record<'inputs' | 'outputs', Record<string, { readonly name: string; readonly tensorShape: unknown }>>
  readonly modelTopology: {
    readonly node: readonly NodeJson[]
    readonly library: { readonly function: readonly { readonly nodeDef: readonly NodeJson[] }[] }
  }
  readonly weightsManifest: readonly [
    { readonly paths: readonly string[]; readonly weights: readonly { readonly name: string }[] },
  ]
}

const written = (given: Model, name?: string) => encodeTfjs(liteGraphOf(given, TFJS), 'm.onnx', name).files
const documentOf = (files: ReturnType<typeof written>) => JSON.parse(Buffer.from(files[0]!.bytes).toString()) as Document
const keras = (name: string) => readModel(path.join(KERAS, name))
const fused = ({ attr }: NodeJson) => attr.fused_ops!.list!.s!.map((one) => Buffer.from(one, 'base64').toString())

test('a convolution has its bias and its Relu within it, as TensorFlow’s converter fuses them', () => {
  const weights = [floatTensor('w', [2, 1, 3, 3], new Float32Array(18).fill(1)), floatTensor('b', [2], Float32Array.of(1, 2))]
  const given = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1] }), node('Relu', ['c'], ['y'])],
      inputs: [valueInfo('x', 'float32', ['n', 1, 4, 4])],
      outputs: [valueInfo('y', 'float32', ['n', 2, 4, 4])],
      initializers: weights,
    }),
  )
  const { modelTopology, signature, format } = documentOf(written(given))
  expect(format).toBe('graph-model')
  const convolution = modelTopology.node.find(({ op }) => op === '_FusedConv2D')!
  expect(fused(convolution)).toEqual(['BiasAdd', 'Relu'])
  expect(Object.keys(signature.inputs)).toEqual(['x'])
  expect(signature.outputs.y!.tensorShape).toEqual({ dim: [{ size: '-1' }, { size: '2' }, { size: '4' }, { size: '4' }] })
})

test('a recurrent layer is a loop whose functions name each node once in the whole model', async () => {
  const { modelTopology, weightsManifest } = documentOf(written(await keras('k3-recurrent.keras')))
  expect(modelTopology.node.some(({ op }) => op === 'StatelessWhile')).toBe(true)
  const all = [modelTopology.node, ...modelTopology.library.function.map(({ nodeDef }) => nodeDef)].flat()
  const named = all.filter(({ op }) => op !== 'Const').map(({ name }) => name)
  expect(new Set(named).size).toBe(named.length)
  // Every constant has its weight, and every weight is read.
  const constants = new Set(all.filter(({ op }) => op === 'Const').map(({ name }) => name))
  expect([...constants].sort()).toEqual(weightsManifest[0].weights.map(({ name }) => name).sort())
})

test('weights are cut into shards of 4 MB, which are called after the file', () => {
  const elements = new Float32Array(1_100_000)
  elements[3] = 1
  const given = modelInMemory(
    model({
      nodes: [node('Add', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1_100_000])],
      outputs: [valueInfo('y', 'float32', [1_100_000])],
      initializers: [floatTensor('w', [1_100_000], elements)],
    }),
  )
  const files = written(given)
  expect(files.map(({ name }) => name)).toEqual(['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin'])
  expect(files.slice(1).map(({ bytes }) => bytes.byteLength)).toEqual([4 * 1024 * 1024, 4_400_000 - 4 * 1024 * 1024])
  expect(documentOf(files).weightsManifest[0].paths).toEqual(files.slice(1).map(({ name }) => name))
  expect(written(given, 'small.json').map(({ name }) => name)[1]).toBe('small-group1-shard1of2.bin')
})

test.each(['k2-conv.h5', 'k3-bidirectional.keras'])('%s gives the same bytes twice', async (name) => {
  const [once, again] = [written(await keras(name)), written(await keras(name))]
  expect(once.map((one) => one.name)).toEqual(again.map((one) => one.name))
  for (const [k, { bytes }] of once.entries()) expect(Buffer.compare(bytes, again[k]!.bytes)).toBe(0)
})
