// Of the operators that quantize_dynamic quantizes whole and of MatMulNBits, as Python's quantizer wrote them: fixtures/quantize/make-operators.py
// and make.py. Float twins beside the model that was quantized, and beside the quantized one in the engine.
import { fileURLToPath } from 'node:url'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { attribute, floatTensor, modelInMemory, rawTensor } from '@whyslow/graph/build.ts'
import { readBytes } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { EXACT_SUMS } from '@whyslow/measure/engines/onnxruntime/int8/exact-sums.ts'
import { nBits } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import type { NodeProto } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { exampleSetup, largestDifference, randomFeeds, runSetup } from '../../../test/support/remedies/check-remedy.ts'
import { withFloatProducts } from './dynamic-products.ts'
import { floatModel } from './float-model.ts'
import { quantizedGraph } from './quantized-graph.ts'

const fixture = (name: string) =>
  readOnnx(fileURLToPath(new URL(`../../../../../fixtures/quantize/${name}.onnx`, import.meta.url)))
const nodesOf = ({ proto }: Model): readonly NodeProto[] => proto.graph!.node
const opsOf = (model: Model) => nodesOf(model).map(({ opType }) => opType)

function numbersOf(model: Model, name: string | undefined) {
  const constant = quantizedGraph(model)!.matching.constant(name)
  return (
    constant && {
      shape: constant.shape,
      numbers: decodeNumbers(readBytes(model, constant), constant.dtype, constant.elementCount)!,
    }
  )
}

/** Of all outputs of both models, on the same random inputs. */
async function differenceOf(model: Model, other: Model): Promise<number> {
  const feeds = [randomFeeds(model, 3)]
  const [before, after] = await Promise.all(
    [model, other].map(async (one) => (await runSetup(exampleSetup(one, { options: { configEntries: EXACT_SUMS } }), feeds))[0]!),
  )
  return Math.max(...Object.keys(before!).map((name) => largestDifference(after![name]!, before![name]!)))
}

describe.each(['operators-dynamic', 'operators-dynamic-channels'])('%s', async (name) => {
  const [original, quantized] = [await fixture('operators'), await fixture(name)]

  test('holds the operators that are meant', () => {
    expect(opsOf(quantized)).toEqual(
      expect.arrayContaining(['QEmbedLayerNormalization', 'DynamicQuantizeLinear', 'QAttention', 'DynamicQuantizeLSTM']),
    )
  })

  test('its twin has the weights of the model that was quantized, up to their rounding', () => {
    const { model, products } = floatModel(quantized)!
    expect(products).toBe(3)
    expect(opsOf(model)).toEqual(opsOf(original))
    for (const [k, node] of nodesOf(original).entries()) {
      for (const [at, input] of node.input.entries()) {
        const weights = numbersOf(original, input)
        if (weights === undefined || weights.shape.length === 0) continue
        const twin = numbersOf(model, nodesOf(model)[k]!.input[at])!
        expect(twin.shape, input).toEqual(weights.shape)
        const largest = Math.max(...weights.numbers.map(Math.abs))
        const worst = Math.max(...weights.numbers.map((value, i) => Math.abs(value - twin.numbers[i]!)))
        expect(worst, input).toBeLessThan(largest / 60)
      }
    }
  })

  test('and gives what the quantized one gives, up to the rounding of activations: it is nearer to the model that was quantized', async () => {
    const twin = floatModel(quantized)!.model
    expect(await differenceOf(quantized, twin)).toBeLessThan(0.2)
    expect(await differenceOf(original, twin)).toBeLessThan(await differenceOf(original, quantized))
  })

  test('one of them alone may be meant', () => {
    const one = withFloatProducts(quantized, (node) => node.name === 'lstm_quant')
    expect(one).toMatchObject({ layers: ['lstm_quant'], stay: 2 })
    expect(opsOf(one.model)).toEqual(opsOf(quantized).map((op) => (op === 'DynamicQuantizeLSTM' ? 'LSTM' : op)))
  })
})

test('one whose first output nobody reads is told by its name', async () => {
  const model = await fixture('operators-dynamic')
  const graph = model.proto.graph!
  const node = graph.node.map((one) => (one.name === 'lstm_quant' ? copyWith(one, { output: ['', 'h'] }) : one))
  const last = withGraph(model, copyWith(graph, { node, output: graph.output.filter(({ name }) => name === 'h') }))
  expect(floatModel(last)!.products).toBe(3)
})

test('scales that are computed are not understood', async () => {
  const model = await fixture('operators-dynamic')
  const graph = model.proto.graph!
  const node = graph.node.map((one) =>
    one.name === 'lstm_quant' ? copyWith(one, { input: one.input.map((name, at) => (at === 8 ? 'embedded_scale' : name)) }) : one,
  )
  expect(withFloatProducts(withGraph(model, copyWith(graph, { node })))).toMatchObject({ stay: 0, layers: { length: 2 } })
})

describe('MatMulNBits', () => {
  test.each(['blocks4-asymmetric', 'blocks4-symmetric', 'blocks8-asymmetric', 'blocks8-symmetric'])('%s', async (name) => {
    const model = await fixture(name)
    const float = floatModel(model)!
    expect(float.products).toBe(opsOf(model).filter((op) => op === 'MatMulNBits').length)
    expect(opsOf(float.model)).not.toContain('MatMulNBits')
    // They multiply in int8.
    expect(await differenceOf(model, float.model)).toBeLessThan(0.05)
  })

  test('as the engine computes it in float; a bias is added', async () => {
    const proto = nBits()
    expect(await differenceOf(modelInMemory(proto), floatModel(modelInMemory(proto))!.model)).toBeLessThan(1e-4)
    const graph = proto.graph!
    const node = graph.node.map((one) => copyWith(one, { input: [...one.input, '', '', 'b'] }))
    const bias = floatTensor('b', [32], new Float32Array(32).fill(2))
    const biased = modelInMemory(copyWith(proto, { graph: copyWith(graph, { node, initializer: [...graph.initializer, bias] }) }))
    const float = floatModel(biased)!.model
    expect(opsOf(float)).toEqual(['MatMul', 'Add'])
    expect(await differenceOf(biased, float)).toBeLessThan(1e-4)
  })

  test('in another order, or packed for another processor, it is not understood', () => {
    const model = modelInMemory(nBits())
    const graph = model.proto.graph!
    const [product] = graph.node
    const changed = (parts: Partial<NodeProto>) => withGraph(model, copyWith(graph, { node: [copyWith(product!, parts)] }))
    const order = rawTensor('order', 'int32', [64], new Uint8Array(256))
    const given = copyWith(changed({ input: [...product!.input, '', 'order'] }).proto.graph!, {
      initializer: [...graph.initializer, order],
    })
    const ordered = withGraph(model, given)
    expect(floatModel(ordered)).toBeUndefined()
    expect(floatModel(changed({ attribute: [...product!.attribute, attribute('weight_prepacked', 1)] }))).toBeUndefined()
  })
})
