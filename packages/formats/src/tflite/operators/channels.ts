// Operators that ONNX wants channels first for: the first input turned, the result turned back.
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { type OperatorCall, realChannelsFirst, storedChannelsLast } from '../operator.ts'

/** `write` gets the first input as real numbers [n, c, …spatial], and its result is stored as [n, …spatial, c]. */
export function inChannelsFirst(call: OperatorCall, write: (x: Value) => Value, activation = 0): Value {
  return storedChannelsLast(call, write(realChannelsFirst(call, 0)), { activation })
}
