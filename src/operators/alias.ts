// Operators that move nothing: their output is the input's buffer under another shape or name, or a few numbers about it.
// Where a buffer cannot be shared (a graph's input or output) the engine copies it; that copy is the engine's, not the model's.
import { hasOutput } from './attributes.ts'
import { defineFamily, type Formula, sameFor } from './family.ts'
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

export const aliasFamily = defineFamily('alias', {
  ...sameFor(
    [
      'Reshape',
      'Squeeze',
      'Unsqueeze',
      'Flatten',
      'Identity',
      'Shape',
      'Size',
      'Constant',
      'Optional',
      'OptionalGetElement',
      'OptionalHasElement',
      'com.microsoft:ExpandDims',
    ],
    alias,
  ),
  Dropout: dropout,
})
