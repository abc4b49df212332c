// Nodes that stay in float among values that are marked with ranges (quantize/write/marked.ts of packages/model): a writer of integers would
// compute them in int8, since what goes in and out has its range by its neighbours. An entry of their metadata says so; engines skip it.
import { create } from '@bufbuild/protobuf'
import { type NodeProto, StringStringEntryProtoSchema } from 'onnx-buf'
import { copyWith } from './copy.ts'

const [KEY, VALUE] = ['whyslow.precision', 'float32']

/** The node as one that stays in float. `name`: its own alone, by which what is written of it is known. */
export function asFloatNode(node: NodeProto, name: string): NodeProto {
  const entry = create(StringStringEntryProtoSchema, { key: KEY, value: VALUE })
  return copyWith(node, { name, metadataProps: [...node.metadataProps, entry] })
}

export const isFloatNode = ({ metadataProps }: NodeProto): boolean =>
  metadataProps.some(({ key, value }) => key === KEY && value === VALUE)
