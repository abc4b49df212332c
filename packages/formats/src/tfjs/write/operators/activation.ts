// An activation that another operator does on the way: TensorFlow.js has Relu and Relu6 within convolutions and products, and as nodes.
import { ACTIVATIONS } from '../../../tflite/schema.ts'
import { type Attributes, int, texts } from '../attributes.ts'
import type { Ref } from '../graph-writer.ts'
import type { OperatorCall } from '../operator-call.ts'

type Activation = (typeof ACTIVATIONS)[number]

const NODES: Readonly<Partial<Record<Activation, string>>> = { RELU: 'Relu', RELU6: 'Relu6' }

const activationOf = (call: OperatorCall): Activation => ACTIVATIONS[call.number('fused_activation_function')] ?? 'NONE'

/** What the operator does to its result. */
export function activate(call: OperatorCall, x: Ref, activation = activationOf(call)): Ref {
  const node = NODES[activation]
  if (node !== undefined) return call.op(node, [x])
  if (activation === 'RELU_N1_TO_1') return call.op('ClipByValue', [x, call.float(-1), call.float(1)])
  return activation === 'NONE' ? x : call.refuse(`activation ${activation}`)
}

export interface Linear {
  /** The operator without a bias; `fused` has a bias and an activation. */
  readonly op: string
  readonly fused: string
  readonly inputs: readonly Ref[]
  readonly attributes: Attributes
  readonly bias: Ref | undefined
}

/** As TensorFlow's converter fuses a bias and an activation into a convolution or a product. */
export function linear(call: OperatorCall, { op, fused, inputs, attributes, bias }: Linear): Ref {
  const activation = activationOf(call)
  if (bias === undefined) return activate(call, call.op(op, inputs, attributes))
  const within = NODES[activation]
  const ops = within === undefined ? ['BiasAdd'] : ['BiasAdd', within]
  const made = call.op(fused, [...inputs, bias], { ...attributes, fused_ops: texts(ops), num_args: int(1) })
  return within === undefined ? activate(call, made) : made
}
