// Reductions, and what looks for the largest. TensorFlow.js gives places as int32.
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { flag, float, int, typeAttribute } from '../attributes.ts'
import type { Ref } from '../graph-writer.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'

const reduction =
  (op: string): OperatorWriter =>
  (call) =>
    call.op(op, call.inputs, { keep_dims: flag(call.flag('keep_dims')) })

export const REDUCTIONS: OperatorTable = {
  ARG_MAX: (call) => call.op('ArgMax', call.inputs),
  ARG_MIN: (call) => call.op('ArgMin', call.inputs),
  CUMSUM: (call) =>
    call.op('Cumsum', call.inputs, { exclusive: flag(call.flag('exclusive')), reverse: flag(call.flag('reverse')) }),
  LOCAL_RESPONSE_NORMALIZATION: (call) =>
    call.op('LRN', call.inputs, {
      depth_radius: int(call.number('radius')),
      bias: float(call.number('bias')),
      alpha: float(call.number('alpha')),
      beta: float(call.number('beta')),
    }),
  MEAN: reduction('Mean'),
  ONE_HOT: oneHot,
  REDUCE_MAX: reduction('Max'),
  REDUCE_MIN: reduction('Min'),
  REDUCE_PROD: reduction('Prod'),
  SUM: reduction('Sum'),
  TOPK_V2: (call) => call.ops('TopKV2', call.inputs, { count: 2, attributes: { sorted: flag(true) } }),
}

/** TensorFlow.js puts the new axis last. */
function oneHot(call: OperatorCall): Ref {
  const rank = call.result.shape.length
  const made = call.op('OneHot', call.inputs, { axis: int(-1), T: typeAttribute(call.result.dtype) })
  const axis = call.number('axis', -1)
  const place = axisFromFront(axis, rank)
  if (place === rank - 1) return made
  const others = Array.from({ length: rank - 1 }, (_, k) => k)
  return call.op('Transpose', [made, call.ints([...others.slice(0, place), rank - 1, ...others.slice(place)])])
}
