// Values of a region of static int8, written: one QuantizeLinear per value, a DequantizeLinear of its own for each that reads it.

import { floatTensor, node as makeNode, rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { isOperator, numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import { addWeights, bytesOf } from './dynamic.ts'
import type { QuantizationParameters } from './numbers.ts'
import { floatConstant, type QuantizeRewrite, readFloats } from './rewriting.ts'
import type { StaticOperator } from './static-operators.ts'
import { givesFloats, isGivenQuantized, isTakenForInt8, type Region } from './static-region.ts'
import { type FloatWeights, type WeightLayout, weightAffines, weightSqnrDb, withAffines } from './weights.ts'

interface Points {
  readonly scale: string
  readonly zeroPoint: string
  readonly affine: QuantizationParameters
}

/** Scale and zero point of a value as constants; one pair for all values that share them. */
export function pointsOf(region: Region, value: string): Points {
  const { rewriting, root } = region
  const name = root(value)
  return rewriting.once(`static points ${name}`, () => {
    const affine = region.affine(name)!
    return { ...addPoints(rewriting, name, affine), affine }
  })
}

export function addPoints(
  { fresh, initializer, choice }: QuantizeRewrite,
  name: string,
  { scale, zeroPoint }: QuantizationParameters,
) {
  const type = choice.options.activations
  const point = type === 'int8' ? Int8Array.of(zeroPoint) : Uint8Array.of(zeroPoint)
  return {
    scale: initializer(floatTensor(fresh(`${name}_scale`), [], [scale])),
    zeroPoint: initializer(rawTensor(fresh(`${name}_zero_point`), type, [], bytesOf(point))),
  }
}

/** The float value under which an operator's result stands before it is quantized. */
function floatName({ rewriting }: Region, value: string): string {
  return rewriting.once(`static float ${value}`, () => rewriting.fresh(`${value}_float`))
}

/** The value as int8. */
export function quantizeValue(region: Region, value: string): string {
  const { rewriting } = region
  return rewriting.once(`static quantized ${value}`, (): string => {
    const maker = region.makers.get(value)
    if (maker?.kind === 'rescaling') return quantizeValue(region, maker.node.input[maker.operands[0]!]!)
    const { scale, zeroPoint } = pointsOf(region, value)
    const name = rewriting.fresh(`${value}_quantized`)
    const from = isGivenQuantized(region, value) ? floatName(region, value) : value
    rewriting.add(
      makeNode({ opType: 'QuantizeLinear', name: rewriting.fresh(`${value}_QuantizeLinear`) }, [from, scale, zeroPoint], [name]),
    )
    return name
  })
}

/** A DequantizeLinear of its own for one reader of the value. */
export function dequantizeValue(region: Region, value: string, output?: string): string {
  const { rewriting } = region
  const { scale, zeroPoint } = pointsOf(region, value)
  const name = output ?? rewriting.fresh(`${value}_dequantized`)
  const inputs = [quantizeValue(region, value), scale, zeroPoint]
  rewriting.add(makeNode({ opType: 'DequantizeLinear', name: rewriting.fresh(`${value}_DequantizeLinear`) }, inputs, [name]))
  return name
}

/** The value for readers that want floats, under its own name, which the caller may know too. */
export function writeFloat(region: Region, value: string): void {
  const { rewriting } = region
  const { matching } = rewriting
  if (!isGivenQuantized(region, value)) return
  const readers = matching.readers(value).filter((node) => !region.reads(node, value))
  const guarded = readers.filter((node) => isTakenForInt8(region, node, value))
  if (matching.isOutput(value) || readers.length > guarded.length) dequantizeValue(region, value, value)
  for (const node of guarded) {
    const input = [dequantizedByChannel(region, node, value), ...node.input.slice(1)]
    rewriting.remove(node)
    rewriting.add(copyWith(node, { input }))
  }
}

/** As floats, by the same scale said once for each channel that the node reads: the same numbers, and no scalar. */
function dequantizedByChannel(region: Region, node: NodeProto, value: string): string {
  const { rewriting } = region
  const { fresh, initializer, choice } = rewriting
  const shape = floatConstant(rewriting.matching, node.input[1])!.shape
  const groups = isOperator(node, 'Conv') ? numberOf(node, 'group', 1) : 1
  const turned = isOperator(node, 'Conv') || (isOperator(node, 'Gemm') && numberOf(node, 'transB', 0) !== 0)
  const channels = shape[turned ? 1 : 0]! * groups
  const { scale, zeroPoint } = pointsOf(region, value).affine
  const type = choice.options.activations
  const points = type === 'int8' ? new Int8Array(channels).fill(zeroPoint) : new Uint8Array(channels).fill(zeroPoint)
  const name = fresh(`${value}_dequantized`)
  const inputs = [
    quantizeValue(region, value),
    initializer(floatTensor(fresh(`${value}_scales`), [channels], new Float32Array(channels).fill(scale))),
    initializer(rawTensor(fresh(`${value}_zero_points`), type, [channels], bytesOf(points))),
  ]
  const axis = isOperator(node, 'Conv', 'ConvTranspose') ? 1 : -1
  rewriting.add(makeNode({ opType: 'DequantizeLinear', name: fresh(`${value}_DequantizeLinear`) }, inputs, [name], { axis }))
  return name
}

/** Adds the node under the names that its results have, and the activation behind it where that stays. */
export function writeResult(region: Region, operator: StaticOperator, written: NodeProto): void {
  const { rewriting } = region
  const [raw, result] = [operator.node.output[0]!, operator.results[0]!]
  if (givesFloats(region)) {
    rewriting.add(written, ...(operator.activation === undefined ? [] : [operator.activation]))
    return
  }
  if (operator.activation === undefined || isGivenQuantized(region, result)) {
    const output = written.output.map((name, index) => {
      const value = index === 0 ? result : name
      return isGivenQuantized(region, value) ? floatName(region, value) : value
    })
    rewriting.add(copyWith(written, { output }))
    return
  }
  // The operator has its int8 kernel only where its own result is quantized; the activation works on floats then. It cuts off what
  // is outside of its own range, so that is all that has to be kept.
  const affine = region.affine(result)!
  const { fresh } = rewriting
  const [from, whole, back] = [fresh(`${raw}_float`), fresh(`${raw}_quantized`), fresh(`${raw}_dequantized`)]
  const { scale, zeroPoint } = addPoints(rewriting, raw, affine)
  rewriting.add(
    copyWith(written, { output: [from] }),
    makeNode({ opType: 'QuantizeLinear', name: fresh(`${raw}_QuantizeLinear`) }, [from, scale, zeroPoint], [whole]),
    makeNode({ opType: 'DequantizeLinear', name: fresh(`${raw}_DequantizeLinear`) }, [whole, scale, zeroPoint], [back]),
    copyWith(operator.activation, { input: [back, ...operator.activation.input.slice(1)] }),
  )
}

/** An input as floats that come from int8: an activation, or a constant in the activations' type. Undefined: it is not finite. */
export function operand(region: Region, name: string, change?: (value: number) => number): string | undefined {
  const { matching, choice } = region.rewriting
  const constant = floatConstant(matching, name)
  if (constant === undefined) return dequantizeValue(region, name)
  const layout: WeightLayout = {
    type: choice.options.activations,
    symmetric: choice.options.activationsSymmetric,
    reduced: false,
    axis: null,
  }
  const given = readFloats(matching, constant)
  const values = change === undefined ? given : given.map(change)
  return dequantizedWeights(region, { name, values, shape: constant.shape }, layout, { shared: change === undefined })?.value
}

/** `shared`: the same constant, quantized in the same way, stands in the file once. */
export function dequantizedWeights(
  region: Region,
  weights: FloatWeights & { readonly name: string },
  layout: WeightLayout,
  { affines = weightAffines(weights, layout), shared = true } = {},
) {
  if (affines === undefined) return undefined
  const { rewriting } = region
  const { name } = weights
  const make = () => {
    const done = withAffines(weights, layout, affines)
    return { ...addWeights(rewriting, name, done), done }
  }
  const key = `static weights ${name} ${layout.type} ${layout.axis} ${affines.map((one) => `${one.scale} ${one.zeroPoint}`)}`
  const { values, scale, zeroPoint, done } = shared ? rewriting.once(key, make) : make()
  const value = rewriting.fresh(`${name}_dequantized`)
  const attributes = layout.axis === null ? {} : { axis: layout.axis }
  rewriting.add(
    makeNode(
      { opType: 'DequantizeLinear', name: rewriting.fresh(`${name}_DequantizeLinear`) },
      [values, scale, zeroPoint],
      [value],
      attributes,
    ),
  )
  return { value, done, sqnrDb: weightSqnrDb(weights, done) }
}
