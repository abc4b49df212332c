// Activations as layers. keras/src/layers/activations/*.py, tf_keras/src/layers/activation/*.py

import { asBool, binary, cast, scalar, where } from '@whyslow/graph/builder/broadcast.ts'
import { reshapeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { softmax } from '@whyslow/graph/builder/reduce.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { activate } from '../tensorflow/activation-functions.ts'
import { activationOfLayer } from '../tensorflow/activations.ts'
import { isTensor, wholesIn } from './arguments.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import { arrayOf, floatInput, trainableSlots } from './layer-parts.ts'

const plainActivations: LayerKind = {
  classNames: ['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU'],
  write(call) {
    const { builder, className, config, dialect } = call
    const asked = activationOfLayer(className, config.values, dialect)!
    return { outputs: [activate(builder, asked.name, floatInput(call), asked.settings)], mask: 'kept' }
  },
}

/** Its axis may be a list; what its mask leaves out becomes 0. */
const softmaxLayer: LayerKind = {
  classNames: ['Softmax'],
  write(call) {
    const { builder, config, dialect, kwargs, masks } = call
    const x = floatInput({ ...call, inputs: call.inputs.slice(0, 1) })
    const axes = wholesIn(config.raw('axis') ?? -1)
    if (axes === undefined) throw config.refuse(`has ${JSON.stringify(config.raw('axis'))} for axis, not axes`)
    const second = call.inputs[1]
    const given = isTensor(kwargs.mask) ? kwargs.mask : (second ?? masks[0])
    if (given === undefined) return { outputs: [softmax(builder, x, axes)], mask: 'kept' }
    const mask = asBool(builder, given)
    const shares = softmax(builder, where(builder, mask, x, scalar(builder, x.dtype, -1e9)), axes)
    // Keras 2 adds -1e9 and leaves it at that.
    const shown = dialect === 'keras-3' ? binary(builder, 'Mul', shares, cast(builder, mask, shares.dtype)) : shares
    return { outputs: [shown], mask: 'kept' }
  },
}

/** A slope for each feature below zero; over shared axes there is one. */
const prelu: LayerKind = {
  classNames: ['PReLU'],
  arrays: () => trainableSlots('alpha'),
  write(call) {
    const { builder, config } = call
    const x = floatInput(call)
    const shared = wholesIn(config.raw('shared_axes')) ?? []
    const rank = x.shape.length
    const shape = x.shape.slice(1).map((size, k) => (shared.some((axis) => axisFromFront(axis, rank) === k + 1) ? 1 : size))
    const alpha = arrayOf(
      call,
      'alpha',
      shape.map((size) => (typeof size === 'number' ? size : null)),
    )
    return { outputs: [slopes(call, x, builder.constant(reshapeConstant(alpha, alpha.shape), 'alpha'))], mask: 'kept' }
  },
}

const slopes = ({ builder }: LayerCall, x: Value, alpha: Value): Value => builder.op('PRelu', [x, alpha], x)

export const activationLayers: readonly LayerKind[] = [plainActivations, softmaxLayer, prelu]
