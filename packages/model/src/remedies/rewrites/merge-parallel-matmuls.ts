// Linear operators that read the same value become one with their weights side by side, and a Split: query, key and value of an
// attention block, gates, branches. One larger product keeps the units busier and starts once; the columns themselves stay as they
// are, computed in whatever blocks the larger size asks for.

import { floatTensor, int64Tensor, node } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { concatenateColumns, concatenateFloats, floatsOf, sum } from '@whyslow/graph/rewrite/floats.ts'
import { type Linear, linearOf } from '@whyslow/graph/rewrite/linear.ts'
import { attributeOf, isClosed, isOperator, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy, type RemedyEvidence } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

/** Activations that act on each number alone and may run before the split as well as behind it. */
const ACTIVATIONS = ['Relu', 'Sigmoid', 'Tanh']

interface Merged extends Replacement {
  readonly kind: Linear['kind']
  /** Operators that became one. */
  readonly count: number
  /** Values that the split gives. */
  readonly results: readonly string[]
}

export const mergeParallelMatmuls = defineRemedy(
  rewritingRemedy({
    id: 'merge-parallel-matmuls',
    title: 'Products of one value with several weights become one product',
    treats: ['dispatch-overhead', 'memory-bound-operators', 'compute-bound-operators'],
    effect: 'rounding',
    find: (matching, fresh) => groupsIn(matching).flatMap((group) => merge(matching, group, fresh) ?? []),
    changes({ replaced }) {
      const kinds = [...new Set(replaced.map(({ kind }) => kind))]
      return kinds.map((kind) => {
        const same = replaced.filter((one) => one.kind === kind)
        return `${sum(same.map(({ count }) => count))} ${kind}s over shared inputs merged into ${same.length}`
      })
    },
    saving: (evidence, { replaced }) => savingOf(evidence, replaced),
    took({ nodes }, { replaced }) {
      const split = new Set(nodes.flatMap(({ opType, outputs }) => (opType === 'Split' ? outputs : [])))
      return replaced.some(({ results }) => results.every((name) => split.has(name)))
    },
  }),
)

/** Starts of operators that go; the split costs one. */
function savingOf({ profile, p50Ms }: RemedyEvidence, merged: readonly Merged[]): number | null {
  if (profile === undefined) return null
  const starts = sum(merged.map(({ parts, count }) => Math.max(0, parts.length - parts.length / count - 1)))
  return Math.min((starts * profile.dispatchPerNodeUs) / 1000, p50Ms)
}

interface Branch {
  readonly linear: Linear
  /** The operator, the sum of its bias, its activation. */
  readonly parts: readonly NodeProto[]
  readonly activation: NodeProto | undefined
  readonly result: string
}

/** Branches that can be one: same input, same operator, same attributes, all but the number of outputs of the weights. */
function groupsIn(matching: Matching): readonly (readonly Branch[])[] {
  const groups = new Map<string, Branch[]>()
  for (const one of matching.graph.node) {
    const linear = linearOf(matching, one)
    if (linear === undefined || linear.groups !== 1) continue
    const { kind, x, shape, outputAxis, bias, last } = linear
    const fixed = shape.map((size, axis) => (axis === outputAxis ? null : size))
    const attributes = one.attribute.map(({ name }) => [name, attributeOf(one, name)]).sort()
    // A Gemm without bias together with one that has it: the bias of zeros would cost what it saves.
    const key = JSON.stringify([kind, x, fixed, attributes, kind !== 'MatMul' && bias !== undefined])
    const branch = { linear, parts: bias?.add ? [one, last] : [one], activation: undefined, result: last.output[0]! }
    groups.set(key, [...(groups.get(key) ?? []), branch])
  }
  return [...groups.values()].filter((group) => group.length > 1).map((group) => withActivations(matching, group))
}

/** Adds the activation behind every branch, if it is the same and the only reader. */
function withActivations(matching: Matching, group: readonly Branch[]): readonly Branch[] {
  const activations = group.map(({ linear }) => matching.onlyReader(linear.last))
  const opTypes = new Set(activations.map((one) => (isOperator(one, ...ACTIVATIONS) ? one.opType : '')))
  if (opTypes.size !== 1 || opTypes.has('')) return group
  return group.map((branch, k) => {
    const activation = activations[k]!
    return { ...branch, activation, parts: [...branch.parts, activation], result: activation.output[0]! }
  })
}

function merge(matching: Matching, group: readonly Branch[], fresh: (hint: string) => string): Merged | undefined {
  const [first] = group
  const { kind, shape, outputAxis, x, node: model } = first!.linear
  const results = group.map(({ result }) => result)
  const parts = group.flatMap((branch) => branch.parts)
  const arrays = group.map(({ linear }) => floatsOf(matching, linear.weights))
  const biases = group.map(({ linear }) =>
    linear.bias ? floatsOf(matching, linear.bias.name) : new Float32Array(linear.outputSize),
  )
  if (!isClosed(matching, new Set(parts), results) || ![...arrays, ...biases].every((one) => one !== undefined)) return undefined

  const sizes = group.map(({ linear }) => linear.outputSize)
  const total = sum(sizes)
  const hint = results[0]!
  const weights = fresh(`${hint}_weights`)
  const values =
    outputAxis === 0 ? concatenateFloats(arrays as Float32Array[]) : concatenateColumns(arrays as Float32Array[], shape[0]!)
  const initializers: TensorProto[] = [
    floatTensor(
      weights,
      shape.map((size, axis) => (axis === outputAxis ? total : size)),
      values,
    ),
  ]
  const added: NodeProto[] = []
  const hasBias = group.some(({ linear }) => linear.bias !== undefined)
  const bias = hasBias ? fresh(`${hint}_bias`) : ''
  if (hasBias) initializers.push(floatTensor(bias, [total], concatenateFloats(biases as Float32Array[])))

  let value = fresh(`${hint}_merged`)
  const inputs = kind === 'MatMul' || !hasBias ? [x, weights] : [x, weights, bias]
  added.push(copyWith(model, { input: inputs, output: [value], name: fresh(`${model.name || hint}_merged`) }))
  const step = (opType: string, operands: readonly string[], last: string) => {
    const output = fresh(`${hint}_${last}`)
    added.push(node({ opType, name: output }, operands, [output]))
    value = output
  }
  if (kind === 'MatMul' && hasBias) step('Add', [value, bias], 'sum')
  if (first!.activation !== undefined) step(first!.activation.opType, [value], 'active')

  const axis = kind === 'Conv' ? 1 : -1
  const name = fresh(`${hint}_split`)
  if (matching.opset < 13) added.push(node({ opType: 'Split', name }, [value], results, { axis, split: sizes }))
  else {
    const parted = fresh(`${hint}_sizes`)
    initializers.push(int64Tensor(parted, [sizes.length], sizes))
    added.push(node({ opType: 'Split', name }, [value, parted], results, { axis }))
  }
  return { kind, count: group.length, results, parts, remove: new Set(parts), add: added, addInitializers: initializers }
}
