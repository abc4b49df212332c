// Layers that models of keras.applications bring with them: ConvNeXt's, InceptionResNetV2's. They are no keras.layers, and a class of that name
// may be someone's own: what its configuration holds tells it apart. keras/src/applications/convnext.py, …/inception_resnet_v2.py
import { binary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import { arrayOf, asFloat, floatInput, sizeOf, trainableSlots } from './layer-parts.ts'

/** Each feature of the last axis by a number of its own. */
const layerScale: LayerKind = {
  classNames: ['LayerScale'],
  arrays: () => trainableSlots('gamma'),
  write(call) {
    requires(call, 'init_values', 'projection_dim')
    const { builder } = call
    const x = floatInput(call)
    const gamma = builder.constant(arrayOf(call, 'gamma', [sizeOf(call, x, -1)]), 'gamma')
    return { outputs: [builder.op('Mul', [x, gamma], x)], mask: 'kept' }
  },
}

/** Drops whole branches while a model is trained. */
const stochasticDepth: LayerKind = {
  classNames: ['StochasticDepth'],
  write(call) {
    requires(call, 'drop_path_rate')
    return { outputs: call.inputs, mask: 'kept' }
  },
}

/** The first, and the second times a number. Keras 2 registers it under the package of what is nobody's. */
const customScale: LayerKind = {
  classNames: ['CustomScaleLayer', 'Custom>CustomScaleLayer'],
  write(call) {
    requires(call, 'scale')
    const { builder, config, inputs } = call
    const [whole, branch] = inputs.map((input) => asFloat(call, input))
    if (whole === undefined || branch === undefined || inputs.length > 2)
      throw config.refuse(`is called with ${inputs.length} tensors, not with 2`)
    return { outputs: [binary(builder, 'Add', whole, withNumber(builder, 'Mul', branch, config.number('scale')))] }
  },
}

function requires({ config, kind }: LayerCall, ...keys: readonly string[]): void {
  if (keys.some((key) => typeof config.raw(key) !== 'number'))
    throw config.refuse(`is another ${kind.classNames[0]} than that of keras.applications; its code is not read`)
}

export const applicationLayers: readonly LayerKind[] = [layerScale, stochasticDepth, customScale]
