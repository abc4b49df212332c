// A model as a layer: its layers called one after the other as its configuration says, once for each call of it. The outermost model
// is the graph. Masks go with their tensors.

import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { uniqueName } from '@whyslow/graph/builder/unique-name.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { NUMBER_TYPES } from './arguments.ts'
import {
  type Argument,
  type BoundLayer,
  type CallInputs,
  type ChildSlot,
  type LayerCall,
  type LayerKind,
  writeLayer,
} from './layer.ts'
import { isRecord, type LayerConfig } from './layer-config.ts'
import { isOperation, type LayerSpec, type ModelSpec, modelSpecOf, refsIn, type Structure, TensorRef } from './model-config.ts'

export const inputLayer: LayerKind = { classNames: ['InputLayer'], write: ({ inputs }) => ({ outputs: inputs, mask: 'kept' }) }

export const model: LayerKind = {
  classNames: ['Sequential', 'Functional', 'Model'],
  children: (config, _, name) => childrenOf(modelSpecOf(config, name)),
  write(call) {
    const spec = modelSpecOf(call.config, call.name)
    const outputs = evaluate(call.builder, { spec, layers: layersOf(call, spec), inputs: inputsOf(call, spec) })
    return { outputs: outputs.map(({ value }) => value), masks: outputs.map(({ mask }) => mask) }
  },
}

interface Tensor {
  readonly value: Value
  /** Goes where a layer takes the masks of what it is called with. */
  mask: Value | undefined
}

/** Where a `.keras` file keeps the arrays of each layer: by class, counted among the layers of the model; operators have none. */
function childrenOf({ layers }: ModelSpec): ChildSlot[] {
  const counts = new Map<string, number>()
  return layers.map((layer): ChildSlot => {
    if (isOperation(layer) || isImplied(layer)) return { ...layer, attributes: [`operations/${layer.ownName}`] }
    const name = snakeCase(SAVED_AS.get(layer.className) ?? layer.className)
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    const numbered = count === 0 ? name : `${name}_${count}`
    return { ...layer, attributes: [`layers/${numbered}`, `_layer_checkpoint_dependencies/${numbered}`] }
  })
}

/** Classes that Python calls otherwise than the files that name them. */
const SAVED_AS: ReadonlyMap<string, string> = new Map([['GroupQueryAttention', 'GroupedQueryAttention']])

/** The InputLayer that a Sequential does not list. */
const isImplied = ({ config }: LayerSpec): boolean => config.raw('of') !== undefined

/** keras/src/utils/naming.py: to_snake_case. */
function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
}

function layersOf({ children }: BoundLayer, { layers }: ModelSpec): Map<string, BoundLayer> {
  const bound = [...children.values()]
  return new Map(layers.map(({ ownName }, index) => [ownName, bound[index]!]))
}

/** Tensors of a call by the input layers that they are for: by name where both sides have names, else in order. */
function inputsOf(call: LayerCall, spec: ModelSpec): Map<string, Tensor> {
  const wanted = refsIn(spec.inputs).map(({ layer }) => layer)
  const [first] = call.args
  const given = call.inputs.map((value, index): Tensor => ({ value, mask: call.masks[index] }))
  if (given.length !== wanted.length)
    throw call.config.refuse(`is called with ${given.length} tensors and has ${wanted.length} inputs`)
  const keys = isRecord(first) && !isValue(first) ? Object.keys(first).sort() : []
  const named = keys.length === wanted.length && wanted.every((name) => keys.includes(name))
  return new Map(wanted.map((name, index) => [name, given[named ? keys.indexOf(name) : index]!]))
}

const isValue = (value: object): boolean => 'dtype' in value && 'shape' in value && 'name' in value

interface Evaluation {
  readonly spec: ModelSpec
  readonly layers: ReadonlyMap<string, BoundLayer>
  /** Tensors keyed by input layer. */
  readonly inputs: ReadonlyMap<string, Tensor>
}

/** Tensors of the model's outputs, in the order of refsIn. */
function evaluate(builder: GraphBuilder, { spec, layers, inputs }: Evaluation): Tensor[] {
  const specs = new Map(spec.layers.map((layer) => [layer.ownName, layer]))
  const made = new Map<string, readonly Tensor[]>()
  for (const [name, tensor] of inputs) made.set(`${name} 0`, [tensor])
  const wanted = [...spec.layers.flatMap((layer) => layer.calls.map((_, node) => new TensorRef(layer.ownName, node, 0)))]
  for (const start of wanted) {
    // Deep models would overflow the stack of calls.
    const open = [start]
    const waiting = new Set<string>()
    for (let ref = open.at(-1); ref !== undefined; ref = open.at(-1)) {
      const key = `${ref.layer} ${ref.node}`
      const layer = layers.get(ref.layer)
      const call = specs.get(ref.layer)?.calls[ref.node]
      const missing = made.has(key) ? [] : refsIn([...(call?.args ?? []), call?.kwargs ?? {}]).filter(isMissing)
      if (made.has(key)) open.pop()
      else if (layer === undefined || call === undefined) throw unknownCall(start, ref, layers)
      else if (missing.length === 0) {
        made.set(key, writeCall(builder, layer, { call, made }))
        open.pop()
      } else {
        if (waiting.has(key)) throw layer.config.refuse('is called with what it makes itself; save the model again')
        waiting.add(key)
        for (const one of missing) open.push(one)
      }
    }
  }
  return refsIn(spec.outputs).map((ref) => tensorOf(ref, made) ?? missingOutput(ref, layers))

  function isMissing({ layer, node }: TensorRef): boolean {
    return !made.has(`${layer} ${node}`)
  }
}

function unknownCall(from: TensorRef, to: TensorRef, layers: ReadonlyMap<string, BoundLayer>) {
  return layers.get(from.layer)!.config.refuse(`takes call ${to.node} of layer '${to.layer}', which is not in the file`)
}

function missingOutput(ref: TensorRef, layers: ReadonlyMap<string, BoundLayer>): never {
  const [any] = layers.values()
  throw any!.config.refuse(`is in a model whose output ${ref.tensor} of '${ref.layer}' no layer produces; save it again`)
}

const tensorOf = ({ layer, node, tensor }: TensorRef, made: ReadonlyMap<string, readonly Tensor[]>): Tensor | undefined =>
  made.get(`${layer} ${node}`)?.[tensor]

function writeCall(
  builder: GraphBuilder,
  layer: BoundLayer,
  { call, made }: { readonly call: LayerSpec['calls'][number]; readonly made: ReadonlyMap<string, readonly Tensor[]> },
): Tensor[] {
  const find = (ref: TensorRef): Tensor => {
    const tensor = tensorOf(ref, made)
    if (tensor === undefined) throw layer.config.refuse(`takes output ${ref.tensor} of '${ref.layer}', which has fewer`)
    return tensor
  }
  const tensors = refsIn(call.args).map(find)
  const masked = call.kwargs.mask
  // Keras 3 writes the masks that a call was given; what goes with the tensors is the same, if it is known.
  const told = masked === undefined ? [] : refsIn(masked).map(find)
  const given: CallInputs = {
    inputs: tensors.map(({ value }) => value),
    masks: told.length === tensors.length ? told.map(({ value }) => value) : tensors.map(({ mask }) => mask),
    args: call.args.map((value) => argumentOf(value, find)),
    kwargs: Object.fromEntries(Object.entries(call.kwargs).map(([key, value]) => [key, argumentOf(value, find)])),
    kwargMasks: Object.fromEntries(
      Object.entries(call.kwargs).flatMap(([key, value]) => (value instanceof TensorRef ? [[key, find(value).mask]] : [])),
    ),
  }
  const { outputs, mask, masks, takesMasks } = inRange(layer, () => writeLayer(builder, layer, given))
  if (takesMasks === true) for (const ref of refsIn([...call.args, call.kwargs])) find(ref).mask = undefined
  const kept = mask === 'kept' ? given.masks[0] : mask
  return outputs.map((value, index) => ({ value, mask: masks === undefined ? (index === 0 ? kept : undefined) : masks[index] }))
}

/** Sizes that are fractions, below zero or beyond an array are a damaged file's: JavaScript throws RangeError for each. */
function inRange<T>({ config }: BoundLayer, write: () => T): T {
  try {
    return write()
  } catch (error) {
    if (error instanceof RangeError)
      throw config.refuse(`has a number that it cannot have (${error.message}); save the model again`)
    throw error
  }
}

function argumentOf(structure: Structure, find: (ref: TensorRef) => Tensor): Argument {
  if (structure instanceof TensorRef) return find(structure).value
  if (Array.isArray(structure)) return (structure as readonly Structure[]).map((item) => argumentOf(item, find))
  if (typeof structure !== 'object' || structure === null) return structure
  return Object.fromEntries(
    Object.entries(structure as { readonly [key: string]: Structure }).map(([key, value]) => [key, argumentOf(value, find)]),
  )
}

/** Writes the outermost model: graph inputs by their layers' names, outputs by the names of the layers that make them, or their keys. */
export function writeModel(builder: GraphBuilder, root: BoundLayer): void {
  const spec = modelSpecOf(root.config, root.name)
  const names = outputNames(spec)
  builder.reserve(names)
  const layers = layersOf(root, spec)
  const inputs = new Map<string, Tensor>()
  for (const { layer: name } of refsIn(spec.inputs)) {
    const own = spec.layers.find(({ ownName }) => ownName === name)
    if (own === undefined) throw root.config.refuse(`names an input '${name}' that is not among its layers; save it again`)
    if (inputs.has(name)) continue
    inputs.set(name, { value: builder.within(name, () => graphInput(builder, own, spec)), mask: undefined })
  }
  const outputs = evaluate(builder, { spec, layers, inputs })
  for (const [index, { value }] of outputs.entries()) builder.output(names[index]!, value)
}

function graphInput(builder: GraphBuilder, input: LayerSpec, spec: ModelSpec): Value {
  const { shape, dtype } = inputType(input, spec)
  const free = shape.map(
    (size, axis): Dimension => (typeof size === 'number' ? size : axis === 0 ? 'batch' : `${input.ownName}_${axis}`),
  )
  const value = builder.input(input.ownName, dtype, free)
  // Layers compute in float32 whatever the policy of training was.
  const computed = dtype === 'float16' || dtype === 'float64' || dtype === 'bfloat16'
  return computed ? builder.op('Cast', [value], { dtype: 'float32', shape: free }, { to: 1 }) : value
}

/** The shape with its batch, and the element type, of an input layer; a Sequential may tell them with its first layer. */
function inputType(input: LayerSpec, { layers }: ModelSpec): { shape: readonly unknown[]; dtype: DType } {
  const config = isImplied(input) ? layers[1]!.config : input.config
  const shape = shapeIn(config)
  if (shape === undefined)
    throw config.refuse('says no shape of its input; call the model once, or give it an Input, and save it again')
  const text = config.raw('dtype') ?? config.raw('input_dtype')
  const dtype = isImplied(input) && layers[1]!.className === 'Embedding' ? 'float32' : text
  return { shape, dtype: isDType(dtype) ? dtype : 'float32' }
}

/** `batch_shape` of Keras 3, `batch_input_shape` of all before; of a model its own first layer's. */
function shapeIn(config: LayerConfig): readonly unknown[] | undefined {
  const shape = config.raw('batch_shape') ?? config.raw('batch_input_shape')
  if (Array.isArray(shape)) return shape
  const layers = config.raw('layers')
  if (!Array.isArray(layers)) return undefined
  const [first] = modelSpecOf(config, '').layers.filter((layer) => !isImplied(layer))
  const inner = first === undefined ? undefined : shapeIn(first.config)
  const built = config.raw('build_input_shape')
  return inner ?? (Array.isArray(built) ? built : undefined)
}

const isDType = (value: unknown): value is DType =>
  typeof value === 'string' && (NUMBER_TYPES.has(value) || value === 'bfloat16' || value === 'string')

/** Keys of a dictionary, or names of layers; the second of a name, and an input's, has a number behind it. */
function outputNames({ inputs, outputs }: ModelSpec): string[] {
  const taken = new Map(refsIn(inputs).map(({ layer }) => [layer, 1]))
  const keyed = isRecord(outputs) && !(outputs instanceof TensorRef) ? Object.keys(outputs).sort() : []
  const refs = refsIn(outputs)
  return refs.map(({ layer }, index) => {
    const wish = keyed.length === refs.length ? keyed[index]! : layer
    return uniqueName(wish, taken)
  })
}
