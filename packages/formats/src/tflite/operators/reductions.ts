// Reductions over axes, and what looks for the largest. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels (reduce.cc)

import { cast } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { indexOf, type Reduction, reduce, runningSum, topK } from '@whyslow/graph/builder/reduce.ts'
import { reshape } from '@whyslow/graph/builder/shapes.ts'
import {
  asInt64,
  input,
  knownNumbers,
  number,
  numbers,
  type OperatorCall,
  optionsOf,
  realInput,
  store,
  typeName,
  type WriteOperator,
  type Writers,
} from '../operator.ts'
import { widen } from './arithmetic.ts'
import { axisIn } from './shapes.ts'

function reducing(reduction: Reduction): WriteOperator {
  return (call) => {
    const { builder } = call
    const x = realInput(call, 0)
    const keepDims = optionsOf(call, 'ReducerOptions').keep_dims
    const axes = [...new Set(numbers(call, 1).map((axis) => axisIn(call, axis, x.shape.length)))]
    return [
      store(
        call,
        widen(builder, [x], ([value]) => reduce(builder, reduction, value!, { axes, keepDims })),
      ),
    ]
  }
}

const INDEX_TYPES: Readonly<Record<string, 'int32' | 'int64'>> = { INT32: 'int32', INT64: 'int64' }

function finding(opType: 'ArgMax' | 'ArgMin'): WriteOperator {
  return (call) => {
    const { builder } = call
    const { output_type } = optionsOf(call, opType === 'ArgMax' ? 'ArgMaxOptions' : 'ArgMinOptions')
    const { value } = input(call, 0)
    // Stored integers have the order of what they stand for.
    const x = value.dtype === 'bool' || value.dtype === 'int16' ? cast(builder, value, 'int32') : value
    const axis = axisIn(call, number(call, 1), x.shape.length)
    const declared = call.outputs[0]!.dtype
    const dtype = INDEX_TYPES[typeName(output_type)] ?? (declared === 'int64' ? 'int64' : 'int32')
    return [cast(builder, indexOf(builder, opType, x, { axis }), dtype)]
  }
}

/** The largest along the last axis, and where they stand; of equals the first. */
function largest(call: OperatorCall): Value[] {
  const { builder } = call
  const x = realInput(call, 0)
  const k = knownNumbers(call, 1)?.[0]
  const count = k ?? reshape(builder, asInt64(builder, input(call, 1).value), [1])
  const wide = x.dtype === 'float32' || x.dtype === 'int64' || x.dtype === 'int32' ? x : cast(builder, x, 'int32')
  const [values, places] = topK(builder, wide, count)
  return [store(call, cast(builder, values, x.dtype)), cast(builder, places, call.outputs[1]?.dtype ?? 'int32')]
}

function cumulative(call: OperatorCall): Value[] {
  const { builder } = call
  const x = realInput(call, 0)
  return [store(call, runningSum(builder, x, axisIn(call, number(call, 1), x.shape.length), optionsOf(call, 'CumsumOptions')))]
}

export const REDUCTIONS: Writers = {
  MEAN: reducing('ReduceMean'),
  SUM: reducing('ReduceSum'),
  REDUCE_PROD: reducing('ReduceProd'),
  REDUCE_MAX: reducing('ReduceMax'),
  REDUCE_MIN: reducing('ReduceMin'),
  REDUCE_ANY: reducing('ReduceMax'),
  REDUCE_ALL: reducing('ReduceMin'),
  ARG_MAX: finding('ArgMax'),
  ARG_MIN: finding('ArgMin'),
  TOPK_V2: largest,
  CUMSUM: cumulative,
}
