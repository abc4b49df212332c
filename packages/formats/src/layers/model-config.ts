// The graph of a model's configuration: its layers, what each is called with, its inputs and outputs. Sequential models are read as a
// chain. keras/src/models/{functional,sequential}.py; tf_keras/engine/functional.py; Keras 1: keras/engine/topology.py
import type { LayerHead } from './layer.ts'
import { isRecord, type Json, type JsonRecord, type LayerConfig } from './layer-config.ts'
import { headOf } from './serialized.ts'

/** An output of a call of a layer. */
export class TensorRef {
  readonly layer: string
  /** Which call of the layer. */
  node: number
  readonly tensor: number

  constructor(layer: string, node: number, tensor: number) {
    this.layer = layer
    this.node = node
    this.tensor = tensor
  }
}

/** Plain values, with references in the place of tensors. */
export type Structure =
  | TensorRef
  | null
  | boolean
  | number
  | string
  | readonly Structure[]
  | { readonly [key: string]: Structure }

export interface CallSpec {
  readonly args: readonly Structure[]
  readonly kwargs: { readonly [key: string]: Structure }
}

export interface LayerSpec extends LayerHead {
  /** Name in its model: without the names of the models around. */
  readonly ownName: string
  readonly calls: readonly CallSpec[]
}

export interface ModelSpec {
  readonly layers: readonly LayerSpec[]
  readonly inputs: Structure
  readonly outputs: Structure
}

const MODELS: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model'])

/** Layers that are models themselves. */
export const isModel = ({ className }: Pick<LayerHead, 'className'>): boolean => MODELS.has(className)

/** Operators of keras.ops, which a functional model lists among its layers. */
export const isOperation = ({ module }: Pick<LayerHead, 'module'>): boolean =>
  module !== undefined && /\.(ops|activations)\./.test(module)

/**
 * The module of a layer of a functional model. Keras 3 writes no modules into HDF5 files: an operation is what has none of the settings
 * that each layer has. keras/src/ops/operation.py and keras/src/layers/layer.py: get_config
 */
function moduleOf({ className, module, config, value }: ListedLayer): string | undefined {
  const isLayer = className === 'InputLayer' || MODELS.has(className) || config.values.trainable !== undefined
  return module ?? (isLayer || !isOfKeras3(value) ? undefined : 'keras.src.ops.numpy')
}

/** Keras 3 alone writes the calls of a layer as records. */
const isOfKeras3 = ({ inbound_nodes: calls }: JsonRecord): boolean => Array.isArray(calls) && calls.some(isRecord)

const known = new WeakMap<LayerConfig, ModelSpec>()

/** The graph in the configuration of a model; `name` of it, '' of the outermost. Throws InputError if it does not hold together. */
export function modelSpecOf(config: LayerConfig, name: string): ModelSpec {
  const before = known.get(config)
  if (before !== undefined) return before
  const listed = config.raw('layers')
  if (!Array.isArray(listed)) throw config.refuse('lists no layers; save the whole model, not its weights alone')
  const around = name === '' ? '' : `${name}/`
  const heads = (listed as readonly Json[]).map((value, index) => {
    const head = headOf(value, { holder: config, around, fallback: `layer_${index}` })
    return { ...head, ownName: head.name.slice(around.length), value: value as JsonRecord }
  })
  const spec = config.raw('output_layers') === undefined ? chain(heads) : functional(config, heads)
  known.set(config, spec)
  return spec
}

interface ListedLayer extends LayerHead {
  readonly ownName: string
  readonly value: JsonRecord
}

/** Each layer called with what the one before gives. One that is told twice by a name stands twice. */
function chain(heads: readonly ListedLayer[]): ModelSpec {
  const starts = heads[0]?.className === 'InputLayer'
  const first = heads[0]
  const layers: LayerSpec[] = starts || first === undefined ? [] : [impliedInput(first)]
  for (const { value: _, ...head } of heads) {
    const before = layers.at(-1)
    layers.push({ ...head, calls: before === undefined ? [] : [{ args: [new TensorRef(before.ownName, 0, 0)], kwargs: {} }] })
  }
  const [input, output] = [layers[0], layers.at(-1)]
  const refTo = (layer: LayerSpec | undefined): Structure => (layer === undefined ? [] : new TensorRef(layer.ownName, 0, 0))
  return { layers, inputs: refTo(input), outputs: refTo(output) }
}

/** A Sequential without an InputLayer tells its input's shape with its first layer. Keras calls the input so. */
function impliedInput(first: ListedLayer): LayerSpec {
  const ownName = inputName(first)
  return {
    className: 'InputLayer',
    name: `${first.name.slice(0, first.name.length - first.ownName.length)}${ownName}`,
    ownName,
    config: first.config.inner('InputLayer', ownName, { of: first.ownName }),
    calls: [],
  }
}

/** A model that comes first gives its own input's name. */
function inputName(first: ListedLayer): string {
  const [input] = isModel(first) ? refsIn(modelSpecOf(first.config, first.name).inputs) : []
  return input?.layer ?? `${first.ownName}_input`
}

function functional(config: LayerConfig, heads: readonly ListedLayer[]): ModelSpec {
  const names = new Set(heads.map(({ ownName }) => ownName))
  if (names.size < heads.length) throw config.refuse('has two layers of one name; save the model again')
  const triples: TensorRef[] = []
  const reader = { names, triples }
  const layers = heads.map((listed): LayerSpec => {
    const { value, ...head } = listed
    const calls = Array.isArray(value.inbound_nodes) ? value.inbound_nodes : []
    return {
      ...head,
      module: moduleOf(listed),
      calls: (calls as readonly Json[]).map((node) => callOf(node, head.className, reader)),
    }
  })
  const [inputs, outputs] = [structureOf(config.raw('input_layers'), reader), structureOf(config.raw('output_layers'), reader)]
  const inRecords = heads.some(({ value }) => isOfKeras3(value))
  countFromZero(inRecords ? layers.filter(({ className }) => className !== 'Sequential') : layers, triples)
  return { layers, inputs, outputs }
}

/**
 * A model inside a model owns call 0, its own definition, which is not listed: its first listed call is 1 in lists [layer, node, tensor],
 * of which files of Keras 1 and 2 and of TensorFlow.js have no others, and 0 if it was made without inputs; every listed call is used
 * somewhere. Keras 3, whose calls are written as records, counts so in its lists of outputs alone and for functional models alone: its
 * tensors (keras_history) and all of a Sequential count from 0. keras/src/models/functional.py: get_config, get_tensor
 */
function countFromZero(layers: readonly LayerSpec[], triples: readonly TensorRef[]): void {
  for (const { ownName } of layers.filter(isModel)) {
    const own = triples.filter(({ layer }) => layer === ownName)
    if (own.length > 0 && own.every(({ node }) => node > 0)) for (const ref of own) ref.node -= 1
  }
}

interface RefReader {
  /** Names of the model's layers: only these can be meant. */
  readonly names: ReadonlySet<string>
  /** References read so far as lists [layer, node, tensor]; those in Keras 3's tensors are not among them. */
  readonly triples: TensorRef[]
}

/** Layers of Keras 2 whose calls are written as they were made: a list of one is a list. */
const AS_CALLED: ReadonlySet<string> = new Set([
  'TFOpLambda',
  'SlicingOpLambda',
  'ClassMethod',
  'InstanceMethod',
  'InstanceProperty',
])

function callOf(node: Json, className: string, reader: RefReader): CallSpec {
  if (isRecord(node) && Array.isArray(node.args)) {
    const kwargs = isRecord(node.kwargs) ? node.kwargs : {}
    return { args: (node.args as readonly Json[]).map((value) => structureOf(value, reader)), kwargs: recordOf(kwargs, reader) }
  }
  const kwargs = Object.assign({}, ...kwargsIn(node).map((one) => recordOf(one, reader)))
  const given = structureOf(node, reader)
  const alone = Array.isArray(given) && given.length === 1 && !AS_CALLED.has(className)
  return { args: alone ? (given as readonly Structure[]) : [given], kwargs }
}

/** Keras 2 writes the arguments with names behind each tensor. */
function kwargsIn(node: Json): JsonRecord[] {
  if (isRecord(node)) return Object.values(node).flatMap(kwargsIn)
  if (!Array.isArray(node)) return []
  const list = node as readonly Json[]
  if (isTriple(list)) return isRecord(list[3]) ? [list[3]] : []
  return list.flatMap(kwargsIn)
}

const isTriple = (value: readonly Json[]): boolean =>
  typeof value[0] === 'string' && typeof value[1] === 'number' && (value.length === 3 || value.length === 4)

function structureOf(value: Json | undefined, reader: RefReader): Structure {
  if (Array.isArray(value)) {
    const list = value as readonly Json[]
    const [layer, node, tensor] = list
    if (layer === '_CONSTANT_VALUE' && isTriple(list)) return structureOf(tensor, reader)
    if (isTriple(list) && reader.names.has(layer as string) && typeof tensor === 'number') {
      const ref = new TensorRef(layer as string, node as number, tensor)
      reader.triples.push(ref)
      return ref
    }
    return list.map((item) => structureOf(item, reader))
  }
  if (!isRecord(value)) return value ?? null
  const history = value.class_name === '__keras_tensor__' && isRecord(value.config) ? value.config.keras_history : undefined
  if (Array.isArray(history)) {
    const [layer, node, tensor] = history as readonly Json[]
    return new TensorRef(String(layer), Number(node), Number(tensor))
  }
  return recordOf(value, reader)
}

function recordOf(record: JsonRecord, reader: RefReader): { readonly [key: string]: Structure } {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, structureOf(value, reader)]))
}

/** References in a structure, in order; records by the order of their keys, as Keras flattens them. */
export function refsIn(structure: Structure): TensorRef[] {
  if (structure instanceof TensorRef) return [structure]
  if (Array.isArray(structure)) return (structure as readonly Structure[]).flatMap(refsIn)
  if (typeof structure !== 'object' || structure === null) return []
  const record = structure as { readonly [key: string]: Structure }
  return Object.keys(record)
    .sort()
    .flatMap((key) => refsIn(record[key]!))
}
