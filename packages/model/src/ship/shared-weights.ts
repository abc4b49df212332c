// Many variants of one model in one folder, for trials: the weights that they have in common are in one file, and each variant holds only
// what is its own. Weights of `Constant` nodes become initializers, which can be outside; that changes nothing of what is computed.
import fs from 'node:fs'
import path from 'node:path'
import { encodeModel } from '@whyslow/command/model-files/encode-model.ts'
import { writeModelFolder } from '@whyslow/command/model-files/model-folder.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { inlineWeights, withExternalWeights } from '@whyslow/graph/externalize-weights.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { externalReference } from '@whyslow/graph/tensor-data.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'

const WEIGHTS_FILE = 'shared.weights'
const ALIGN_BYTES = 64

/** A writer of variants of `base` into the existing, empty `folder`; gives the path of the variant's file. */
export function variantWriter(base: Model, folder: string): (variant: Model, name: string) => Promise<string> {
  // Weights that are outside already are copied for each.
  if (base.weights.size > 0) return async (variant, name) => (await writeModelFolder(variant, path.join(folder, name))).file
  const descriptor = fs.openSync(path.join(folder, WEIGHTS_FILE), 'wx')
  const outside = new Map<TensorProto | NodeProto, TensorProto>()
  let end = 0
  for (const { name, tensor, bytes, holder } of inlineWeights(base)) {
    const offset = Math.ceil(end / ALIGN_BYTES) * ALIGN_BYTES
    const length = bytes.byteLength
    fs.writeSync(descriptor, bytes, 0, length, offset)
    outside.set(holder, externalReference(copyWith(tensor, { name }), { location: WEIGHTS_FILE, offset, length }))
    end = offset + length
  }
  fs.closeSync(descriptor)
  return async (variant, name) => {
    const file = path.join(folder, `${name}.onnx`)
    fs.writeFileSync(file, Buffer.concat(encodeModel(withExternalWeights(variant, outside).proto)))
    return file
  }
}
