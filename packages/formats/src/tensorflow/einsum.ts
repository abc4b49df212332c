// Sums of products by subscripts ('abc,cd->abd'), as ONNX's Einsum: https://numpy.org/doc/stable/reference/generated/numpy.einsum.html

import { broadcastShape } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Dimension } from '@whyslow/graph/types.ts'

/** Undefined if the subscripts do not fit the operands. */
export function einsum(builder: GraphBuilder, subscripts: string, operands: readonly Value[]): Value | undefined {
  const equation = subscripts.replace(/\s/g, '')
  const [left, right] = equation.split('->')
  const terms = left!.split(',')
  if (terms.length !== operands.length) return undefined
  const sizes = new Map<string, Dimension>()
  let stack: Dimension[] = []
  for (const [k, term] of terms.entries()) {
    const read = labelled(term, operands[k]!.shape)
    if (read === undefined) return undefined
    stack = broadcastShape(stack, read.stack)
    for (const [letter, size] of read.sizes) {
      const known = sizes.get(letter)
      if (typeof known === 'number' && typeof size === 'number' && known !== size) return undefined
      if (known === undefined || typeof known !== 'number') sizes.set(letter, size)
    }
  }
  const output = right ?? impliedOutput(left!)
  const shape: Dimension[] = []
  for (const part of output.match(/\.\.\.|[a-zA-Z]/g) ?? []) {
    if (part === '...') shape.push(...stack)
    else if (sizes.has(part)) shape.push(sizes.get(part)!)
    else return undefined
  }
  return builder.op('Einsum', operands, { dtype: operands[0]!.dtype, shape }, { equation: `${left}->${output}` })
}

/** Sizes by letter, and those that '...' represents. */
function labelled(term: string, shape: readonly Dimension[]) {
  const [before, after] = term.split('...') as [string, string?]
  const letters = before.length + (after?.length ?? 0)
  if (after === undefined ? letters !== shape.length : letters > shape.length) return undefined
  const sizes: [string, Dimension][] = [...before].map((letter, k) => [letter, shape[k]!])
  const behind = [...(after ?? '')].map((letter, k): [string, Dimension] => [letter, shape[shape.length - after!.length + k]!])
  return { sizes: [...sizes, ...behind], stack: shape.slice(before.length, shape.length - (after?.length ?? 0)) }
}

/** Output letters for an equation without '->': those that occur once, in alphabetical order. */
function impliedOutput(left: string): string {
  const letters = [...left].filter((letter) => /[a-zA-Z]/.test(letter))
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort()
  return `${left.includes('...') ? '...' : ''}${once.join('')}`
}
