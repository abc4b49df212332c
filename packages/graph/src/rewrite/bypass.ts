// Taking nodes out whose output equals one of their inputs.
import type { NodeProto } from 'onnx-buf'
import { copyWith } from '../copy.ts'
import type { Model } from '../model.ts'
import { type Matching, type Replacement, rewriteGraphs } from './match.ts'

/**
 * `node` taken out: who read its first output reads `source` instead. Where that output is one of the graph's, the maker of `source`
 * takes over its name. Undefined if that cannot be: `source` is an input, a constant or an output of the graph itself, or comes
 * from around a subgraph. The node's other outputs must have no readers.
 */
export function bypass({ producer, isOutput }: Matching, node: NodeProto, source: string): Replacement | undefined {
  const output = node.output[0] ?? ''
  if (output === '' || source === '' || output === source) return undefined
  const parts = [node]
  if (!isOutput(output)) return { parts, remove: new Set(parts), read: new Map([[output, source]]) }
  const maker = producer(source)
  if (maker === undefined || isOutput(source)) return undefined
  const renamed = copyWith(maker, { output: maker.output.map((name) => (name === source ? output : name)) })
  return { parts, remove: new Set([node, maker]), add: [renamed], read: new Map([[source, output]]) }
}

/**
 * The replacements, without those that an earlier one stands in the way of: it takes out or renames the same node, or a value that
 * they read. They are found again in the next round.
 */
export function selectSeparate(replacements: readonly (Replacement | undefined)[]): Replacement[] {
  const touched = new Set<NodeProto>()
  const vanished = new Set<string>()
  const needed = new Set<string>()
  return replacements.filter((one): one is Replacement => {
    if (one === undefined) return false
    const nodes = [...(one.remove ?? []), ...one.parts]
    const [vanishes, needs] = [valuesGone(one), valuesRead(one)]
    if (nodes.some((node) => touched.has(node))) return false
    if (needs.some((name) => vanished.has(name)) || vanishes.some((name) => needed.has(name))) return false
    for (const node of nodes) touched.add(node)
    for (const name of vanishes) vanished.add(name)
    for (const name of needs) needed.add(name)
    return true
  })
}

/** Values that nobody makes after the replacement, and that are not read by another name either. */
function valuesGone({ remove = new Set(), add = [], read }: Replacement): string[] {
  const made = new Set(add.flatMap(({ output }) => output))
  return [...remove].flatMap(({ output }) => output).filter((name) => !made.has(name) && !read?.has(name))
}

function valuesRead({ add = [], read }: Replacement): string[] {
  return [...add.flatMap(({ input }) => input), ...(read?.values() ?? [])]
}

/** Rewrites every graph again and again until nothing more is found. Each round must come nearer to an end, as by a smaller model. */
export function rewriteToTheEnd<Found extends Replacement>(
  model: Model,
  find: (matching: Matching, fresh: (hint: string) => string) => readonly Found[],
): { readonly model: Model; readonly replaced: readonly Found[] } | undefined {
  let [at, replaced]: [Model, readonly Found[]] = [model, []]
  for (;;) {
    const next = rewriteGraphs(at, find)
    if (next === undefined) return at === model ? undefined : { model: at, replaced }
    at = next.model
    replaced = [...replaced, ...next.replaced]
  }
}

/** '2 Identity, 1 Dropout': operator types with their number, the most frequent first. */
export function countByOperator(nodes: readonly NodeProto[]): string {
  const counts = new Map<string, number>()
  for (const { opType } of nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([opType, count]) => `${count} ${opType}`)
    .join(', ')
}
