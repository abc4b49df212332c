// Static int8: QuantizeLinear and DequantizeLinear around each operator, in the pattern that onnxruntime fuses into one integer kernel:
// every input of the operator comes from a DequantizeLinear of its own, what it gives goes to one QuantizeLinear and nowhere else, and
// whoever wants floats reads them from a DequantizeLinear behind that. One QuantizeLinear per value.
// Ranges: https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/qdq_quantizer.py

import { floatTensor, node as makeNode } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { isOperator, numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import { NOT_FINITE, quantizedMatrix } from './dynamic.ts'
import { MICROSOFT } from './dynamic-contrib.ts'
import { affineOf, typeRange } from './numbers.ts'
import { biasOf, scaledWeights } from './product.ts'
import { type LayerOutcome, type QuantizeRewrite, readFloats } from './rewriting.ts'
import { type StaticOperator, staticOperator } from './static-operators.ts'
import { addsApart, givesFloats, type Region, regionOf, whyNotIn } from './static-region.ts'
import {
  addPoints,
  dequantizedWeights,
  dequantizeValue,
  operand,
  pointsOf,
  quantizeValue,
  writeFloat,
  writeResult,
} from './static-values.ts'
import { weightsAndBias } from './static-weights.ts'

/** Every node that was requested, with what became of it. */
export function staticLayers(rewriting: QuantizeRewrite, nodes: readonly NodeProto[]): ReadonlyMap<NodeProto, LayerOutcome> {
  const outcomes = new Map<NodeProto, LayerOutcome>()
  const operators = new Map<NodeProto, StaticOperator>()
  const { activations, weights } = rewriting.choice.options
  for (const node of nodes) {
    const operator = staticOperator(rewriting, node)
    if (typeof operator === 'string') outcomes.set(node, operator)
    else if (activations === 'int8' && weights === 'uint8')
      outcomes.set(node, 'there is no kernel for int8 activations and uint8 weights')
    else operators.set(node, operator)
  }
  for (let dropped = true; dropped; ) {
    dropped = false
    const region = regionOf(rewriting, operators)
    for (const [node, operator] of operators) {
      const reason = whyNotIn(region, operator)
      if (reason === undefined) continue
      outcomes.set(node, reason)
      operators.delete(node)
      dropped = true
    }
  }
  const region = regionOf(rewriting, operators)
  for (const [node, operator] of operators) outcomes.set(node, writeOperator(region, operator))
  for (const operator of operators.values()) for (const value of operator.results) writeFloat(region, value)
  return outcomes
}

function writeOperator(region: Region, operator: StaticOperator): LayerOutcome {
  if (operator.kind === 'convolution') return writeConvolution(region, operator)
  if (operator.product !== undefined) return writeProduct(region, operator)
  if (operator.kind === 'rescaling') {
    region.rewriting.remove(operator.node)
    return { precision: 'static', weightSqnrDb: null }
  }
  if (operator.kind === 'hard-sigmoid') return writeHardSigmoid(region, operator)
  const change = BY_CONSTANT[operator.node.opType]?.constant
  const input = operator.node.input.map((name, index) =>
    operator.operands.includes(index) ? operand(region, name, change) : name,
  )
  if (input.some((name) => name === undefined)) return 'a constant that it reads holds NaN or infinity'
  region.rewriting.remove(...operator.parts)
  const opType = BY_CONSTANT[operator.node.opType]?.opType ?? operator.node.opType
  writeResult(region, operator, copyWith(operator.node, { opType, input: input as string[] }))
  return { precision: 'static', weightSqnrDb: null }
}

/** Operators with a constant behind that have kernels under another name and with another constant. */
const BY_CONSTANT: Readonly<Record<string, { readonly opType: string; readonly constant: (value: number) => number }>> = {
  Div: { opType: 'Mul', constant: (value) => 1 / value },
  Sub: { opType: 'Add', constant: (value) => -value },
}

/**
 * clip(alpha x + beta, 0, 1), and for HardSwish x times that: the integers of x with a scale of alpha times theirs, plus beta; the
 * range of the sum ends where it is to be cut.
 */
function writeHardSigmoid(region: Region, operator: StaticOperator): LayerOutcome {
  const { rewriting } = region
  const { fresh, initializer } = rewriting
  const { node, factor } = operator
  const [x, result] = [node.input[0]!, node.output[0]!]
  const { affine, zeroPoint } = pointsOf(region, x)
  const scale = initializer(floatTensor(fresh(`${x}_scale`), [], [Math.fround(affine.scale * factor)]))
  const scaled = fresh(`${x}_scaled`)
  rewriting.add(
    makeNode(
      { opType: 'DequantizeLinear', name: fresh(`${x}_DequantizeLinear`) },
      [quantizeValue(region, x), scale, zeroPoint],
      [scaled],
    ),
  )
  const type = rewriting.choice.options.activations
  const beta = { values: Float32Array.of(numberOf(node, 'beta', 0.5)), shape: [] }
  const added = dequantizedWeights(
    region,
    { name: `${result}_beta`, ...beta },
    { type, symmetric: false, reduced: false, axis: null },
  )!.value
  rewriting.remove(node)
  const whole: LayerOutcome = { precision: 'static', weightSqnrDb: null }
  if (isOperator(node, 'HardSigmoid')) {
    writeResult(region, operator, makeNode({ opType: 'Add', name: node.name }, [scaled, added], [result]))
    return whole
  }
  const [sum, codes, gate] = [fresh(`${result}_gate_float`), fresh(`${result}_gate_quantized`), fresh(`${result}_gate`)]
  const points = addPoints(rewriting, `${result}_gate`, affineOf(0, 1, typeRange(type), false))
  const ends = [points.scale, points.zeroPoint]
  rewriting.add(
    makeNode({ opType: 'Add', name: sum }, [scaled, added], [sum]),
    makeNode({ opType: 'QuantizeLinear', name: codes }, [sum, ...ends], [codes]),
    makeNode({ opType: 'DequantizeLinear', name: gate }, [codes, ...ends], [gate]),
  )
  writeResult(region, operator, makeNode({ opType: 'Mul', name: node.name }, [dequantizeValue(region, x), gate], [result]))
  return whole
}

function writeConvolution(region: Region, operator: StaticOperator): LayerOutcome {
  const { matching } = region.rewriting
  const { node, weights, bias } = operator
  const found = weightsAndBias(region, {
    x: node.input[0]!,
    weights: { values: readFloats(matching, weights!), shape: weights!.shape },
    axis: 0,
    name: weights!.name,
    shared: true,
    bias: bias && readFloats(matching, bias),
    hint: bias?.name ?? `${node.output[0]}_bias`,
    order: { kind: 'convolution', groups: numberOf(node, 'group', 1) },
    takesBias: true,
  })
  if (found === undefined) return NOT_FINITE
  region.rewriting.remove(...operator.parts)
  writeResult(region, operator, copyWith(node, { input: [dequantizeValue(region, node.input[0]!), ...found.inputs] }))
  return { precision: 'static', weightSqnrDb: found.sqnrDb }
}

function writeProduct(region: Region, operator: StaticOperator): LayerOutcome {
  const { rewriting } = region
  const product = operator.product!
  const { x, weights, turned, node } = product
  // What is added behind a MatMul stays where it is.
  const isAlone = givesFloats(region) && isOperator(node, 'MatMul')
  if (!isAlone && addsApart(region, operator)) return writeIntegerProduct(region, operator)
  const bias = isAlone ? undefined : biasOf(rewriting.matching, product)
  const found = weightsAndBias(region, {
    x,
    weights: { values: scaledWeights(rewriting.matching, product), shape: weights.shape },
    axis: turned ? 0 : 1,
    name: weights.name,
    shared: product.alpha === 1,
    bias,
    hint: product.bias?.constant.name ?? `${node.output[0]}_bias`,
    order: { kind: 'matrix', turned },
    takesBias: isOperator(node, 'Gemm'),
  })
  if (found === undefined) return NOT_FINITE
  const input = [dequantizeValue(region, x), ...found.inputs]
  if (isAlone) {
    rewriting.remove(node)
    rewriting.add(copyWith(node, { input }))
    return { precision: 'static', weightSqnrDb: found.sqnrDb }
  }
  rewriting.remove(...operator.parts)
  if (isOperator(node, 'Gemm') || bias !== undefined) {
    const attributes = turned ? { transB: 1 } : {}
    writeResult(region, operator, makeNode({ opType: 'Gemm', name: node.name }, input, [product.last.output[0]!], attributes))
  } else writeResult(region, operator, copyWith(node, { input }))
  return { precision: 'static', weightSqnrDb: found.sqnrDb }
}

/**
 * A MatMul of more than two dimensions with its bias, written as the fused operator itself: onnxruntime makes a Gemm between two
 * Reshapes of MatMul and Add before it looks for DequantizeLinear, and then finds none (1.30).
 */
function writeIntegerProduct(region: Region, operator: StaticOperator): LayerOutcome {
  const { rewriting } = region
  const { fresh, initializer } = rewriting
  const product = operator.product!
  const { x, last, node } = product
  const weights = quantizedMatrix(rewriting, product)
  if (weights === undefined) return NOT_FINITE
  const bias = biasOf(rewriting.matching, product)!
  const { scale, zeroPoint } = pointsOf(region, x)
  const added = initializer(floatTensor(fresh(`${last.output[0]}_bias`), [bias.length], bias))
  const input = [quantizeValue(region, x), weights.values, scale, weights.scale, zeroPoint, weights.zeroPoint, added]
  rewriting.remove(...operator.parts)
  rewriting.add(
    makeNode({ opType: 'MatMulIntegerToFloat', domain: MICROSOFT, name: node.name || last.output[0] }, input, [last.output[0]!]),
  )
  if (operator.activation) rewriting.add(operator.activation)
  return { precision: 'static', weightSqnrDb: weights.sqnrDb }
}
