// Numbers as categories, and categories as vectors. keras/src/layers/preprocessing/{discretization,category_encoding}.py,
// keras/src/utils/numerical_utils.py: encode_categorical_inputs

import { binary, cast } from '@whyslow/graph/builder/broadcast.ts'
import { float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { bucketOf, reduce } from '@whyslow/graph/builder/reduce.ts'
import { squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { isClass } from '../tensorflow/batched-gather.ts'
import { dtypeIn, isTensor } from './arguments.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import { isRecord } from './layer-config.ts'
import { asFloat } from './layer-parts.ts'

/** The bin of each number: how many boundaries it has reached. */
const discretization: LayerKind = {
  classNames: ['Discretization'],
  write(call) {
    const { builder, config, inputs } = call
    const boundaries = config.raw('bin_boundaries') ?? config.raw('bins')
    if (!Array.isArray(boundaries) || !boundaries.every((one) => typeof one === 'number'))
      throw config.refuse('has no boundaries in its configuration; give it bin_boundaries, and save the model again')
    const x = asFloat(call, inputs[0]!)
    const bounds = builder.constant(float32s([boundaries.length], boundaries as number[]), 'boundaries')
    const bins = bucketOf(builder, x, bounds, { dtype: 'int64' })
    return { outputs: [encodeCategories(call, bins, { depth: boundaries.length + 1, mode: config.text('output_mode', 'int') })] }
  },
}

const categoryEncoding: LayerKind = {
  classNames: ['CategoryEncoding'],
  write(call) {
    const { config, builder, inputs, kwargs } = call
    const depth = config.number('num_tokens')
    const given = isTensor(kwargs.count_weights) ? kwargs.count_weights : inputs[1]
    const weights = given === undefined ? undefined : asFloat(call, given)
    const x = cast(builder, inputs[0]!, 'int64')
    return { outputs: [encodeCategories(call, x, { depth, mode: config.text('output_mode', 'multi_hot'), weights })] }
  },
}

interface Encoding {
  readonly depth: number
  readonly mode: string
  /** Weight of each category of a sample, if they are counted. */
  readonly weights?: Value | undefined
}

/** They stand in the graph as a list. */
const MOST_CATEGORIES = 2 ** 24

/** `x`: int64 [n], or [n, categories]; what is beyond `depth` is no category. */
export function encodeCategories(call: LayerCall, x: Value, { depth, mode, weights }: Encoding): Value {
  const { builder, config } = call
  if (mode === 'int') return cast(builder, x, wholeTypeOf(call) ?? (call.dialect === 'keras-3' ? 'int32' : 'int64'))
  const rank = x.shape.length
  const single = mode === 'one_hot' && rank > 1 && x.shape.at(-1) === 1 ? squeeze(builder, x, [-1]) : x
  if (!Number.isInteger(depth) || depth < 1 || depth > MOST_CATEGORIES)
    throw config.refuse(`encodes ${depth} categories, more than a graph should list (${MOST_CATEGORIES})`)
  const hits = cast(builder, isClass(builder, single, { depth, axis: single.shape.length }), 'float32')
  if (mode === 'one_hot') return hits
  if (rank !== 2) throw config.refuse(`encodes a tensor of ${rank} axes as ${mode}, which is written here for two`)
  if (mode === 'multi_hot' || mode === 'binary') return reduce(builder, 'ReduceMax', hits, { axes: [1] })
  if (mode !== 'count') throw config.refuse(`encodes as ${JSON.stringify(mode)}, which is not written here`)
  const counted = weights === undefined ? hits : binary(builder, 'Mul', hits, unsqueeze(builder, weights, [2]))
  return reduce(builder, 'ReduceSum', counted, { axes: [1] })
}

/** The whole type that the layer was told to compute in; undefined if it is none. */
export function wholeTypeOf({ config }: LayerCall): DType | undefined {
  const dtype = config.raw('dtype')
  const name = isRecord(dtype) && isRecord(dtype.config) ? dtype.config.name : dtype
  return typeof name === 'string' && name.startsWith('int') ? dtypeIn(name) : undefined
}

export const preprocessing: readonly LayerKind[] = [discretization, categoryEncoding]
