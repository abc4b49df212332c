// Operators in a functional graph as kinds of layers: keras.ops of Keras 3, and TensorFlow's functions in Keras 2 (TFOpLambda and
// SlicingOpLambda), which Keras 3 itself cannot load. keras/src/ops/operation.py, tf_keras/src/layers/core/tf_op_layer.py
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Argument, LayerCall, LayerKind, LayerResult } from '../layer.ts'
import { arithmetic } from './arithmetic.ts'
import { functions } from './functions.ts'
import { imageOperations } from './images.ts'
import { matrices } from './matrices.ts'
import { movementOperations } from './moves.ts'
import { networks } from './networks.ts'
import type { Operation, WriteOperation } from './operation.ts'
import { orders } from './order.ts'
import { places } from './places.ts'
import { products } from './products.ts'
import { refusals } from './refusals.ts'
import { shapes } from './shapes.ts'
import { spectra } from './spectra.ts'
import { statistics } from './statistics.ts'
import { fromTensorFlow } from './tensorflow-functions.ts'

const OPERATIONS: ReadonlyMap<string, WriteOperation> = new Map([
  ...arithmetic,
  ...functions,
  ...shapes,
  ...movementOperations,
  ...products,
  ...matrices,
  ...orders,
  ...statistics,
  ...places,
  ...spectra,
  ...networks,
  ...imageOperations,
  ...refusals,
])

/** keras.ops, by the class of the operation. What its constructor was told stands in the configuration. */
export const operations: readonly LayerKind[] = [...OPERATIONS].map(([className, write]) => ({
  classNames: [className],
  write: (call) =>
    written(call, write, { args: call.args, settings: { ...(call.config.values as Record<string, Argument>), ...call.kwargs } }),
}))

/** A function of TensorFlow, called while a model of Keras 2 was put together. */
export const tensorflowFunction: LayerKind = {
  classNames: ['TFOpLambda', 'SlicingOpLambda'],
  write(call) {
    const name = call.config.text('function').replace(/^compat\.v[12]\./, '')
    const asked = fromTensorFlow(name, call.args, call.kwargs)
    const write = asked === undefined ? undefined : OPERATIONS.get(asked.className)
    if (asked === undefined || write === undefined)
      throw call.config.refuse(`calls tf.${name}, which is not read here; use a layer of Keras, or export the model to ONNX`)
    if (asked.unread !== undefined)
      throw call.config.refuse(`calls tf.${name} with its ${asked.unread}, which is not read here; export the model to ONNX`)
    return written(call, write, asked)
  },
}

/** Throws InputError if the operation is told something that its writer did not ask for: it would have meant something else. */
function written(
  { builder, dialect, config }: LayerCall,
  write: WriteOperation,
  { args, settings: given }: Pick<Operation, 'args' | 'settings'>,
): LayerResult {
  const refuse = (says: string) => config.refuse(`${says}; export the model to ONNX where it was made`)
  const asked = new Set<PropertyKey>()
  const settings = new Proxy(given, {
    get(values, key: string) {
      asked.add(key)
      return Object.hasOwn(values, key) ? values[key] : undefined
    },
  })
  const made = write({ builder, dialect, config, args, settings, refuse })
  const unread = Object.entries(given).find(([key, value]) => !asked.has(key) && !saysNothing(key, value))
  if (unread !== undefined) throw refuse(`has the argument ${unread[0]}, which is not read here`)
  return { outputs: Array.isArray(made) ? made : [made as Value] }
}

/** Whether an argument changes nothing: every operation has it, or its value is the default. */
const saysNothing = (key: string, value: Argument): boolean =>
  value === null || value === false || key === 'name' || key === 'trainable' || (key === 'sorted' && value === true)
