// Operators in a functional graph as kinds of layers: keras.ops of Keras 3, and TensorFlow's functions in Keras 2 (TFOpLambda and
// SlicingOpLambda), which Keras 3 itself cannot load. keras/src/ops/operation.py, tf_keras/src/layers/core/tf_op_layer.py
import type { Argument, LayerCall, LayerKind, LayerResult } from './layer.ts'
import type { Operation, WriteOperation } from './operation.ts'
import { arithmetic } from './operations-arithmetic.ts'
import { products } from './operations-products.ts'
import { shapes } from './operations-shapes.ts'
import { fromTensorFlow } from './tensorflow-functions.ts'

const OPERATIONS: ReadonlyMap<string, WriteOperation> = new Map([...arithmetic, ...shapes, ...products])

/** keras.ops, by the class of the operation. What its constructor was told stands in the configuration. */
export const operations: readonly LayerKind[] = [...OPERATIONS].map(([className, write]) => ({
  classNames: [className],
  write: (call) =>
    result(write(operationOf(call, call.args, { ...(call.config.values as Record<string, Argument>), ...call.kwargs }))),
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
    return result(write(operationOf(call, asked.args, asked.settings)))
  },
}

function operationOf(
  { builder, dialect, config }: LayerCall,
  args: readonly Argument[],
  settings: Readonly<Record<string, Argument>>,
): Operation {
  return {
    builder,
    dialect,
    args,
    settings,
    refuse: (says) => config.refuse(`${says}; export the model to ONNX where it was made`),
  }
}

const result = (made: ReturnType<WriteOperation>): LayerResult => ({ outputs: Array.isArray(made) ? made : [made as never] })
