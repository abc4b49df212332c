// A dense layer by subscripts: 'abc,cd->abd'. keras/src/layers/core/einsum_dense.py

import { binary } from '@whyslow/graph/builder/broadcast.ts'
import { type ConstantData, reshapeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reshape } from '@whyslow/graph/builder/shapes.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { einsum } from '../tensorflow/einsum.ts'
import { matmul } from '../tensorflow/products.ts'
import type { LayerKind } from './layer.ts'
import { activate, arrayOf, floatInput, trainableSlots } from './layer-parts.ts'

export const einsumDense: LayerKind = {
  classNames: ['EinsumDense'],
  arrays: (config) => trainableSlots('kernel', ...(config.raw('bias_axes') === undefined ? [] : ['bias'])),
  write(call) {
    const { builder, config } = call
    const x = floatInput(call)
    const equation = config.text('equation')
    const rank = /,([a-zA-Z]*)->/.exec(equation.replace(/\s/g, ''))?.[1]?.length
    if (rank === undefined) throw config.refuse(`computes '${equation}', which is not read here`)
    const kernel = arrayOf(call, 'kernel', new Array<null>(rank).fill(null))
    const product = asMatrix(builder, equation, x, kernel) ?? einsum(builder, equation, [x, builder.constant(kernel, 'kernel')])
    if (product === undefined) throw config.refuse(`computes '${equation}', which does not fit what it is called with`)
    const bias = call.arrays.get('bias')
    const sum = bias === undefined ? product : binary(builder, 'Add', product, builder.constant(bias, 'bias'))
    return { outputs: [activate(call, sum)], mask: 'kept' }
  },
}

/** One product of matrices where the last letters are contracted, in the order of the kernel; else undefined. */
function asMatrix(builder: GraphBuilder, equation: string, x: Value, kernel: ConstantData): Value | undefined {
  const [, input, letters, output] = /^([a-zA-Z]*|\.\.\.[a-zA-Z]*),([a-zA-Z]+)->(.*)$/.exec(equation.replace(/\s/g, '')) ?? []
  if (input === undefined || letters === undefined || output === undefined) return undefined
  const made = letters.length - [...letters].reverse().findIndex((letter) => input.includes(letter))
  const [contracted, added] = [letters.slice(0, made), letters.slice(made)]
  if (contracted === '' || made > letters.length || !input.endsWith(contracted)) return undefined
  const free = input.slice(0, input.length - contracted.length)
  if (output !== `${free}${added}`) return undefined
  return denseOver(builder, x, { kernel, contracted: contracted.length })
}

/** The last `contracted` axes of `x` against the first ones of the kernel; the kernel's other axes stand behind x's. */
export function denseOver(
  builder: GraphBuilder,
  x: Value,
  { kernel, contracted }: { readonly kernel: ConstantData; readonly contracted: number },
): Value | undefined {
  const [rows, columns] = [kernel.shape.slice(0, contracted), kernel.shape.slice(contracted)]
  const free: readonly Dimension[] = x.shape.slice(0, x.shape.length - contracted)
  if (rows.some((size, k) => x.shape[free.length + k] !== size)) return undefined
  const matrix = builder.constant(reshapeConstant(kernel, [elementCount(rows), elementCount(columns)]), 'kernel')
  const flat = contracted === 1 ? x : reshape(builder, x, [...free, elementCount(rows)])
  const product = matmul(builder, flat, matrix)
  return columns.length === 1 ? product : reshape(builder, product, [...free, ...columns])
}
