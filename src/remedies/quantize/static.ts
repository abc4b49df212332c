// Static int8: QuantizeLinear and DequantizeLinear around each operator, in the pattern that onnxruntime fuses into one integer kernel:
// every input of the operator comes from a DequantizeLinear of its own, what it gives goes to one QuantizeLinear and nowhere else, and
// whoever wants floats reads them from a DequantizeLinear behind that. One QuantizeLinear per value.
// Ranges: https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/qdq_quantizer.py
import type { NodeProto } from 'onnx-buf'
import { floatTensor, node as makeNode, rawTensor } from '../../graph/build.ts'
import { copyWith } from '../../graph/copy.ts'
import { isOperator, numberOf } from '../match.ts'
import { affinesForBias, quantizeBias } from './bias.ts'
import { meanLost, type WeightOrder } from './bias-correction.ts'
import type { Range } from './choice.ts'
import { addWeights, bytesOf, NOT_FINITE, quantizedMatrix } from './dynamic.ts'
import { MICROSOFT } from './dynamic-contrib.ts'
import { type Affine, affineOf, quantRange, typeRange } from './numbers.ts'
import { biasOf, productOf, scaledWeights } from './product.ts'
import { activationBehind, floatConstant, type LayerOutcome, type Rewriting, readFloats } from './rewriting.ts'
import { type StaticSite, staticSite } from './static-sites.ts'
import {
  type FloatWeights,
  type QuantizedWeights,
  type WeightLayout,
  weightAffines,
  weightSqnrDb,
  withAffines,
} from './weights.ts'

/** Softmax gives nothing else, whatever was observed. */
const SOFTMAX_RANGE: Range = { low: 0, high: 1 }

/** Every node that was asked for, with what became of it. */
export function staticLayers(rewriting: Rewriting, nodes: readonly NodeProto[]): ReadonlyMap<NodeProto, LayerOutcome> {
  const outcomes = new Map<NodeProto, LayerOutcome>()
  const sites = new Map<NodeProto, StaticSite>()
  const { activations, weights } = rewriting.choice.options
  for (const node of nodes) {
    const site = staticSite(rewriting, node)
    if (typeof site === 'string') outcomes.set(node, site)
    else if (activations === 'int8' && weights === 'uint8')
      outcomes.set(node, 'there is no kernel for int8 activations and uint8 weights')
    else sites.set(node, site)
  }
  for (let dropped = true; dropped; ) {
    dropped = false
    const region = regionOf(rewriting, sites)
    for (const [node, site] of sites) {
      const reason = whyNotIn(region, site)
      if (reason === undefined) continue
      outcomes.set(node, reason)
      sites.delete(node)
      dropped = true
    }
  }
  const region = regionOf(rewriting, sites)
  for (const [node, site] of sites) outcomes.set(node, writeSite(region, site))
  for (const site of sites.values()) for (const value of site.results) writeFloat(region, value)
  return outcomes
}

/** The nodes that are quantized together, and how each of their values is. */
interface Region {
  readonly rewriting: Rewriting
  /** By value: the site that gives it. */
  readonly makers: ReadonlyMap<string, StaticSite>
  /** True where the node reads the value as int8. */
  reads(node: NodeProto, value: string): boolean
  /** Scale and zero point of a value; undefined where no range of it was observed. */
  affine(value: string): Affine | undefined
  /** The value whose scale and zero point it has. */
  root(value: string): string
}

function regionOf(rewriting: Rewriting, sites: ReadonlyMap<NodeProto, StaticSite>): Region {
  const { options, ranges } = rewriting.choice
  const makers = new Map([...sites.values()].flatMap((site) => site.results.map((value) => [value, site] as const)))
  const root = (value: string): string => {
    let at = value
    for (let maker = makers.get(at); maker?.kind === 'free'; maker = makers.get(at)) at = maker.node.input[0]!
    return at
  }
  const region: Region = {
    rewriting,
    makers,
    reads: (node, value) => sites.get(node)?.operands.some((index) => node.input[index] === value) ?? false,
    root,
    affine: (value) => {
      const at = root(value)
      const scaled = makers.get(at)
      if (scaled?.kind === 'scaled') {
        const own = region.affine(scaled.node.input[scaled.operands[0]!]!)
        const scale = Math.fround((own?.scale ?? 0) * scaled.factor)
        return own && scale >= 2 ** -126 && Number.isFinite(scale) ? { scale, zeroPoint: own.zeroPoint } : undefined
      }
      const range = isOperator(makers.get(at)?.node, 'Softmax') ? SOFTMAX_RANGE : ranges.get(at)
      if (range === undefined || !Number.isFinite(range.low) || !Number.isFinite(range.high)) return undefined
      const symmetric = options.activationsSymmetric
      return affineOf(range.low, range.high, quantRange(options.activations, { symmetric, reduced: false }), symmetric)
    },
  }
  return region
}

/** Why the site cannot be quantized; undefined where it can. */
function whyNotIn(region: Region, site: StaticSite): string | undefined {
  const { matching } = region.rewriting
  for (const index of site.operands) {
    const name = site.node.input[index]!
    const constant = matching.constant(name)
    if (constant !== undefined && constant.dtype !== 'float32') return `it reads a constant of ${constant.dtype}`
    if (constant === undefined && region.affine(name) === undefined) return `no range of '${name}' was observed`
  }
  if (!needsQuantizing(region, site)) return undefined
  const clips = isOperator(site.node, 'HardSigmoid') ? region.affine(site.results[0]!) : undefined
  if (clips !== undefined && clips.zeroPoint !== typeRange(region.rewriting.choice.options.activations).min) {
    return 'symmetric activations do not end where it cuts'
  }
  const missing = site.results.find((value) => region.affine(value) === undefined)
  return missing === undefined ? undefined : `no range of '${missing}' was observed`
}

/**
 * True where the operator has no int8 kernel that gives floats. A product has, but with Relu or Clip behind the engine makes one float
 * operator of both before it looks for int8 (FusedGemm, 1.30).
 */
function needsQuantizing(region: Region, site: StaticSite): boolean {
  return site.kind !== 'product' || (site.activation !== undefined && !addsApart(region, site))
}

/** True where the value comes out of its operator as int8: somebody reads it so, or the operator gives nothing else. */
function isGivenQuantized(region: Region, value: string): boolean {
  const site = region.makers.get(value)
  if (site === undefined) return false
  if (site.activation !== undefined && !isFolded(region, site)) return false
  if (needsQuantizing(region, site)) return true
  if (addsApart(region, site)) return false
  return region.affine(value) !== undefined && region.rewriting.matching.readers(value).some((node) => region.reads(node, value))
}

/** The range of the result ends where Relu or Clip cuts, so that the clipping of QuantizeLinear does what they do. */
function isFolded(region: Region, { activation, results }: StaticSite): boolean {
  const affine = region.affine(results[0]!)
  if (activation === undefined || affine === undefined) return false
  const { scale, zeroPoint } = affine
  const { min, max } = typeRange(region.rewriting.choice.options.activations)
  if (isOperator(activation, 'Relu')) return zeroPoint === min
  const { scalar } = region.rewriting.matching
  const [low, high] = [activation.input[1] ?? '', activation.input[2] ?? '']
  const bounds = [low === '' ? Number.NEGATIVE_INFINITY : scalar(low), high === '' ? Number.POSITIVE_INFINITY : scalar(high)]
  if (bounds[0] === undefined || bounds[1] === undefined) return false
  return Math.round(bounds[0] / scale) + zeroPoint <= min && Math.round(bounds[1] / scale) + zeroPoint >= max
}

/** A MatMul of more than two dimensions adds its bias in float: no pattern that ends in int8 takes both. */
function addsApart({ rewriting }: Region, { product, node }: StaticSite): boolean {
  return product?.bias !== undefined && isOperator(node, 'MatMul') && rewriting.typeOf(product.x).shape?.length !== 2
}

interface Points {
  readonly scale: string
  readonly zeroPoint: string
  readonly affine: Affine
}

/** Scale and zero point of a value as constants; one pair for all values that share them. */
function pointsOf(region: Region, value: string): Points {
  const { rewriting, root } = region
  const name = root(value)
  return rewriting.once(`static points ${name}`, () => {
    const affine = region.affine(name)!
    return { ...addPoints(rewriting, name, affine), affine }
  })
}

function addPoints({ fresh, initializer, choice }: Rewriting, name: string, { scale, zeroPoint }: Affine) {
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
function quantized(region: Region, value: string): string {
  const { rewriting } = region
  return rewriting.once(`static quantized ${value}`, (): string => {
    const maker = region.makers.get(value)
    if (maker?.kind === 'scaled') return quantized(region, maker.node.input[maker.operands[0]!]!)
    const { scale, zeroPoint } = pointsOf(region, value)
    const name = rewriting.fresh(`${value}_quantized`)
    const from = isGivenQuantized(region, value) ? floatName(region, value) : value
    rewriting.add(
      makeNode('QuantizeLinear', [from, scale, zeroPoint], [name], {}, '', rewriting.fresh(`${value}_QuantizeLinear`)),
    )
    return name
  })
}

/** A DequantizeLinear of its own for one reader of the value. */
function dequantized(region: Region, value: string, output?: string): string {
  const { rewriting } = region
  const { scale, zeroPoint } = pointsOf(region, value)
  const name = output ?? rewriting.fresh(`${value}_dequantized`)
  const inputs = [quantized(region, value), scale, zeroPoint]
  rewriting.add(makeNode('DequantizeLinear', inputs, [name], {}, '', rewriting.fresh(`${value}_DequantizeLinear`)))
  return name
}

/** The value for readers that want floats, under its own name, which the caller may know too. */
function writeFloat(region: Region, value: string): void {
  const { rewriting } = region
  const { matching } = rewriting
  if (!isGivenQuantized(region, value)) return
  const readers = matching.readers(value).filter((node) => !region.reads(node, value))
  const guarded = readers.filter((node) => isTakenForInt8(region, node, value))
  if (matching.isOutput(value) || readers.length > guarded.length) dequantized(region, value, value)
  for (const node of guarded) {
    const input = [dequantizedByChannel(region, node, value), ...node.input.slice(1)]
    rewriting.remove(node)
    rewriting.add(copyWith(node, { input }))
  }
}

/**
 * True for a float operator between int8 neighbours that onnxruntime would quantize by itself, with one scale for all its weights:
 * Conv, ConvTranspose, Gemm, and the Gemm that it makes of MatMul and Add (1.30). It asks for one scalar scale before the operator.
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/qdq_transformer/weight_bias_quantization.cc
 */
function isTakenForInt8(region: Region, node: NodeProto, value: string): boolean {
  const { matching, choice } = region.rewriting
  const asked = choice.layers.get(node.output[0] ?? '') ?? 'float32'
  if (asked !== 'float32' && asked !== 'static') return false
  if (!isOperator(node, 'Conv', 'ConvTranspose', 'Gemm', 'MatMul') || node.input[0] !== value) return false
  if (floatConstant(matching, node.input[1]) === undefined) return false
  const product = productOf(matching, node)
  let last = typeof product === 'string' ? node : product.last
  for (let next = activationBehind(matching, last); next !== undefined; next = activationBehind(matching, last)) last = next
  const result = last.output[0]!
  const readers = matching.readers(result)
  return !matching.isOutput(result) && readers.length > 0 && readers.every((reader) => region.reads(reader, result))
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
    quantized(region, value),
    initializer(floatTensor(fresh(`${value}_scales`), [channels], new Float32Array(channels).fill(scale))),
    initializer(rawTensor(fresh(`${value}_zero_points`), type, [channels], bytesOf(points))),
  ]
  const axis = isOperator(node, 'Conv', 'ConvTranspose') ? 1 : -1
  rewriting.add(makeNode('DequantizeLinear', inputs, [name], { axis }, '', fresh(`${value}_DequantizeLinear`)))
  return name
}

function writeSite(region: Region, site: StaticSite): LayerOutcome {
  if (site.kind === 'convolution') return writeConvolution(region, site)
  if (site.product !== undefined) return writeProduct(region, site)
  if (site.kind === 'scaled') {
    region.rewriting.remove(site.node)
    return { precision: 'static', weightSqnrDb: null }
  }
  if (site.kind === 'hard-sigmoid') return writeHardSigmoid(region, site)
  const change = BY_CONSTANT[site.node.opType]?.constant
  const input = site.node.input.map((name, index) => (site.operands.includes(index) ? operand(region, name, change) : name))
  if (input.some((name) => name === undefined)) return 'a constant that it reads holds NaN or infinity'
  region.rewriting.remove(...site.parts)
  const opType = BY_CONSTANT[site.node.opType]?.opType ?? site.node.opType
  writeResult(region, site, copyWith(site.node, { opType, input: input as string[] }))
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
function writeHardSigmoid(region: Region, site: StaticSite): LayerOutcome {
  const { rewriting } = region
  const { fresh, initializer } = rewriting
  const { node, factor } = site
  const [x, result] = [node.input[0]!, node.output[0]!]
  const { affine, zeroPoint } = pointsOf(region, x)
  const scale = initializer(floatTensor(fresh(`${x}_scale`), [], [Math.fround(affine.scale * factor)]))
  const scaled = fresh(`${x}_scaled`)
  rewriting.add(
    makeNode('DequantizeLinear', [quantized(region, x), scale, zeroPoint], [scaled], {}, '', fresh(`${x}_DequantizeLinear`)),
  )
  const type = rewriting.choice.options.activations
  const beta = { values: Float32Array.of(numberOf(node, 'beta', 0.5)), shape: [] }
  const added = dequantizedWeights(region, `${result}_beta`, beta, { type, symmetric: false, reduced: false, axis: null })!.value
  rewriting.remove(node)
  const whole: LayerOutcome = { precision: 'static', weightSqnrDb: null }
  if (isOperator(node, 'HardSigmoid')) {
    writeResult(region, site, makeNode('Add', [scaled, added], [result], {}, '', node.name))
    return whole
  }
  const [sum, codes, gate] = [fresh(`${result}_gate_float`), fresh(`${result}_gate_quantized`), fresh(`${result}_gate`)]
  const points = addPoints(rewriting, `${result}_gate`, affineOf(0, 1, typeRange(type), false))
  const ends = [points.scale, points.zeroPoint]
  rewriting.add(
    makeNode('Add', [scaled, added], [sum], {}, '', sum),
    makeNode('QuantizeLinear', [sum, ...ends], [codes], {}, '', codes),
    makeNode('DequantizeLinear', [codes, ...ends], [gate], {}, '', gate),
  )
  writeResult(region, site, makeNode('Mul', [dequantized(region, x), gate], [result], {}, '', node.name))
  return whole
}

/** Adds the node under the names that its results have, and the activation behind it where that stays. */
function writeResult(region: Region, site: StaticSite, written: NodeProto): void {
  const { rewriting } = region
  const [raw, result] = [site.node.output[0]!, site.results[0]!]
  if (site.activation === undefined || isGivenQuantized(region, result)) {
    const output = written.output.map((name, index) => {
      const value = index === 0 ? result : name
      return isGivenQuantized(region, value) ? floatName(region, value) : value
    })
    rewriting.add(copyWith(written, { output }))
    return
  }
  // The operator has its int8 kernel only where its own result is quantized; the activation works on floats then. It cuts off what
  // lies outside of its own range, so that is all that has to be kept.
  const affine = region.affine(result)!
  const { fresh } = rewriting
  const [from, whole, back] = [fresh(`${raw}_float`), fresh(`${raw}_quantized`), fresh(`${raw}_dequantized`)]
  const { scale, zeroPoint } = addPoints(rewriting, raw, affine)
  rewriting.add(
    copyWith(written, { output: [from] }),
    makeNode('QuantizeLinear', [from, scale, zeroPoint], [whole], {}, '', fresh(`${raw}_QuantizeLinear`)),
    makeNode('DequantizeLinear', [whole, scale, zeroPoint], [back], {}, '', fresh(`${raw}_DequantizeLinear`)),
    copyWith(site.activation, { input: [back, ...site.activation.input.slice(1)] }),
  )
}

/** An input as floats that come from int8: an activation, or a constant in the activations' type. Undefined: it is not finite. */
function operand(region: Region, name: string, change?: (value: number) => number): string | undefined {
  const { matching, choice } = region.rewriting
  const constant = floatConstant(matching, name)
  if (constant === undefined) return dequantized(region, name)
  const layout: WeightLayout = {
    type: choice.options.activations,
    symmetric: choice.options.activationsSymmetric,
    reduced: false,
    axis: null,
  }
  const given = readFloats(matching, constant)
  const values = change === undefined ? given : given.map(change)
  return dequantizedWeights(region, name, { values, shape: constant.shape }, layout, { shared: change === undefined })?.value
}

/** `shared`: the same constant, quantized in the same way, stands in the file once. */
function dequantizedWeights(
  region: Region,
  name: string,
  weights: FloatWeights,
  layout: WeightLayout,
  { affines = weightAffines(weights, layout), shared = true } = {},
) {
  if (affines === undefined) return undefined
  const { rewriting } = region
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
      'DequantizeLinear',
      [values, scale, zeroPoint],
      [value],
      attributes,
      '',
      rewriting.fresh(`${name}_DequantizeLinear`),
    ),
  )
  return { value, done, sqnrDb: weightSqnrDb(weights, done) }
}

/** Weights and int32 bias of an operator that reads `x`; undefined where they are not finite. */
function weightsAndBias(
  region: Region,
  given: {
    readonly x: string
    readonly weights: FloatWeights
    readonly axis: number
    readonly name: string
    /** The weights are the constant of that name as it is. */
    readonly shared: boolean
    readonly bias: Float32Array | undefined
    readonly hint: string
    readonly order: WeightOrder
    /** The operator can take a bias where it has none. */
    readonly takesBias: boolean
  },
) {
  const { rewriting } = region
  const { options } = rewriting.choice
  const { scale } = pointsOf(region, given.x).affine
  // Integer kernels want one zero point for all channels.
  const symmetric = options.perChannel || options.weightsSymmetric
  const axis = options.perChannel ? given.axis : null
  const layout: WeightLayout = { type: options.weights, symmetric, reduced: options.reduceRange, axis }
  const own = weightAffines(given.weights, layout)
  if (own === undefined || given.bias?.every(Number.isFinite) === false) return undefined
  const affines = given.bias && options.weights === 'int8' ? affinesForBias(own, options.perChannel, scale, given.bias) : own
  const weights = dequantizedWeights(region, given.name, given.weights, layout, { affines, shared: given.shared })!
  const corrected = given.bias || given.takesBias ? correctedBias(rewriting, given, weights.done) : undefined
  const bias = corrected && dequantizedBias(rewriting, given.hint, corrected, scale, weights.done.scales)
  return { inputs: [weights.value, ...(bias ? [bias] : [])], sqnrDb: weights.sqnrDb }
}

/** The bias with the mean that rounding the weights costs, where the means of what is read are known. */
function correctedBias(
  { choice }: Rewriting,
  { x, weights, bias, order }: { x: string; weights: FloatWeights; bias: Float32Array | undefined; order: WeightOrder },
  quantized: QuantizedWeights,
): Float32Array | undefined {
  const means = choice.means?.get(x)
  const lost = means && meanLost(weights, quantized, order, means)
  return lost === undefined ? bias : Float32Array.from(lost, (one, output) => one + (bias?.[output] ?? 0))
}

function dequantizedBias(
  { fresh, initializer, add }: Rewriting,
  hint: string,
  bias: Float32Array,
  inputScale: number,
  weightScales: Float32Array,
): string {
  const { values, scales } = quantizeBias(bias, inputScale, weightScales)
  const perChannel = scales.length > 1
  const inputs = [
    initializer(rawTensor(fresh(`${hint}_quantized`), 'int32', [values.length], bytesOf(values))),
    initializer(floatTensor(fresh(`${hint}_quantized_scale`), perChannel ? [scales.length] : [], scales)),
    initializer(
      rawTensor(
        fresh(`${hint}_quantized_zero_point`),
        'int32',
        perChannel ? [scales.length] : [],
        bytesOf(new Int32Array(scales.length)),
      ),
    ),
  ]
  const name = fresh(`${hint}_dequantized`)
  add(makeNode('DequantizeLinear', inputs, [name], perChannel ? { axis: 0 } : {}, '', fresh(`${hint}_DequantizeLinear`)))
  return name
}

function writeConvolution(region: Region, site: StaticSite): LayerOutcome {
  const { matching } = region.rewriting
  const { node, weights, bias } = site
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
  region.rewriting.remove(...site.parts)
  writeResult(region, site, copyWith(node, { input: [dequantized(region, node.input[0]!), ...found.inputs] }))
  return { precision: 'static', weightSqnrDb: found.sqnrDb }
}

function writeProduct(region: Region, site: StaticSite): LayerOutcome {
  if (addsApart(region, site)) return writeIntegerProduct(region, site)
  const { rewriting } = region
  const product = site.product!
  const { x, weights, turned, node } = product
  const bias = biasOf(rewriting.matching, product)
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
  rewriting.remove(...site.parts)
  const input = [dequantized(region, x), ...found.inputs]
  if (isOperator(node, 'Gemm') || bias !== undefined) {
    const attributes = turned ? { transB: 1 } : {}
    writeResult(region, site, makeNode('Gemm', input, [product.last.output[0]!], attributes, '', node.name))
  } else writeResult(region, site, copyWith(node, { input }))
  return { precision: 'static', weightSqnrDb: found.sqnrDb }
}

/**
 * A MatMul of more than two dimensions with its bias, written as the fused operator itself: onnxruntime makes a Gemm between two
 * Reshapes of MatMul and Add before it looks for DequantizeLinear, and then finds none (1.30).
 */
function writeIntegerProduct(region: Region, site: StaticSite): LayerOutcome {
  const { rewriting } = region
  const { fresh, initializer } = rewriting
  const product = site.product!
  const { x, last, node } = product
  const weights = quantizedMatrix(rewriting, product)
  if (weights === undefined) return NOT_FINITE
  const bias = biasOf(rewriting.matching, product)!
  const { scale, zeroPoint } = pointsOf(region, x)
  const added = initializer(floatTensor(fresh(`${last.output[0]}_bias`), [bias.length], bias))
  const input = [quantized(region, x), weights.values, scale, weights.scale, zeroPoint, weights.zeroPoint, added]
  rewriting.remove(...site.parts)
  rewriting.add(makeNode('MatMulIntegerToFloat', input, [last.output[0]!], {}, MICROSOFT, node.name || last.output[0]))
  if (site.activation) rewriting.add(site.activation)
  return { precision: 'static', weightSqnrDb: weights.sqnrDb }
}
