// A model written as a TensorFlow.js graph model, which tf.loadGraphModel takes: model.json and its shards of weights. It starts from the
// channels-last graph that the writer of .tflite files makes, since TensorFlow.js runs NHWC as well.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
import type { LiteGraph } from '../../tflite/write/index.ts'
import { bytesOf } from './graph-writer.ts'
import { writeGraph } from './write-graph.ts'

export { TFJS } from './target.ts'

export interface TfjsFile {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface TfjsModel {
  /** model.json first, its shards behind it. */
  readonly files: readonly TfjsFile[]
  /** The operators of the graph and its functions, one for each node. */
  readonly operators: readonly string[]
}

/** As TensorFlow's converter cuts them, so that browsers keep them. */
const SHARD_BYTES = 4 * 1024 * 1024

/** Nodes that name what is there. */
const NO_WORK: ReadonlySet<string> = new Set(['Const', 'Identity', 'Placeholder'])

/** Version of the GraphDef's format: TensorFlow 2.20's. */
const PRODUCER = 2288

/** `name`: what model.json is called; `file` names the model in messages. */
export function encodeTfjs(graph: LiteGraph, file: string, name = 'model.json'): TfjsModel {
  const { nodes, functions, weights, signature } = writeGraph(graph, file)
  const stream = Buffer.concat(weights.map(bytesOf))
  const count = Math.max(1, Math.ceil(stream.byteLength / SHARD_BYTES))
  const shards = Array.from({ length: count }, (_, k) => ({
    name: `${name === 'model.json' ? '' : `${name.replace(/\.json$/i, '')}-`}group1-shard${k + 1}of${count}.bin`,
    bytes: stream.subarray(k * SHARD_BYTES, (k + 1) * SHARD_BYTES),
  }))
  const document = {
    format: 'graph-model',
    generatedBy: 'whyslow',
    convertedBy: 'whyslow',
    signature,
    modelTopology: { node: nodes, library: { function: functions }, versions: { producer: PRODUCER } },
    weightsManifest: [
      {
        paths: shards.map((shard) => shard.name),
        weights: weights.map(({ name: weight, shape, dtype }) => ({ name: weight, shape, dtype })),
      },
    ],
  }
  const all = [nodes, ...functions.map(({ nodeDef }) => nodeDef)].flat()
  return {
    files: [{ name, bytes: Buffer.from(JSON.stringify(document)) }, ...shards],
    operators: all.map(({ op }) => op).filter((op) => !NO_WORK.has(op)),
  }
}
