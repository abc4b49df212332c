// Full integer, as TensorFlow's converter does it with data: int8 activations whose ranges were seen on samples, int8 weights, int32 biases.
// The graph's inputs and outputs stay float32, with a QUANTIZE behind and a DEQUANTIZE before them; so do operators without an int8 kernel
// and those whose ranges are not known.
import { type LiteGraph, type LiteOperator, type LiteTensor, type Quantization, readersOf } from '../write/index.ts'
import { dequantize, dynamicRange } from './dynamic.ts'
import { activationQuantization, quantizedBias, quantizedConstant, quantizedWeights, type Range, rangeOf } from './numbers.ts'
import { activationsOf, INT8_KERNELS, type Int8Kernel } from './static-operators.ts'

/** Ranges of ONNX values by name, smallest and largest seen. */
export type Ranges = ReadonlyMap<string, Range>

/** `inFloat`: names of ONNX nodes that stay in float. Throws a RangeError if a weight is no finite number. */
export function fullInteger(graph: LiteGraph, ranges: Ranges, inFloat: ReadonlySet<string> = new Set()): LiteGraph {
  const steps = stepsOf(graph, ranges, inFloat)
  const writing = new Writing(steps)
  for (const operator of graph.operators)
    writing.operator(operator, inFloat.has(operator.origin) ? undefined : kernelOf(operator, steps))
  return {
    ...graph,
    outputs: graph.outputs.map(({ name, tensor }) => ({ name, tensor: writing.float(tensor, name) })),
    operators: writing.operators,
  }
}

type Steps = ReadonlyMap<LiteTensor, Quantization>

/** The int8 kernel that the operator can use: all that goes in and out has its steps. */
function kernelOf(operator: LiteOperator, steps: Steps): Int8Kernel | undefined {
  const kernel = INT8_KERNELS[operator.code]
  if (kernel === undefined || operator.outputs.some((output) => output.dtype !== 'float32' || !steps.has(output)))
    return undefined
  const weights = kernel.weights
  if (weights !== undefined && operator.code !== 'BATCH_MATMUL' && operator.inputs[weights.input]?.data === undefined)
    return undefined
  const activations = activationsOf(operator, kernel)
  if (activations.length === 0) return undefined
  return activations.every((k) => operator.inputs[k]!.data !== undefined || steps.has(operator.inputs[k]!)) ? kernel : undefined
}

/** Quantization of every activation whose range is known: what was seen, what the kernel fixes, or what it shares with its neighbours. */
function stepsOf(graph: LiteGraph, ranges: Ranges, inFloat: ReadonlySet<string>): Map<LiteTensor, Quantization> {
  const steps = new Map<LiteTensor, Quantization>()
  const seen = (tensor: LiteTensor) => {
    const range = tensor.holds === undefined ? undefined : ranges.get(tensor.holds)
    if (range !== undefined && tensor.dtype === 'float32' && !steps.has(tensor)) steps.set(tensor, activationQuantization(range))
  }
  for (const { tensor } of graph.inputs) seen(tensor)
  for (const { outputs } of graph.operators) for (const output of outputs) seen(output)
  // Tensors that hold no ONNX value are between a reshape or pad and what it was made for.
  const operators = graph.operators.filter(({ origin }) => !inFloat.has(origin))
  for (const operator of operators.toReversed()) shareBackwards(operator, steps)
  for (const operator of operators) settleSteps(operator, steps)
  const readers = readersOf(graph)
  const kept = new Set(graph.outputs.map(({ tensor }) => tensor))
  const makers = new Map(graph.operators.flatMap((operator) => operator.outputs.map((output) => [output, operator] as const)))
  // What goes into a concatenation alone is made in its steps, so that nothing is converted.
  for (const operator of operators.toReversed()) {
    const kernel = INT8_KERNELS[operator.code]
    const own = steps.get(operator.outputs[0]!)
    if (kernel?.sameSteps !== true || own === undefined || (kernel.activations !== 'all' && kernel.activations.length < 2))
      continue
    for (const k of activationsOf(operator, kernel)) {
      const input = operator.inputs[k]!
      const maker = makers.get(input)
      const made = maker && INT8_KERNELS[maker.code]
      const movable = made !== undefined && made.sameSteps !== true && made.result === undefined
      if (movable && !kept.has(input) && readers.get(input)!.length === 1 && steps.has(input)) steps.set(input, own)
    }
  }
  return steps
}

function shareBackwards(operator: LiteOperator, steps: Map<LiteTensor, Quantization>): void {
  const kernel = INT8_KERNELS[operator.code]
  const own = steps.get(operator.outputs[0]!)
  if (kernel?.sameSteps !== true || own === undefined) return
  for (const k of activationsOf(operator, kernel)) {
    const input = operator.inputs[k]!
    if (input.data === undefined && !steps.has(input)) steps.set(input, own)
  }
}

function settleSteps(operator: LiteOperator, steps: Map<LiteTensor, Quantization>): void {
  const kernel = INT8_KERNELS[operator.code]
  if (kernel === undefined) return
  const activations = activationsOf(operator, kernel).filter((k) => operator.inputs[k]!.data === undefined)
  if (kernel.result !== undefined && activations.every((k) => steps.has(operator.inputs[k]!)))
    steps.set(operator.outputs[0]!, kernel.result)
  // One activation in: what comes out are the same numbers in another place.
  if (kernel.sameSteps === true && activations.length === 1 && activationsOf(operator, kernel).length === 1) {
    const own = steps.get(operator.inputs[activations[0]!]!)
    if (own !== undefined) for (const output of operator.outputs) steps.set(output, own)
  }
}

/** The operators as they are written, and of each tensor the int8 and the float form that exists so far. */
class Writing {
  readonly operators: LiteOperator[] = []
  readonly #steps: Steps
  readonly #codes = new Map<LiteTensor, LiteTensor>()
  readonly #floats = new Map<LiteTensor, LiteTensor>()
  readonly #other = new Map<string, LiteTensor>()

  constructor(steps: Steps) {
    this.#steps = steps
  }

  operator(operator: LiteOperator, kernel: Int8Kernel | undefined): void {
    if (kernel === undefined) {
      const inputs = operator.inputs.map((input) =>
        input?.data === undefined && input?.dtype === 'float32' ? this.float(input) : input,
      )
      // What a loop runs has no ranges of its own.
      const bodies = operator.bodies?.map(dynamicRange)
      this.operators.push({ ...operator, inputs, ...(bodies === undefined ? {} : { bodies }) })
      return
    }
    const inputs = [...operator.inputs]
    for (const k of activationsOf(operator, kernel)) inputs[k] = this.#activation(operator, kernel, k)
    if (kernel.weights !== undefined) this.#weights(operator, kernel.weights, inputs)
    const outputs = operator.outputs.map((output) => {
      const codes: LiteTensor = { name: output.name, dtype: 'int8', shape: output.shape, quantization: this.#steps.get(output)! }
      this.#codes.set(output, codes)
      return codes
    })
    this.operators.push({ ...operator, inputs, outputs })
  }

  /** The tensor in float32, converted where it is made in int8. `name`: of a graph output. */
  float(tensor: LiteTensor, name?: string): LiteTensor {
    const codes = this.#codes.get(tensor)
    if (codes === undefined || !this.#made(codes)) return tensor
    const known = this.#floats.get(tensor)
    if (known !== undefined) return known
    const whole: LiteTensor = {
      name: name === undefined ? `${tensor.name}/float` : `${tensor.name}`,
      dtype: 'float32',
      shape: tensor.shape,
    }
    this.#floats.set(tensor, whole)
    this.operators.push(dequantize(codes, whole, name ?? tensor.name))
    return whole
  }

  /** True where the int8 form is what an operator makes, and not a copy of the float form. */
  #made(codes: LiteTensor): boolean {
    return !this.operators.some(
      ({ code, inputs, outputs }) => code === 'QUANTIZE' && outputs[0] === codes && inputs[0]?.dtype === 'float32',
    )
  }

  #activation(operator: LiteOperator, kernel: Int8Kernel, k: number): LiteTensor {
    const input = operator.inputs[k]!
    const shared = kernel.sameSteps === true ? this.#steps.get(operator.outputs[0]!)! : undefined
    if (input.data !== undefined)
      return quantizedConstant(input, shared ?? activationQuantization(rangeOf(input.data as Float32Array)))
    const own = this.#steps.get(input)!
    const codes = this.#codes.get(input) ?? this.#quantize(input, own)
    if (shared === undefined || sameSteps(own, shared)) return codes
    const key = `${codes.name} ${shared.scales[0]} ${shared.zeroPoints[0]}`
    const known = this.#other.get(key)
    if (known !== undefined) return known
    const other: LiteTensor = { name: `${input.name}/steps`, dtype: 'int8', shape: input.shape, quantization: shared }
    this.#other.set(key, other)
    this.operators.push(quantize(codes, other, operator.origin))
    return other
  }

  #quantize(tensor: LiteTensor, steps: Quantization): LiteTensor {
    const codes: LiteTensor = { name: `${tensor.name}/int8`, dtype: 'int8', shape: tensor.shape, quantization: steps }
    this.#codes.set(tensor, codes)
    this.operators.push(quantize(tensor, codes, tensor.name))
    return codes
  }

  #weights(
    operator: LiteOperator,
    { input, axis, bias }: NonNullable<Int8Kernel['weights']>,
    inputs: (LiteTensor | undefined)[],
  ): void {
    const given = operator.inputs[input]!
    if (given.data === undefined) return
    const weights = quantizedWeights(given, axis, 'float32')
    inputs[input] = weights
    const activation = inputs[activationsOf(operator, INT8_KERNELS[operator.code]!)[0]!]!
    const own = bias === undefined ? undefined : operator.inputs[bias]
    if (own !== undefined) inputs[bias!] = quantizedBias(own, activation.quantization!, weights.quantization!)
  }
}

const quantize = (from: LiteTensor, to: LiteTensor, origin: string): LiteOperator => ({
  code: 'QUANTIZE',
  inputs: [from],
  outputs: [to],
  options: { table: 'QuantizeOptions', fields: {} },
  origin,
})

const sameSteps = (a: Quantization, b: Quantization): boolean =>
  a.scales[0] === b.scales[0] && a.zeroPoints[0] === b.zeroPoints[0]
