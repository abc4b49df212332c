// model.json of TensorFlow.js: a topology (Keras layers, or a TensorFlow graph) and a manifest of the weights next to it.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts (ModelJSON), io_utils.ts
import { InputError } from '@whyslow/graph/input-error.ts'
import { readWhole } from '../file.ts'
import { isRecord, type Json, type JsonRecord } from '../layers/layer-config.ts'

/** A tensor's name and type as a signature tells them: the user's name, and the node of the graph. */
export interface SignatureTensor {
  readonly key: string
  /** 'node' or 'node:0'. */
  readonly tensor: string
  /** Dimensions of a TensorShapeProto; undefined if none is given. */
  readonly shape: readonly (number | null)[] | undefined
}

export interface Signature {
  readonly inputs: readonly SignatureTensor[]
  readonly outputs: readonly SignatureTensor[]
}

export interface ModelJson {
  readonly file: string
  readonly bytes: Uint8Array
  readonly kind: 'layers' | 'graph'
  readonly topology: JsonRecord
  readonly signature: Signature | undefined
  readonly manifest: readonly Json[]
}

/** The text must fit into one string of the JavaScript engine. */
const LIMIT_BYTES = 2 ** 29 - 1

/** Deeper than any model nests its layers (each nested model takes about six levels). */
const MOST_LEVELS = 400

/** Throws InputError if the file is not valid JSON, is nested without end, or has no known topology. */
export function readModelJson(file: string): ModelJson {
  const bytes = readWhole(file, LIMIT_BYTES, 'weights belong in files next to it')
  const root = parse(bytes, file)
  const topology = root.modelTopology
  if (!isRecord(topology)) {
    throw new InputError(
      `${file} holds no modelTopology: weights alone are not a model; give the model.json that was saved with them`,
    )
  }
  const kind = kindOf(root, topology)
  if (kind === undefined) {
    throw new InputError(`${file} holds neither layers nor a graph in its modelTopology; save or convert the model again`)
  }
  const { weightsManifest = [] } = root
  if (!Array.isArray(weightsManifest))
    throw new InputError(`${file} has a weightsManifest that is not a list; save the model again`)
  return { file, bytes, kind, topology, signature: signatureOf(root), manifest: weightsManifest }
}

/** A record's own entry; undefined for what only prototypes have. */
export function entry(record: JsonRecord, key: string): Json | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function parse(bytes: Uint8Array, file: string): JsonRecord {
  let root: Json
  try {
    root = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json
  } catch {
    throw new InputError(`${file} is truncated or damaged: its JSON is incomplete; download or save it again`)
  }
  if (!isRecord(root)) throw new InputError(`${file} is not a model.json: it has no object; give the model.json`)
  checkNesting(root, file)
  return root
}

/** Level by level, so that depth costs no stack. */
function checkNesting(root: Json, file: string): void {
  let level: Json[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) throw new InputError(`${file} is nested more than ${MOST_LEVELS} levels deep; it is not a model`)
    const next: Json[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      if (Object.hasOwn(value, '__proto__'))
        throw new InputError(`${file} has a key '__proto__', which no model has; it is damaged`)
      for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) next.push(inner)
    }
    level = next
  }
}

/** Old files do not say their format: the topology does. */
function kindOf(root: JsonRecord, topology: JsonRecord): ModelJson['kind'] | undefined {
  if (root.format === 'graph-model') return 'graph'
  if (root.format === 'layers-model') return 'layers'
  if (Array.isArray(entry(topology, 'node'))) return 'graph'
  const isLayers = ['model_config', 'class_name', 'keras_version'].some((key) => Object.hasOwn(topology, key))
  return isLayers ? 'layers' : undefined
}

/** Converters before 1.7 kept it among the user's metadata. */
function signatureOf(root: JsonRecord): Signature | undefined {
  const metadata = isRecord(root.userDefinedMetadata) ? root.userDefinedMetadata : {}
  const given = [root.signature, entry(metadata, 'signature')].find(isRecord)
  if (given === undefined) return undefined
  const [inputs, outputs] = [tensorsOf(entry(given, 'inputs')), tensorsOf(entry(given, 'outputs'))]
  return outputs.length === 0 ? undefined : { inputs, outputs }
}

function tensorsOf(given: Json | undefined): SignatureTensor[] {
  if (!isRecord(given)) return []
  return Object.entries(given).flatMap(([key, info]) => {
    const tensor = isRecord(info) ? (entry(info, 'name') ?? key) : key
    if (typeof tensor !== 'string') return []
    return [{ key, tensor, shape: isRecord(info) ? shapeOf(entry(info, 'tensorShape')) : undefined }]
  })
}

/** Sizes of a TensorShapeProto in JSON: 64-bit numbers as text, -1 if a size is free. Undefined: the rank is not known. */
export function shapeOf(shape: Json | undefined): (number | null)[] | undefined {
  if (!isRecord(shape) || entry(shape, 'unknownRank') === true) return undefined
  const dim = entry(shape, 'dim') ?? []
  if (!Array.isArray(dim)) return undefined
  return dim.map((one: Json) => {
    const size = Number(isRecord(one) ? (entry(one, 'size') ?? 0) : -1)
    return Number.isSafeInteger(size) && size >= 0 ? size : null
  })
}
