// States of recurrent operators, whatever way the file stores them.
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { input, type OperatorCall, type Variable } from '../operator.ts'
import { dequantize, onSteps, quantize, storedRange } from '../quantized.ts'

/** True where tensor number `k` holds a state in integers. */
export function isInIntegers(call: OperatorCall, k: number): boolean {
  const { quantization, dtype } = input(call, k)
  return quantization !== undefined && dtype !== 'float32'
}

/** Variables that hold real numbers while they are computed with, in whatever way the file stores them. */
export function realState(call: OperatorCall, k: number): Variable {
  const { value, set } = call.state(k)
  const { quantization, dtype } = input(call, k)
  if (quantization === undefined || !isInIntegers(call, k)) return { value, set }
  return {
    value: dequantize(call.builder, value, quantization),
    set: (next) => set(quantize(call.builder, next, { dtype, quantization })),
  }
}

export type StateWriter = (builder: GraphBuilder, value: Value) => Value

/** What a state becomes where it is kept in integers: the next step is given it on their steps. */
export function stateWriter(call: OperatorCall, k: number): StateWriter {
  const { quantization, dtype } = input(call, k)
  if (quantization === undefined || !isInIntegers(call, k)) return (_, value) => value
  const [low, high] = storedRange(dtype)
  const [scale, zeroPoint] = [quantization.scales[0]!, quantization.zeroPoints[0]!]
  return (builder, value) => onSteps(builder, value, { scale, zeroPoint, low, high })
}
