// Weights that are equal byte for byte are kept once: tied embeddings, and layers that share their weights, are often written out
// twice by exporters. Subgraphs may read the weights of the graphs around them:
// https://github.com/onnx/onnx/blob/main/docs/IR.md#names-within-a-graph

import { type Constant, constantsIn, readBytes } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, mapSubgraphs, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { outputNames } from '@whyslow/graph/walk.ts'
import type { GraphProto } from 'onnx-buf'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'

/** Smaller ones (shapes, axes, scales) are not worth a change. */
const MIN_BYTES = 256

export const duplicateWeights = defineRemedy({
  id: 'duplicate-weights',
  title: 'Equal weights are kept once',
  treats: ['cold-start', 'paging'],
  effect: 'exact',
  kind: 'rewrite',
  goals: ['load-time', 'memory', 'size'],
  apply(setup) {
    const { model } = setup
    if (model.proto.graph === undefined) return []
    const duplicates: Constant[] = []
    const graph = share(model, model.proto.graph, new Map(), duplicates)
    if (duplicates.length === 0) return []
    const bytes = duplicates.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    return rewriteProposal(setup, {
      model: withGraph(model, graph),
      changes: [`${count(duplicates.length, 'weight')} equal to others kept once: ${bytes} bytes less`],
      predictedSavingMs: null,
    })
  },
})

/** Constants that may be read, by type and hash. */
type ConstantsByHash = ReadonlyMap<string, readonly Constant[]>

function share(model: Model, graph: GraphProto, outer: ConstantsByHash, duplicates: Constant[]): GraphProto {
  const known = new Map(outer)
  const read = new Map<string, string>()
  const outputs = new Set(outputNames(graph))
  for (const constant of constantsIn(graph)) {
    if (constant.isGraphInput || constant.dtype === 'string' || constant.sizeBytes < MIN_BYTES) continue
    const key = keyOf(model, constant)
    const equals = known.get(key) ?? []
    const equal = equals.find((other) => isSame(readBytes(model, other), readBytes(model, constant)))
    if (equal === undefined) known.set(key, [...equals, constant])
    else if (!outputs.has(constant.name)) {
      read.set(constant.name, equal.name)
      duplicates.push(constant)
    }
  }
  const before = duplicates.length
  const node = graph.node.map((one) => mapSubgraphs(one, (inner) => share(model, inner, known, duplicates)))
  if (read.size === 0 && duplicates.length === before) return graph
  return editGraph(copyWith(graph, { node }), { read })
}

/** Type, shape, and a hash (FNV-1a) of the bytes. Equal keys are compared byte for byte. */
function keyOf(model: Model, constant: Constant): string {
  let hash = 0x811c9dc5
  for (const byte of readBytes(model, constant)) hash = Math.imul(hash ^ byte, 0x01000193)
  return `${constant.dtype} ${constant.shape.join('x')} ${hash >>> 0}`
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
