// Operators that move nothing: their output is the input's buffer under another shape or name, or a few numbers about it.
// Where a buffer cannot be shared (a graph's input or output) the engine copies it; that copy is the engine's, not the model's.
import { axisFromFront, hasOutput, numbersAttribute } from './attributes.ts'
import { defineFamily, type Formula, MOVES, type OperatorFacts, sameFor } from './family.ts'
import { type InputUse, keepsAxes, type ReadInput } from './input-use.ts'
import type { NodeContext } from './types.ts'
import { costOf, tensorBytes } from './work.ts'

/** 0 bytes for every tensor of the node, whatever its type. */
function nothing({ node }: NodeContext) {
  return {
    readBytes: Object.fromEntries(node.inputs.map((_, index) => [index, 0])),
    writtenBytes: Object.fromEntries(node.outputs.map((_, index) => [index, 0])),
  }
}

const alias: Formula = (context) => costOf(context, nothing(context))

// At inference the data pass through; a mask that is asked for is written.
const dropout: Formula = (context) => {
  const none = nothing(context)
  return costOf(context, {
    ...none,
    writtenBytes: { ...none.writtenBytes, 1: hasOutput(context, 1) ? tensorBytes(context.outputs[1]) : 0 },
  })
}

/** The axes of size 1 that are taken out or put in, from the front; an attribute before opset 13. */
function namedAxes(
  { node, index, rank, valuesOf }: InputUse,
  rankOf: (named: number) => number,
): ReadonlySet<number> | undefined {
  const axes = numbersAttribute(node, 'axes') ?? valuesOf(1)
  if (index !== 0 || rank === undefined || axes === undefined) return undefined
  return new Set(axes.map((axis) => axisFromFront(axis, rankOf(axes.length))))
}

const squeezed: ReadInput = (use) => {
  const gone = namedAxes(use, () => use.rank!)
  return gone && { passes: Array.from({ length: use.rank! }, (_, axis) => axis).filter((axis) => !gone.has(axis)) }
}

const unsqueezed: ReadInput = (use) => {
  const put = namedAxes(use, (named) => use.rank! + named)
  if (put === undefined) return undefined
  let next = 0
  return { passes: Array.from({ length: use.rank! + put.size }, (_, axis) => (put.has(axis) ? null : next++)) }
}

/** The same elements; which axis is which afterwards is not known. */
const reshaped: ReadInput = ({ index, shapeOf }) =>
  index === 0 ? { passes: Array.from({ length: shapeOf(1)?.[0] ?? 0 }, () => null) } : undefined

const facts: OperatorFacts = {
  reads: { Identity: keepsAxes, Dropout: keepsAxes, Reshape: reshaped, Squeeze: squeezed, Unsqueeze: unsqueezed },
  int8: sameFor(['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze'], MOVES),
}

export const aliasFamily = defineFamily('alias', facts, {
  ...sameFor(
    [
      ...['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Identity', 'Shape', 'Size', 'Constant', 'Optional'],
      ...['OptionalGetElement', 'OptionalHasElement', 'BitCast', 'com.microsoft:ExpandDims'],
    ],
    alias,
  ),
  Dropout: dropout,
})
