// float16, as TensorFlow's converter writes it: float32 constants as half floats behind a DEQUANTIZE that runs once. Kernels on the CPU then
// compute in float32: half the file, and no speed. Single numbers stay: they save nothing, and the factors of an erf are too small for it.
import { toFloat16Clamped } from '@whyslow/graph/encode.ts'
import type { LiteGraph, LiteOperator, LiteTensor } from '../write/index.ts'
import { dequantize } from './dynamic.ts'

export function halfFloats(graph: LiteGraph): LiteGraph {
  const restored = new Map<LiteTensor, LiteTensor>()
  const operators = graph.operators.flatMap((operator): readonly LiteOperator[] => {
    const before: LiteOperator[] = []
    const inputs = operator.inputs.map((input) => {
      if (!(input?.data instanceof Float32Array) || input.data.length === 1) return input
      const known = restored.get(input)
      if (known !== undefined) return known
      const { bits } = toFloat16Clamped(input.data)
      const half: LiteTensor = { name: input.name, dtype: 'float16', shape: input.shape, data: bits }
      const whole: LiteTensor = { name: `${input.name}/float`, dtype: 'float32', shape: input.shape }
      restored.set(input, whole)
      before.push(dequantize(half, whole, operator.origin))
      return whole
    })
    const bodies = operator.bodies?.map(halfFloats)
    return [...before, { ...operator, inputs, ...(bodies === undefined ? {} : { bodies }) }]
  })
  return { ...graph, operators }
}
