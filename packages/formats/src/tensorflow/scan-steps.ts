// Steps of a recurrence that no operator of ONNX is: a Scan whose body is one step.

import { scalar, where } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value, ValueType } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { transpose } from './layout.ts'

export interface Steps {
  /** [steps, n, …]. */
  readonly input: Value
  /** bool [n, steps]: a step that is false keeps the states and repeats the output. */
  readonly mask?: Value | undefined
  readonly backwards: boolean
  /** [n, …] each; the first is the output, too. */
  readonly initial: readonly Value[]
  /** The output of a masked step is 0 instead of the one before. */
  readonly zeroMasked?: boolean
  /** States after a step with x [n, …]. */
  step(body: GraphBuilder, x: Value, states: readonly Value[]): readonly Value[]
}

export interface StepsResult {
  /** [steps, n, …], in the order of the input. */
  readonly sequences: Value
  /** What the last step gave. */
  readonly last: Value
  readonly states: readonly Value[]
}

export function scanSteps(builder: GraphBuilder, parts: Steps): StepsResult {
  const { input, mask, backwards, initial } = parts
  const [first] = initial
  const rank = first!.shape.length
  const zero = scalar(builder, first!.dtype, 0)
  const scanned = mask === undefined ? [input] : [input, unsqueeze(builder, transpose(builder, mask, [1, 0]), range(2, rank + 1))]
  const carried = mask === undefined ? initial : [...initial, builder.op('Mul', [first, zero], first!)]
  const stepType = ({ dtype, shape }: Value): ValueType => ({ dtype, shape: shape.slice(1) })
  const body = builder.subgraph([...carried, ...scanned.map(stepType)], (inside, values) => {
    const states = values.slice(0, initial.length)
    const next = parts.step(inside, values[carried.length]!, states)
    // What leaves the body is a value of its own, even where it stands twice.
    if (mask === undefined) return [...next, inside.op('Identity', [next[0]], next[0]!)]
    const runs = values[carried.length + 1]!
    const before = parts.zeroMasked === true ? zero : values[initial.length]!
    const given = where(inside, runs, next[0]!, before)
    const kept = next.map((state, k) => where(inside, runs, state, states[k]!))
    return [...kept, given, inside.op('Identity', [given], given)]
  })
  const steps = input.shape[0]!
  const sequence = { dtype: first!.dtype, shape: [steps, ...first!.shape] }
  const results = builder.ops('Scan', [...carried, ...scanned], [...carried, sequence], {
    body,
    num_scan_inputs: scanned.length,
    scan_input_directions: scanned.map(() => (backwards ? 1 : 0)),
    scan_output_directions: [backwards ? 1 : 0],
  })
  const states = results.slice(0, initial.length)
  return { sequences: results.at(-1)!, last: mask === undefined ? states[0]! : results[initial.length]!, states }
}
