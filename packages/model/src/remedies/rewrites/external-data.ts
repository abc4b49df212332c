// Weights in a file of their own next to the model. The engine maps such a file into memory, where weights inside the model are parsed
// and copied at every load; several processes then share its pages: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md

import { copyWith } from '@whyslow/graph/copy.ts'
import { type InlineWeight, inlineWeights, withExternalWeights } from '@whyslow/graph/externalize-weights.ts'
import type { Model, WeightSource } from '@whyslow/graph/model.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { externalReference } from '@whyslow/graph/tensor-data.ts'
import { bytes } from '@whyslow/measure/statistics/numbers.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'

/** Less than this is parsed within a fraction of a millisecond. */
const LEAST_TOTAL_BYTES = 2 ** 20

export const externalData = defineRemedy({
  id: 'external-data',
  title: 'External weights, which the engine maps into memory',
  treats: ['cold-start', 'paging'],
  effect: 'exact',
  kind: 'rewrite',
  goals: ['load-time', 'memory'],
  apply(setup) {
    const { model } = setup
    const moved = inlineWeights(model)
    const total = moved.reduce((sum, weight) => sum + weight.bytes.byteLength, 0)
    if (total < LEAST_TOTAL_BYTES) return []
    return rewriteProposal(setup, {
      model: moveOut(model, moved),
      changes: [`${count(moved.length, 'weight')}, ${bytes(total)}, moved to a file next to the model`],
      predictedSavingMs: null,
    })
  },
})

function moveOut(model: Model, moved: readonly InlineWeight[]): Model {
  const location = freeLocation(model)
  const outside = new Map<TensorProto | NodeProto, TensorProto>()
  let offset = 0
  for (const { name, tensor, bytes, holder } of moved) {
    const range = { location, offset, length: bytes.byteLength }
    outside.set(holder, externalReference(copyWith(tensor, { name }), range))
    offset += range.length
  }
  const source = inMemory(moved.map(({ bytes }) => bytes))
  return { ...withExternalWeights(model, outside), weights: new Map([...model.weights, [location, source]]) }
}

/** Weights get a name after the model's when it is written. */
function freeLocation({ weights }: Model): string {
  for (let k = 1; ; k++) if (!weights.has(`weights-${k}`)) return `weights-${k}`
}

/** The pieces one after the other, copied only as they are read. */
function inMemory(pieces: readonly Uint8Array[]): WeightSource {
  const starts = pieces.map(() => 0)
  for (let k = 1; k < pieces.length; k++) starts[k] = starts[k - 1]! + pieces[k - 1]!.byteLength
  const sizeBytes = starts.at(-1)! + pieces.at(-1)!.byteLength
  return {
    sizeBytes,
    read(offset, length) {
      if (offset + length > sizeBytes) throw new RangeError(`weights end at ${sizeBytes}, before ${offset + length}`)
      const bytes = new Uint8Array(length)
      let piece = starts.findLastIndex((start) => start <= offset)
      for (let done = 0; done < length; piece++) {
        const from = offset + done - starts[piece]!
        const part = pieces[piece]!.subarray(from, from + length - done)
        bytes.set(part, done)
        done += part.byteLength
      }
      return bytes
    },
  }
}
