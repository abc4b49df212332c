// Weights in a file of their own beside the model. The engine maps such a file into memory, where weights inside the model are parsed
// and copied at every load; several processes then share its pages: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
import { create } from '@bufbuild/protobuf'
import {
  type NodeProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from 'onnx-buf'
import { isConstantNode } from '../../graph/constants.ts'
import { copyWith } from '../../graph/copy.ts'
import { bitsPerElement, dtypeOf } from '../../graph/dtype.ts'
import { withGraph } from '../../graph/edit.ts'
import type { Model, WeightSource } from '../../graph/model.ts'
import { type ExternalRange, inlineBytes, isExternal } from '../../graph/tensor-data.ts'
import { inputNames } from '../../graph/walk.ts'
import { count } from '../node-names.ts'
import { defineRemedy } from '../remedy.ts'

/** Smaller tensors stay in the model: shapes and scales, which engines want there. */
const LEAST_BYTES = 1024
/** Less than this is parsed within a fraction of a millisecond. */
const LEAST_TOTAL_BYTES = 2 ** 20
const BYTE_BITS = 8
/** Before, an initializer had to be a graph input as well, which a caller may replace. */
const INITIALIZERS_ALONE_FROM_IR = 4n

export const externalData = defineRemedy({
  id: 'external-data',
  title: 'Weights lie beside the model, where the engine maps them',
  treats: ['cold-start', 'paging'],
  effect: 'exact',
  kind: 'rewrite',
  goals: ['load-time', 'memory'],
  apply(setup) {
    const { model } = setup
    const moved = movable(model)
    const total = moved.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
    if (total < LEAST_TOTAL_BYTES) return []
    return [
      {
        variant: '',
        setup: { ...setup, model: moveOut(model, moved) },
        changes: [`${count(moved.length, 'weight')}, ${(total / 1e6).toFixed(1)} MB, put into a file beside the model`],
        predictedSavingMs: null,
      },
    ]
  },
})

/** What is moved: its numbers, and the initializer or `Constant` node that held them. */
interface Weight {
  readonly name: string
  readonly tensor: TensorProto
  readonly bytes: Uint8Array
  readonly holder: TensorProto | NodeProto
}

function movable({ proto }: Model): Weight[] {
  const { graph } = proto
  if (graph === undefined) return []
  const overridable = new Set(inputNames(graph))
  const weights = graph.initializer.flatMap((tensor) =>
    overridable.has(tensor.name) ? [] : weightOf(tensor, tensor.name, tensor),
  )
  if (proto.irVersion < INITIALIZERS_ALONE_FROM_IR) return weights
  const constants = graph.node.filter(isConstantNode).flatMap((node) => {
    return weightOf(node.attribute.find(({ name }) => name === 'value')?.t, node.output[0]!, node)
  })
  return [...weights, ...constants]
}

/** None where there are few bytes, or they lie elsewhere already, or several numbers share one. */
function weightOf(tensor: TensorProto | undefined, name: string, holder: TensorProto | NodeProto): Weight[] {
  const dtype = tensor === undefined || isExternal(tensor) ? undefined : dtypeOf(tensor.dataType)
  if (dtype === undefined || (bitsPerElement(dtype) ?? 0) < BYTE_BITS) return []
  const bytes = inlineBytes(tensor!, name)
  return bytes.byteLength < LEAST_BYTES ? [] : [{ name, tensor: tensor!, bytes, holder }]
}

function moveOut(model: Model, moved: readonly Weight[]): Model {
  const location = freeLocation(model)
  const outside = new Map<TensorProto | NodeProto, TensorProto>()
  let offset = 0
  for (const { name, tensor, bytes, holder } of moved) {
    outside.set(holder, reference(tensor, name, { location, offset, length: bytes.byteLength }))
    offset += bytes.byteLength
  }
  const graph = model.proto.graph!
  const initializer = graph.initializer.map((tensor) => outside.get(tensor) ?? tensor)
  for (const node of graph.node) if (outside.has(node)) initializer.push(outside.get(node)!)
  const node = graph.node.filter((one) => !outside.has(one))
  const source = inMemory(moved.map(({ bytes }) => bytes))
  const changed = withGraph(model, copyWith(graph, { node, initializer }))
  return { ...changed, weights: new Map([...model.weights, [location, source]]) }
}

function reference({ dataType, dims }: TensorProto, name: string, place: ExternalRange): TensorProto {
  const externalData = Object.entries(place).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value: String(value) }),
  )
  return create(TensorProtoSchema, { name, dataType, dims, dataLocation: TensorProto_DataLocation.EXTERNAL, externalData })
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
