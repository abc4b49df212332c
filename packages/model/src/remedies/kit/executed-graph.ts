// What the graph as the engine runs it shows to settings remedies: shares of its time, and convolutions in the blocked layout
// (NCHWc: channels in blocks of 8 or 16, onnxruntime core/optimizer/nchwc_transformer.cc).
import type { GraphView, TensorType } from '@whyslow/graph/types.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'

const BLOCKED_DOMAIN = 'com.microsoft.nchwc'

/** True for nodes in the blocked layout, and for those that reorder data into it and back. */
export const isBlocked = ({ domain }: { readonly domain: string }): boolean => domain === BLOCKED_DOMAIN

/** True where some node of the main graph or of a subgraph is such. */
export function someNode(graph: GraphView, is: (node: GraphView['nodes'][number]) => boolean): boolean {
  return graph.nodes.some((node) => is(node) || Object.values(node.subgraphs).some((inner) => someNode(inner, is)))
}

/** Share 0..1 of the nodes' time that such nodes take; 0 if no time was seen. */
export function timeShare({ nodes }: Profile, is: (node: ProfiledNode) => boolean): number {
  const totalMs = nodes.reduce((sum, { timeMs }) => sum + timeMs, 0)
  const timeMs = nodes.reduce((sum, node) => sum + (is(node) ? node.timeMs : 0), 0)
  return totalMs === 0 ? 0 : timeMs / totalMs
}

/** [output channels, input channels of a group, height, width] of a convolution in the blocked layout; undefined for other nodes. */
export function blockedWeight({ graph }: Profile, node: ProfiledNode): readonly number[] | undefined {
  if (node.opType !== 'Conv' || !isBlocked(node)) return undefined
  const name = node.inputs[1] ?? ''
  // A packed weight may vanish from what the profiler shows: the constant's own type goes first.
  const shape = (Object.hasOwn(graph.constants, name) ? graph.constants[name] : node.inputTypes[1])?.shape
  return shape?.length === 4 ? shape : undefined
}

/** Groups of a convolution of the main graph; 1 if it says none. */
export function groupsOf({ graph }: Profile, { name }: ProfiledNode): number {
  const group = graph.nodes.find((node) => node.name === name)?.attributes.group
  return typeof group === 'number' ? group : 1
}

/** Types as run of the values that the engine's profile shows; none without one. */
export function profiledTypes(profile: Profile | undefined): ReadonlyMap<string, TensorType> {
  return new Map(
    (profile?.nodes ?? []).flatMap(({ inputs, outputs, inputTypes, outputTypes }) => [
      ...inputs.flatMap((name, index) => (inputTypes[index] ? [[name, inputTypes[index]] as const] : [])),
      ...outputs.flatMap((name, index) => (outputTypes[index] ? [[name, outputTypes[index]] as const] : [])),
    ]),
  )
}
