// Einsum of two operands as a product of matrices: axes of both that stay, of the left alone, of the right alone, and those that are
// summed over, each kind side by side. With constant weights it is FULLY_CONNECTED, if nothing but the sum is common.

import { reshapeConstant, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { textAttribute } from '@whyslow/graph/view-attributes.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { fullyConnected } from './matmul.ts'
import type { Rules } from './rule.ts'

export const EINSUMS: Rules = { Einsum: einsum }

function einsum(lower: Lowerer, node: OnnxNode): void {
  const [outputName] = node.outputs as [string]
  const equation = textAttribute(node, 'equation', '')
  const { left, right, output } = labelsOf(
    equation,
    node.inputs.map((name) => lower.shape(name).length),
  )
  if (right === undefined || output === '') lower.refuse(`equation ${equation}`)
  const kinds = kindsOf(left, right!, output)
  if (kinds === undefined) lower.refuse(`equation ${equation}`)
  const { batch, ofLeft, ofRight, summed } = kinds!
  const [a, b] = node.inputs as [string, string]
  const sizes = new Map<string, Dimension>()
  for (const [axis, label] of [...left].entries()) sizes.set(label, lower.shape(a)[axis]!)
  for (const [axis, label] of [...right!].entries()) sizes.set(label, lower.shape(b)[axis]!)
  const of = (labels: string): Dimension[] => [...labels].map((label) => sizes.get(label)!)
  const order = (labels: string, wanted: string): number[] => [...wanted].map((label) => labels.indexOf(label))
  const { dtype } = lower.type(outputName)
  const made = batch + ofLeft + ofRight
  const weights = lower.constant(b)
  const x = lower.ordered(a, order(left, batch + ofLeft + summed))
  const lies = order(output, made)
  if (weights !== undefined && batch === '' && ofLeft !== '') {
    const matrix = transposeConstant(weights, order(right!, ofRight + summed))
    const [rows, columns] = [elementCount(of(ofRight) as number[]), elementCount(of(summed) as number[])]
    const flat = lower.reshape(x, [...of(ofLeft), columns])
    const product = fullyConnected(lower, flat, {
      weights: reshapeConstant(matrix, [rows, columns]),
      result: { dtype, shape: [...of(ofLeft), rows] },
    })
    lower.place(outputName, lower.reshape(product, of(made)), lies)
    return
  }
  const y = lower.ordered(b, order(right!, batch + summed + ofRight))
  const [rows, inner, columns] = [merged(of(ofLeft)), merged(of(summed)), merged(of(ofRight))]
  const left3 = lower.reshape(x, [...of(batch), rows, inner])
  const right3 = lower.reshape(y, [...of(batch), inner, columns])
  const result = { dtype, shape: [...of(batch), rows, columns] }
  const product = lower.op('BATCH_MATMUL', [left3, right3], result)
  lower.place(outputName, lower.reshape(product, of(made)), lies)
}

/** The axes that `...` represents get labels of their own, aligned at the end. */
function labelsOf(
  equation: string,
  ranks: readonly number[],
): { readonly left: string; readonly right: string | undefined; readonly output: string } {
  const [terms = '', output = ''] = equation.replaceAll(' ', '').split('->')
  const labels = terms.split(',')
  const hidden = labels.map((one, k) => (one.includes('...') ? (ranks[k] ?? 0) - (one.length - 3) : 0))
  const names = '0123456789'.slice(0, Math.max(0, ...hidden))
  const spelled = labels.map((one, k) => one.replace('...', names.slice(names.length - Math.max(0, hidden[k]!))))
  return { left: spelled[0] ?? '', right: spelled.length === 2 ? spelled[1] : undefined, output: output.replace('...', names) }
}

interface Kinds {
  readonly batch: string
  readonly ofLeft: string
  readonly ofRight: string
  readonly summed: string
}

/** Undefined if a label stands twice in a term, or in one alone without going out. */
function kindsOf(left: string, right: string, output: string): Kinds | undefined {
  const twice = (labels: string) => new Set(labels).size !== labels.length
  if (twice(left) || twice(right) || twice(output)) return undefined
  const those = (labels: string, keep: (label: string) => boolean) => [...labels].filter(keep).join('')
  const batch = those(left, (label) => right.includes(label) && output.includes(label))
  const summed = those(left, (label) => right.includes(label) && !output.includes(label))
  const ofLeft = those(left, (label) => !right.includes(label))
  const ofRight = those(right, (label) => !left.includes(label))
  return [...(ofLeft + ofRight)].every((label) => output.includes(label)) ? { batch, ofLeft, ofRight, summed } : undefined
}

/** All axes as one; null if a size among several is free. */
function merged(sizes: readonly Dimension[]): Dimension {
  if (sizes.length === 1) return sizes[0]!
  return sizes.every((size) => typeof size === 'number') ? elementCount(sizes as number[]) : null
}
