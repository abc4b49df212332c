// Nodes that hand on what they were given. Whoever reads their output reads their input; an output of the graph keeps its name, and
// the node that makes the value takes it over.

import { readOther } from '@whyslow/graph/edit.ts'
import type { NodeProto } from 'onnx-buf'
import type { Bench } from './workbench.ts'

/** Removes Identity nodes, except those between a graph's input, a constant or an output and another output. */
export function withoutIdentities(bench: Bench, nodes: readonly NodeProto[]): NodeProto[] {
  const made = new Set(nodes.flatMap(({ output }) => output))
  const read = new Map<string, string>()
  const ended = (name: string): string => {
    let at = name
    while (read.has(at)) at = read.get(at)!
    return at
  }
  const kept: NodeProto[] = []
  for (const node of nodes) {
    if (node.opType !== 'Identity' || node.domain !== '') {
      kept.push(node)
      continue
    }
    const [input, output] = [ended(node.input[0]!), node.output[0]!]
    if (!bench.outputs.has(output)) read.set(output, input)
    else if (made.has(input) && !bench.outputs.has(input)) read.set(input, output)
    else kept.push(node)
  }
  if (read.size === 0) return kept
  return kept.map((node) => {
    return bench.changed(bench.madeLike(node, readOther(node, read)), { output: node.output.map(ended) })
  })
}
