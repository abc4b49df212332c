// Taking over a model that something else has optimized (the engine, a simplifier): it must still take and give what the original does.
import type { NodeProto } from 'onnx-buf'
import { copyWith } from '../copy.ts'
import { withGraph } from '../edit.ts'
import type { Model } from '../model.ts'
import { problemsOf } from '../validate.ts'
import { declaration } from '../view.ts'
import { link, nodesOf, readsOf } from '../walk.ts'

/**
 * The optimized model with the original's declarations of inputs and outputs, which optimizers sharpen or reorder. Undefined if it
 * is not valid, or if an input or output is gone or has another element type.
 */
export function adoptOptimized(optimized: Model, original: Model): Model | undefined {
  const [now, before] = [optimized.proto.graph, original.proto.graph]
  if (now === undefined || before === undefined || problemsOf(optimized.proto).length > 0) return undefined
  const weightsBefore = namesOf(before.initializer)
  const weightsNow = namesOf(now.initializer)
  const needed = before.input.filter(({ name }) => !weightsBefore.has(name))
  const same = (list: typeof before.input, others: typeof before.input) =>
    list.every((one) => {
      const other = others.find(({ name }) => name === one.name)
      if (other === undefined) return false
      const [a, b] = [declaration(one), declaration(other)]
      return a.kind === b.kind && a.dtype === b.dtype
    })
  const extra = now.input.some(({ name }) => !weightsNow.has(name) && !needed.some((one) => one.name === name))
  if (extra || !same(needed, now.input) || !same(before.output, now.output) || now.output.length !== before.output.length) {
    return undefined
  }
  // An overridable weight that is gone would turn into an input that must be fed.
  const input = before.input.filter(({ name }) => !weightsBefore.has(name) || weightsNow.has(name))
  const { source, origins } = original
  return { ...withGraph(optimized, copyWith(now, { input, output: before.output })), source, origins }
}

const namesOf = (tensors: readonly { readonly name: string }[]): Set<string> => new Set(tensors.map(({ name }) => name))

/**
 * Nodes of the original, at any depth, whose first output nobody makes any more and whose work is not done elsewhere: what a node fed is
 * then made by an operator of another type, which took it in (MatMul and Add become Gemm).
 */
export function nodesGone(optimized: Model, original: Model): NodeProto[] {
  const makers = new Map(nodesOf(optimized.proto).flatMap((node) => node.output.map((name) => [name, node] as const)))
  const nodes = nodesOf(original.proto)
  const isGone = ({ output }: NodeProto) => !makers.has(output[0] ?? '')
  const { consumers } = link(nodes, ({ output }) => output, readsOf)
  const takenIn = new Set<NodeProto>()
  // Producers stand before consumers.
  for (const node of nodes.toReversed().filter(isGone)) {
    const fed = node.output.flatMap((name) => consumers.get(name) ?? [])
    const inAnother = fed.some((one) => (isGone(one) ? takenIn.has(one) : makers.get(one.output[0]!)!.opType !== one.opType))
    if (inAnother) takenIn.add(node)
  }
  return nodes.filter((node) => isGone(node) && !takenIn.has(node))
}

/** Nodes that compute something: `Constant` left out. */
export function countComputingNodes({ proto }: Model): number {
  return nodesOf(proto).filter(({ opType }) => opType !== 'Constant').length
}
