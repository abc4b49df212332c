// The layers of a model with the arrays and layers that each owns, before and after arrays were found for them.
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { Dialect } from '../tensorflow/dialect.ts'
import { kindOf } from './index.ts'
import type { ArraySlot, BoundLayer, ChildSlot, LayerHead, LayerKind } from './layer.ts'
import { isRecord, type LayerConfig } from './layer-config.ts'
import { isOperation } from './model-config.ts'

export interface LayerTree extends LayerHead {
  readonly kind: LayerKind
  readonly dialect: Dialect
  readonly slots: readonly ArraySlot[]
  /** What the layer inside is to this one, and the layer. */
  readonly children: readonly { readonly slot: ChildSlot; readonly tree: LayerTree }[]
}

/** Models in models in wrappers …: more than people nest, less than overflows the stack. */
const DEEPEST = 40

/** Throws InputError, with the layer's name and what to do, where a layer of it is not known. */
export function layerTree(head: LayerHead, dialect: Dialect, depth = 0): LayerTree {
  const { className, config, name } = head
  if (depth > DEEPEST) throw config.refuse('is nested in too many models; save a flatter model')
  const kind = kindOf(head)
  if (kind === undefined) throw config.refuse(refusal(className))
  // An operation's dtype is what it casts to.
  const policy = isOperation(head) ? '' : policyOf(config)
  if (/^(int8|int4|float8|ternary|gptq|awq)\b|_from_/.test(policy))
    throw config.refuse(`was quantized by Keras (${policy}), which is not read; save the model before it is quantized`)
  const children = kind.children?.(config, dialect, name) ?? []
  return {
    ...head,
    kind,
    dialect,
    slots: kind.arrays?.(config, dialect) ?? [],
    children: children.map((slot) => ({ slot, tree: layerTree(slot, dialect, depth + 1) })),
  }
}

/** The name of its policy of element types: 'float32', 'mixed_float16', 'int8_from_float32'. */
function policyOf(config: LayerConfig): string {
  const dtype = config.raw('dtype')
  const settings = isRecord(dtype) ? dtype.config : undefined
  const name = isRecord(settings) ? settings.name : dtype
  return typeof name === 'string' ? name : ''
}

function refusal(className: string): string {
  return className === 'Lambda'
    ? "holds Python code, which is not run; write it with Keras' layers or operators, or export the model to ONNX where it was made"
    : "is not a layer that is read here (Keras' own are listed in docs/formats/keras.md); replace it, or export the model to ONNX where it was made"
}

/**
 * The tree with arrays: `arraysOf` gives those of one layer by the names of its slots. It is asked when a layer is written, and what it
 * makes is not kept: of a model whose axes all have to be turned, memory holds what was turned, and not what it was turned from.
 */
export function bindArrays(tree: LayerTree, arraysOf: (tree: LayerTree) => ReadonlyMap<string, ConstantData>): BoundLayer {
  const { slots: _, children, ...head } = tree
  return {
    ...head,
    get arrays() {
      return arraysOf(tree)
    },
    children: new Map(children.map(({ slot, tree: inner }) => [slot.attributes[0]!, bindArrays(inner, arraysOf)])),
  }
}

/** A place for an array, and the layer that it is for. */
export interface OwnedSlot {
  readonly owner: LayerTree
  readonly slot: ArraySlot
}

/** The name without those of the models around it. */
export const ownName = ({ name }: LayerTree): string => name.split('/').at(-1)!

/** All slots of a layer and those in it, as files list them: trainable ones first, then the others. */
export function slotsOf(tree: LayerTree): OwnedSlot[] {
  return [...trainableOf(tree), ...restOf(tree)]
}

const isTrained = ({ config }: LayerTree): boolean => config.raw('trainable') !== false
const ownOf = (owner: LayerTree, trained: boolean): OwnedSlot[] =>
  owner.slots.filter((slot) => slot.trained === trained && slot.again !== true).map((slot) => ({ owner, slot }))

export function trainableOf(tree: LayerTree): OwnedSlot[] {
  return isTrained(tree) ? [...ownOf(tree, true), ...tree.children.flatMap((child) => trainableOf(child.tree))] : []
}

export function restOf(tree: LayerTree): OwnedSlot[] {
  if (isTrained(tree)) return [...ownOf(tree, false), ...tree.children.flatMap((child) => restOf(child.tree))]
  return [...ownOf(tree, true), ...ownOf(tree, false), ...tree.children.flatMap((child) => slotsOf(child.tree))]
}
