// A TensorFlow.js model as its packages load it from memory: model.json, and the weights of its shards as one stream of bytes. The format's
// reader has looked at the same files before (formats/tfjs.ts); paths are held to the model's folder here again, since these are what is
// opened. https://www.tensorflow.org/js/guide/save_load
import fs from 'node:fs'
import path from 'node:path'

interface ModelDocument {
  readonly format?: string
  readonly modelTopology: Readonly<Record<string, unknown>>
  readonly weightsManifest?: readonly { readonly paths: readonly string[]; readonly weights: readonly unknown[] }[]
}

export interface ModelFiles {
  readonly kind: 'graph' | 'layers'
  /** What `tf.io.fromMemory` takes. */
  readonly artifacts: Readonly<Record<string, unknown>>
}

/** Throws an Error that names what is absent. */
export function readModelFiles(file: string): ModelFiles {
  const document = JSON.parse(fs.readFileSync(file, 'utf8')) as ModelDocument
  const folder = fs.realpathSync(path.dirname(file))
  const { weightsManifest = [], ...rest } = document
  const shards = weightsManifest.flatMap(({ paths }) => paths).map((shard) => fs.readFileSync(within(folder, shard)))
  const bytes = Buffer.concat(shards)
  return {
    kind: kindOf(document),
    artifacts: {
      ...rest,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    },
  }
}

/** Files from before `format` was written: a GraphDef has nodes. */
const kindOf = ({ format, modelTopology }: ModelDocument): ModelFiles['kind'] =>
  format === 'graph-model' || (format === undefined && Array.isArray(modelTopology.node)) ? 'graph' : 'layers'

function within(folder: string, shard: string): string {
  const file = fs.realpathSync(path.resolve(folder, shard))
  if (!file.startsWith(folder + path.sep)) throw new Error(`the weights ${shard} lie outside the model's folder`)
  return file
}
