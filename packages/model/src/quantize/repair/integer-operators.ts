// Operators that take integers with their scales (QLinearConv, QGemm ...: Python's QOperator format), in QDQ form: the same numbers,
// which the engine fuses again. What is known of pairs of conversions then holds for them, too.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md, https://onnx.ai/onnx/operators/onnx__QLinearConv.html

import { floatTensor, node as makeNode, rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { conversionNode, type QuantizedGraph, quantizedGraph, withRepairs } from './quantized-graph.ts'

/** An operator and the places of its inputs, each followed by its scale and zero point. */
interface Form {
  readonly opType: string
  readonly data: (inputs: number) => readonly number[]
  /** Scale and zero point of the output. */
  readonly output: number
  /** int32. */
  readonly bias?: number
  /** Read as it is, before the others. */
  readonly plain?: number
  /** Float, added behind. */
  readonly added?: number
  /** Its inputs in the order that the numbers here speak of. */
  readonly order?: readonly number[]
}

const unary = (opType: string): Form => ({ opType, data: () => [0], output: 3 })
const binary = (opType: string): Form => ({ opType, data: () => [0, 3], output: 6 })
const FORMS: Readonly<Record<string, Form>> = {
  QLinearConv: { ...binary('Conv'), bias: 8 },
  QLinearMatMul: binary('MatMul'),
  QGemm: { opType: 'Gemm', data: () => [0, 3], bias: 6, output: 7 },
  QLinearAdd: binary('Add'),
  QLinearMul: binary('Mul'),
  QLinearWhere: { opType: 'Where', plain: 0, data: () => [1, 4], output: 7 },
  // Of a value with a range of its own, it is a dynamic product.
  MatMulIntegerToFloat: { opType: 'MatMul', order: [0, 2, 4, 1, 3, 5, 6], data: () => [0, 3], added: 6, output: 7 },
  QLinearSigmoid: unary('Sigmoid'),
  QLinearLeakyRelu: unary('LeakyRelu'),
  QLinearSoftmax: unary('Softmax'),
  QLinearAveragePool: unary('AveragePool'),
  QLinearGlobalAveragePool: unary('GlobalAveragePool'),
  QLinearConcat: {
    opType: 'Concat',
    data: (inputs) => Array.from({ length: Math.floor((inputs - 2) / 3) }, (_, k) => 2 + 3 * k),
    output: 0,
  },
}
/** Before it, a Softmax is one over all axes from its own on. */
const SOFTMAX_OPSET = 13
/** Before it, a DequantizeLinear has one scale. */
const CHANNEL_SCALES_OPSET = 13
/** Attributes that the plain operator does not have. */
const OWN_ATTRIBUTES = new Set(['channels_last', 'opset'])

/** The model with such operators in QDQ form; the model itself if there are none. */
export function inQdqForm(model: Model): Model {
  const quantized = quantizedGraph(model)
  const repairs = quantized?.at.graph.nodes.flatMap((node) => {
    const edit = FORMS[node.opType] === undefined ? undefined : written(quantized, node, FORMS[node.opType]!)
    return edit === undefined ? [] : [{ edit, nodes: [node.outputs[0]!] }]
  })
  return quantized === undefined || repairs === undefined || repairs.length === 0 ? model : withRepairs(quantized, repairs)
}

function written(quantized: QuantizedGraph, node: NodeView, form: Form) {
  const { protoOf, fresh } = quantized
  const inputs = form.order?.map((at) => node.inputs[at] ?? '') ?? node.inputs
  const [value] = node.outputs
  const outputScale = inputs[form.output] ?? ''
  const { opset, constant } = quantized.matching
  const sizeOf = (at: number) => constant(inputs[at])?.elementCount
  const hasChannelScales = (at: number) => (sizeOf(at + 1) ?? 1) > 1
  const positions = form.data(inputs.length)
  if (isOtherwise(node, opset) || positions.some((at) => constant(inputs[at + 1]) === undefined)) return undefined
  // A DequantizeLinear has as many zero points as scales.
  if (positions.some((at) => inputs[at + 2] && sizeOf(at + 2) !== sizeOf(at + 1))) return undefined
  if (opset < CHANNEL_SCALES_OPSET && positions.some(hasChannelScales)) return undefined
  const add: NodeProto[] = []
  const operands = positions.map((at) => {
    const name = fresh(`${inputs[at]}_real`)
    const parameters = inputs.slice(at + 1, at + 3).filter((one) => one !== '')
    const last = (constant(inputs[at])?.shape.length ?? 2) - 1
    const axis = form.opType === 'Conv' || node.attributes.transB === 1 ? 0 : last
    const conversion = conversionNode('DequantizeLinear', [inputs[at]!, ...parameters], name)
    add.push(
      hasChannelScales(at)
        ? makeNode({ opType: 'DequantizeLinear', name: conversion.name }, conversion.input, [name], { axis })
        : conversion,
    )
    return name
  })
  const bias = form.bias === undefined || !inputs[form.bias] ? undefined : dequantizedBias(quantized, inputs, form.bias)
  if (form.bias !== undefined && inputs[form.bias] && bias === undefined) return undefined
  add.push(...(bias?.add ?? []))
  const added = form.added === undefined ? '' : inputs[form.added]!
  const real = outputScale === '' && added === '' ? value! : fresh(`${value}_real`)
  const attribute = protoOf(node).attribute.filter(({ name }) => !OWN_ATTRIBUTES.has(name))
  const plain = form.plain === undefined ? [] : [inputs[form.plain]!]
  const input = [...plain, ...operands, ...(bias === undefined ? [] : [bias.name])]
  add.push(copyWith(protoOf(node), { opType: form.opType, domain: '', attribute, input, output: [real] }))
  const output = inputs.slice(form.output, form.output + 2).filter((one) => one !== '')
  if (added !== '') add.push(makeNode({ opType: 'Add', name: `${value}_Add` }, [real, added], [value!]))
  if (outputScale !== '') add.push(conversionNode('QuantizeLinear', [real, ...output], value!))
  return { remove: new Set([protoOf(node)]), add, addInitializers: bias?.addInitializers ?? [] }
}

/** Whether the operator has another layout, or an opset that counts its axes differently. */
function isOtherwise({ attributes: { channels_last: channelsLast, opset } }: NodeView, ofModel: number): boolean {
  return channelsLast === 1 || (typeof opset === 'number' && opset < SOFTMAX_OPSET !== ofModel < SOFTMAX_OPSET)
}

/** An int32 bias has the product of the other two scales. */
function dequantizedBias({ matching, fresh }: QuantizedGraph, inputs: readonly string[], at: number) {
  const [x, w] = [matching.numbers(inputs[1]), matching.numbers(inputs[4])]
  if (x?.length !== 1 || w === undefined) return undefined
  const [name, scale, zero] = [fresh(`${inputs[at]}_real`), fresh(`${inputs[at]}_scale`), fresh(`${inputs[at]}_zero_point`)]
  const shape = w.length > 1 ? [w.length] : []
  const scales = Float32Array.from(w, (one) => one * x[0]!)
  const addInitializers: TensorProto[] = [
    floatTensor(scale, shape, scales),
    rawTensor(zero, 'int32', shape, new Uint8Array(4 * w.length)),
  ]
  const attributes = w.length > 1 ? { axis: 0 } : {}
  const add = [
    makeNode({ opType: 'DequantizeLinear', name: `${name}_DequantizeLinear` }, [inputs[at]!, scale, zero], [name], attributes),
  ]
  return { name, add, addInitializers }
}
