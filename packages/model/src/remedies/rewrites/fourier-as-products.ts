// Spectra of real numbers by products. The engine's DFT and STFT go number by number and frame by frame, on one thread
// (onnxruntime/core/providers/cpu/signal/dft.cc); a product with a constant matrix, or two where the length has factors, asks more multiplications and takes
// a small part of the time. Of overlapping frames a convolution does all: its kernels are the waves, times the window.

import { floatTensor, int64Tensor, node } from '@whyslow/graph/build.ts'
import { type FourierSteps, fourierSteps } from '@whyslow/graph/fourier/fourier.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { Size } from '@whyslow/graph/rewrite/sizes.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { byFindings, rewritingRemedy } from '../kit/rewriting.ts'

export const fourierAsProducts = defineRemedy(
  rewritingRemedy({
    id: 'fourier-as-products',
    title: 'Fourier transforms as products with constant matrices',
    treats: ['inefficient-kernels'],
    effect: 'rounding',
    find: (matching, fresh) => matching.graph.node.flatMap((one) => written(matching, one, fresh) ?? []),
    changes: ({ replaced }) => `${count(replaced.length, 'Fourier transform')} as products with constant matrices`,
    saving: byFindings,
  }),
)

type Fresh = (hint: string) => string

function written(matching: Matching, one: NodeProto, fresh: Fresh): Replacement | undefined {
  if (!isOperator(one, 'DFT', 'STFT') || matching.dtype(one.input[0]) !== 'float32') return undefined
  return one.opType === 'DFT' ? transformed(matching, one, fresh) : framed(matching, one, fresh)
}

/** Version from which DFT takes its axis as an input. */
const AXIS_AS_INPUT = 20

/** Along the last axis but that of the parts, which has one: real numbers. */
function transformed({ opset, shape, scalar }: Matching, one: NodeProto, fresh: Fresh): Replacement | undefined {
  const sizes = shape(one.input[0])
  if (sizes === undefined || sizes.length < 3 || sizes.at(-1) !== 1) return undefined
  if (numberOf(one, 'inverse', 0) !== 0 || numberOf(one, 'onesided', 0) !== 1) return undefined
  const rank = sizes.length
  const axis = opset < AXIS_AS_INPUT ? numberOf(one, 'axis', 1) : one.input[2] ? scalar(one.input[2]) : -2
  const size = sizes[rank - 2]
  if (axis === undefined || (axis + rank) % rank !== rank - 2 || typeof size !== 'number') return undefined
  if (one.input[1] && scalar(one.input[1]) !== size) return undefined
  const leading = sizes.slice(0, -2)
  const plan = fourierSteps(size)
  if (plan === undefined || leading.filter((each) => typeof each !== 'number').length > 1) return undefined
  return productsOf({ one, plan, size, leading, fresh })
}

interface Transform {
  readonly one: NodeProto
  readonly plan: FourierSteps
  readonly size: number
  readonly leading: readonly Size[]
  readonly fresh: Fresh
}

/** Nodes one after the other, and what they read in addition to the value. */
class Chain {
  readonly add: NodeProto[] = []
  readonly addInitializers: TensorProto[] = []
  readonly #one: NodeProto
  readonly #fresh: Fresh

  constructor(one: NodeProto, fresh: Fresh) {
    this.#one = one
    this.#fresh = fresh
  }

  floats(hint: string, shape: readonly number[], data: Float32Array): string {
    const name = this.#fresh(`${this.#one.output[0]}_${hint}`)
    this.addInitializers.push(floatTensor(name, shape, data))
    return name
  }

  op(opType: string, inputs: readonly string[], attributes: Parameters<typeof node>[3] = {}): string {
    const name = this.#fresh(`${this.#one.output[0]}_${opType}`)
    this.add.push(
      node({ opType, name: this.#fresh(`${this.#one.name || this.#one.output[0]}_${opType}`) }, inputs, [name], attributes),
    )
    return name
  }

  reshape(value: string, shape: readonly number[]): string {
    return this.op('Reshape', [value, this.ints('shape', shape)])
  }

  ints(hint: string, values: readonly number[]): string {
    const name = this.#fresh(`${this.#one.output[0]}_${hint}`)
    this.addInitializers.push(int64Tensor(name, [values.length], values))
    return name
  }

  /** The last node makes what the node that is replaced made. */
  replacement(): Replacement {
    const last = this.add.pop()!
    const named = node({ opType: last.opType, name: last.name }, last.input, [this.#one.output[0]!])
    return {
      parts: [this.#one],
      remove: new Set([this.#one]),
      add: [...this.add, { ...named, attribute: last.attribute }],
      addInitializers: this.addInitializers,
    }
  }
}

function productsOf({ one, plan, size, leading, fresh }: Transform): Replacement {
  const chain = new Chain(one, fresh)
  const { half } = plan
  // One size may be free.
  const whole = [...leading.map((each) => (typeof each === 'number' ? each : -1)), half, 2]
  if (plan.steps === 1) {
    const rows = chain.reshape(one.input[0]!, [-1, size])
    chain.reshape(chain.op('MatMul', [rows, chain.floats('waves', plan.matrix.shape, plan.matrix.data)]), whole)
    return chain.replacement()
  }
  const { outer, inner, groups, first, second } = plan
  const rows = chain.reshape(one.input[0]!, [-1, outer, inner])
  const inFront = chain.op('MatMul', [chain.floats('waves', first.shape, first.data), rows])
  const byOuter = chain.op('Transpose', [chain.reshape(inFront, [-1, outer, 2 * inner])], { perm: [1, 0, 2] })
  const parts = chain.op('MatMul', [byOuter, chain.floats('turned_waves', second.shape, second.data)])
  const inOrder = chain.op('Transpose', [chain.reshape(parts, [outer, -1, groups, 2])], { perm: [1, 2, 0, 3] })
  const all = chain.reshape(inOrder, [-1, groups * outer, 2])
  const ends = [[0], [half], [1]].map((values, k) => chain.ints(['start', 'end', 'axis'][k]!, values))
  chain.reshape(chain.op('Slice', [all, ...ends]), whole)
  return chain.replacement()
}

/** Kernels of a convolution, in elements. */
const MOST_ELEMENTS = 1 << 22

/** Frames of a signal [batch, length] or [batch, length, 1], each times the window. */
function framed({ shape, scalar, numbers }: Matching, one: NodeProto, fresh: Fresh): Replacement | undefined {
  const sizes = shape(one.input[0])
  const step = scalar(one.input[1])
  const window = one.input[2] ? numbers(one.input[2]) : undefined
  const length = one.input[3] ? scalar(one.input[3]) : window?.length
  if (sizes === undefined || step === undefined || length === undefined || numberOf(one, 'onesided', 1) !== 1) return undefined
  const isReal = sizes.length === 2 || (sizes.length === 3 && sizes[2] === 1)
  const isWindow = one.input[2] ? window?.length === length : true
  const half = Math.floor(length / 2) + 1
  if (!isReal || !isWindow || step < 1 || length < 1 || 2 * half * length > MOST_ELEMENTS) return undefined
  const waves = new Float32Array(2 * half * length)
  for (let k = 0; k < half; k++)
    for (let n = 0; n < length; n++) {
      const angle = (2 * Math.PI * ((k * n) % length)) / length
      const height = window?.[n] ?? 1
      waves[2 * k * length + n] = height * Math.cos(angle)
      waves[(2 * k + 1) * length + n] = -height * Math.sin(angle)
    }
  const chain = new Chain(one, fresh)
  const signal = chain.reshape(one.input[0]!, [0, 1, -1])
  const kernels = chain.floats('waves', [2 * half, 1, length], waves)
  const convolved = chain.op('Conv', [signal, kernels], { kernel_shape: [length], strides: [step] })
  chain.reshape(chain.op('Transpose', [convolved], { perm: [0, 2, 1] }), [0, 0, half, 2])
  return chain.replacement()
}
