// Many variants of one model in one folder, for trials: the weights that they have in common lie in one file, and each variant holds only
// what is its own. Weights of `Constant` nodes become initializers, which can lie outside; that changes nothing of what is computed.
import fs from 'node:fs'
import path from 'node:path'
import { create } from '@bufbuild/protobuf'
import { type NodeProto, StringStringEntryProtoSchema, type TensorProto, TensorProto_DataLocation } from 'onnx-buf'
import { isConstantNode } from '../graph/constants.ts'
import { copyWith } from '../graph/copy.ts'
import { withGraph } from '../graph/edit.ts'
import type { Model } from '../graph/model.ts'
import { encodeModel } from './encode-model.ts'
import { writeModelFolder } from './model-folder.ts'

const WEIGHTS_FILE = 'shared.weights'
/** Smaller tensors stay in the model: shapes and scales, which engines want there. */
const LEAST_BYTES = 1024
const ALIGN_BYTES = 64

/** A writer of variants of `base` into the existing, empty `folder`; gives the path of the variant's file. */
export function variantWriter(base: Model, folder: string): (variant: Model, name: string) => Promise<string> {
  // Weights that lie outside already are copied for each.
  if (base.weights.size > 0) return async (variant, name) => (await writeModelFolder(variant, path.join(folder, name))).file
  const graph = base.proto.graph!
  const descriptor = fs.openSync(path.join(folder, WEIGHTS_FILE), 'wx')
  let at = 0
  const outside = (tensor: TensorProto, name: string): TensorProto => {
    const offset = Math.ceil(at / ALIGN_BYTES) * ALIGN_BYTES
    fs.writeSync(descriptor, tensor.rawData, 0, tensor.rawData.byteLength, offset)
    at = offset + tensor.rawData.byteLength
    const place = { location: WEIGHTS_FILE, offset: String(offset), length: String(tensor.rawData.byteLength) }
    const externalData = Object.entries(place).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }))
    return copyWith(tensor, { name, rawData: undefined, dataLocation: TensorProto_DataLocation.EXTERNAL, externalData })
  }
  const tensors = new Map<TensorProto, TensorProto>()
  const constants = new Map<NodeProto, TensorProto>()
  for (const tensor of graph.initializer)
    if (tensor.rawData.byteLength >= LEAST_BYTES) tensors.set(tensor, outside(tensor, tensor.name))
  for (const node of graph.node) {
    const tensor = isConstantNode(node) ? node.attribute.find(({ name }) => name === 'value')?.t : undefined
    if (tensor !== undefined && tensor.rawData.byteLength >= LEAST_BYTES) constants.set(node, outside(tensor, node.output[0]!))
  }
  fs.closeSync(descriptor)
  return async (variant, name) => {
    const own = variant.proto.graph!
    const initializer = own.initializer.map((tensor) => tensors.get(tensor) ?? tensor)
    for (const node of own.node) if (constants.has(node)) initializer.push(constants.get(node)!)
    const node = own.node.filter((one) => !constants.has(one))
    const file = path.join(folder, `${name}.onnx`)
    const chunks = encodeModel(withGraph(variant, copyWith(own, { node, initializer })).proto)
    fs.writeFileSync(file, Buffer.concat(chunks))
    return file
  }
}
