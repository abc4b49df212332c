// What is known of a kind of Keras layer: the arrays and the layers that it owns, and the nodes that one call of it becomes.
// Keras files (.h5, .keras) and layers models of TensorFlow.js hold the same layers; what differs between them is the dialect.
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Dialect } from '../tensorflow/dialect.ts'
import type { LayerConfig } from './layer-config.ts'

/** An array that a layer of this configuration owns, in the order in which the layer makes them. */
export interface ArraySlot {
  /** As the layer's attribute is called: 'kernel', 'gamma', 'moving_mean'. */
  readonly name: string
  /** Made as a trainable variable: HDF5 files list these before the others. */
  readonly trained: boolean
  /** An array of a layer inside, which `.keras` files list here once more. */
  readonly again?: boolean
}

/** A layer as a configuration names it. */
export interface LayerHead {
  readonly className: string
  /** Module, in Keras 3: distinguishes the layer Add ('keras.layers') from the operator Add ('keras.src.ops.numpy'). */
  readonly module?: string | undefined
  /** As the user named it, with the models around it: 'encoder/dense_1'. */
  readonly name: string
  readonly config: LayerConfig
  /** Keras 3: the layer stands elsewhere, too, where its arrays are; the first place does not tell its number. */
  readonly sharedId?: number | undefined
}

/** A layer inside a layer (a wrapper's, a cell, a projection of an attention, a model's layers). */
export interface ChildSlot extends LayerHead {
  /** As `.keras` files call it in their paths: 'layer', 'cell', 'query_dense', 'layers/dense_1'; alternatives for older versions. */
  readonly attributes: readonly string[]
}

/** A layer with the arrays that were found for it. */
export interface BoundLayer extends LayerHead {
  readonly kind: LayerKind
  readonly dialect: Dialect
  /** Arrays keyed by the names of their slots; shapes are checked by `write`, which knows the input. */
  readonly arrays: ReadonlyMap<string, ConstantData>
  /** Child layers, keyed by the first attribute of their slots. */
  readonly children: ReadonlyMap<string, BoundLayer>
}

/** What stands among a call's arguments in the place of tensors: a plain value, or lists and records that hold tensors. */
export type Argument = Value | number | string | boolean | null | readonly Argument[] | { readonly [key: string]: Argument }

/** What a layer is called with. */
export interface CallInputs {
  /** Tensors of the positional arguments in order, lists flattened. */
  readonly inputs: readonly Value[]
  /** Keras' masks of `inputs`: bool [n, steps]; undefined if there is none. */
  readonly masks: readonly (Value | undefined)[]
  /** The call as it was written: positional arguments, and those with names (`initial_state`, `attention_mask`). */
  readonly args: readonly Argument[]
  readonly kwargs: Readonly<Record<string, Argument>>
  /** Masks of the tensors among `kwargs`, by the same names. */
  readonly kwargMasks: Readonly<Record<string, Value | undefined>>
}

export interface LayerCall extends BoundLayer, CallInputs {
  readonly builder: GraphBuilder
}

export interface LayerResult {
  /** Values in the order of the layer's outputs (an RNN's states after its sequence). */
  readonly outputs: readonly Value[]
  /** The mask that goes on; 'kept': the first input's. Absent: none goes on. */
  readonly mask?: Value | 'kept' | undefined
  /** One for each output, where they have their own. */
  readonly masks?: readonly (Value | undefined)[]
  /** What it was called with has no masks from now on: whatever else is called with it sees none. */
  readonly takesMasks?: boolean
}

export interface LayerKind {
  /** All names it has had: 'Conv2D', 'Convolution2D'. */
  readonly classNames: readonly string[]
  /** Texts that `.keras` archives keep for it in addition to its arrays; what is there is among `arrays` by this name, as one string. */
  readonly files?: readonly string[]
  /** Throws InputError if the configuration asks for what ONNX cannot hold. */
  arrays?(config: LayerConfig, dialect: Dialect): readonly ArraySlot[]
  /** `name`: of the layer itself, to name its children by ('bidirectional/forward'). */
  children?(config: LayerConfig, dialect: Dialect, name: string): readonly ChildSlot[]
  /** Throws InputError, with the layer's name, where arrays do not fit or something is not supported. */
  write(call: LayerCall): LayerResult
}

/** The nodes of a call of a layer inside another: `writeLayer(builder, call.children.get('layer')!, { inputs, … })`. */
export function writeLayer(builder: GraphBuilder, layer: BoundLayer, given: Partial<CallInputs>): LayerResult {
  const { inputs = [], masks = inputs.map(() => undefined), args = inputs, kwargs = {}, kwargMasks = {} } = given
  return builder.within(layer.name, () => layer.kind.write({ ...layer, builder, inputs, masks, args, kwargs, kwargMasks }))
}
