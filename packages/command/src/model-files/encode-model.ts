// A ModelProto as the bytes of an .onnx file, chunk by chunk: the main graph's initializers are passed on as they are in memory,
// where encoding the message at once would copy them at every level. A protobuf message is its fields in any order, each a tag
// (number * 8 + 2 for length-delimited ones), a length and the bytes: https://protobuf.dev/programming-guides/encoding/
// They stand in the order of their numbers all the same: OpenVINO takes a file for no ONNX model that has one field twice among its first
// three, as two opset imports before the graph are.
import { toBinary } from '@bufbuild/protobuf'
import { copyWith } from '@whyslow/graph/copy.ts'
import { GraphProtoSchema, type ModelProto, ModelProtoSchema, type TensorProto, TensorProtoSchema } from 'onnx-buf'

const GRAPH_OF_MODEL = 7
const INITIALIZER_OF_GRAPH = 5
const RAW_DATA_OF_TENSOR = 9

/** The chunks that make the file, in order. They are views into the model if they can be. */
export function encodeModel(model: ModelProto): Uint8Array[] {
  if (model.graph === undefined) return [toBinary(ModelProtoSchema, model)]
  const graph: Uint8Array[] = [toBinary(GraphProtoSchema, copyWith(model.graph, { initializer: [] }))]
  for (const tensor of model.graph.initializer) graph.push(...field(INITIALIZER_OF_GRAPH, encodeTensor(tensor)))
  const before = copyWith(
    without(model, (number) => number >= GRAPH_OF_MODEL),
    { $unknown: undefined },
  )
  const behind = without(model, (number) => number <= GRAPH_OF_MODEL)
  return [toBinary(ModelProtoSchema, before), ...field(GRAPH_OF_MODEL, graph), toBinary(ModelProtoSchema, behind)]
}

/** Removes the fields of these numbers; fields that protobuf does not know stay. */
function without(model: ModelProto, isLeftOut: (number: number) => boolean): ModelProto {
  const left = ModelProtoSchema.fields.filter(({ number }) => isLeftOut(number))
  const empty = left.map(({ localName, fieldKind }) => [localName, fieldKind === 'list' ? [] : undefined])
  return copyWith(model, Object.fromEntries(empty))
}

/** Bytes that the chunks have together. */
export function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

function encodeTensor(tensor: TensorProto): Uint8Array[] {
  if (tensor.rawData.byteLength === 0) return [toBinary(TensorProtoSchema, tensor)]
  const rest = toBinary(TensorProtoSchema, copyWith(tensor, { rawData: undefined }))
  return [rest, ...field(RAW_DATA_OF_TENSOR, [tensor.rawData])]
}

function field(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  return [Uint8Array.from([number * 8 + 2, ...varint(sizeOf(content))]), ...content]
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return [...bytes, rest]
}
