// Einsum. https://onnx.ai/onnx/operators/onnx__Einsum.html
// Two operands: MACs = product of all distinct labels' sizes. More: contracted in pairs from the left, each pair keeping the labels
// that later operands or the output still need; another order may need less. Where no label is summed over, every product is a
// multiplication alone.
import type { TensorType } from '../types.ts'
import { textAttribute } from './attributes.ts'
import { defineFamily, type Formula } from './family.ts'
import { costOf, unknownCost, type Work } from './work.ts'

const einsum: Formula = (context) => {
  const types = context.inputs.filter((type) => type !== undefined)
  if (types.length !== context.node.inputs.length)
    return unknownCost(`an input type of Einsum '${context.node.name}' is not known`)
  const work = einsumWork(textAttribute(context.node, 'equation', ''), types)
  return typeof work === 'string' ? unknownCost(`Einsum '${context.node.name}': ${work}`) : costOf(context, work)
}

function einsumWork(equation: string, types: readonly TensorType[]): Work | string {
  const [left = '', right] = equation.replaceAll(' ', '').split('->')
  const terms = left.split(',')
  if (terms.length !== types.length) return `its equation '${equation}' does not have ${types.length} operands`
  const sizes = new Map<string, number>()
  const operands: string[][] = []
  for (const [i, term] of terms.entries()) {
    const labels = labelsOf(term, types[i]!.shape.length)
    if (labels.length !== types[i]!.shape.length)
      return `operand ${i} of its equation '${equation}' does not fit rank ${types[i]!.shape.length}`
    labels.forEach((label, axis) => {
      sizes.set(label, Math.max(sizes.get(label) ?? 1, types[i]!.shape[axis]!))
    })
    operands.push(labels)
  }
  const output = right === undefined ? implicitOutput(operands) : outputLabels(right, operands)
  return contract(operands, output, sizes)
}

function contract(operands: readonly string[][], output: readonly string[], sizes: ReadonlyMap<string, number>): Work {
  const volume = (labels: Iterable<string>) => [...labels].reduce((product, label) => product * sizes.get(label)!, 1)
  const first = new Set(operands[0])
  if (operands.length === 1) {
    const sums = [...first].some((label) => !output.includes(label))
    return sums ? { simpleOps: volume(first) } : { movesDataOnly: true }
  }
  let macs = 0
  let simpleOps = 0
  let kept = first
  for (let i = 1; i < operands.length; i++) {
    const needed = new Set([...output, ...operands.slice(i + 1).flat()])
    const all = new Set([...kept, ...operands[i]!])
    kept = new Set([...all].filter((label) => needed.has(label)))
    if (kept.size < all.size) macs += volume(all)
    else simpleOps += volume(all)
  }
  const note = operands.length > 2 ? 'operands contracted from the left; another order may need less' : undefined
  return { macs, simpleOps, ...(note === undefined ? {} : { note }) }
}

/** Letters as they are; '...' becomes as many labels as the rank leaves, numbered from the right so that they broadcast. */
function labelsOf(term: string, rank: number): string[] {
  const [before = '', after] = term.split('...')
  if (after === undefined) return [...before]
  const hidden = Math.max(0, rank - before.length - after.length)
  return [...before, ...Array.from({ length: hidden }, (_, i) => `...${hidden - i}`), ...after]
}

function hiddenLabels(operands: readonly string[][]): string[] {
  return [...new Set(operands.flat())].filter((label) => label.startsWith('...'))
}

function outputLabels(right: string, operands: readonly string[][]): string[] {
  const letters = [...right.replace('...', '')]
  return right.includes('...') ? [...hiddenLabels(operands), ...letters] : letters
}

/** Output labels for an equation without '->': the labels that occur once. */
function implicitOutput(operands: readonly string[][]): string[] {
  const all = operands.flat().filter((label) => !label.startsWith('...'))
  return [...hiddenLabels(operands), ...all.filter((label) => all.indexOf(label) === all.lastIndexOf(label))]
}

export const einsumFamily = defineFamily('einsum', {}, { Einsum: einsum })
