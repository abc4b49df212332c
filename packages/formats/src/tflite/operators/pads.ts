// Padding, and the blocks that move between batch, space and channels. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels

import { scalar } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reshape } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { batchToSpace, depthToSpace, spaceToBatch, spaceToDepth } from '../../tensorflow/blocks.ts'
import { mirror, padAround } from '../../tensorflow/pad.ts'
import {
  FreeSizeError,
  input,
  movement,
  numbers,
  type OperatorCall,
  optionsOf,
  realOf,
  sameStorage,
  store,
  type WriteOperator,
  type Writers,
} from '../operator.ts'
import { inChannelsFirst } from './channels.ts'

/** Cells before and after each axis. */
function padsOf(call: OperatorCall, rank: number): [before: number, after: number][] {
  const flat = numbers(call, 1)
  const pairs = Array.from({ length: flat.length / 2 }, (_, axis): [number, number] => [flat[2 * axis]!, flat[2 * axis + 1]!])
  if (pairs.length !== rank || flat.some((cells) => cells < 0))
    throw call.refusal(`pads ${flat.join(', ')} cells of ${rank} axes`)
  return pairs
}

/** Kernels of the engine for Pad. */
const PADDED: ReadonlySet<string> = new Set(['float32', 'float64', 'int32', 'int64', 'int8', 'uint8', 'bool', 'uint32', 'uint64'])

function pad(call: OperatorCall): Value[] {
  const { builder } = call
  const tensor = input(call, 0)
  const pairs = padsOf(call, tensor.shape.length)
  const write = (x: Value, filling: Value | undefined) => padAround(builder, x, pairs, { filling })
  const filler = call.inputs[2]
  const plain = tensor.quantization === undefined || sameStorage(tensor, call.outputs[0]!)
  if (plain && PADDED.has(tensor.dtype) && (filler === undefined || tensor.quantization === undefined)) {
    // Zero is what is stored for it.
    const zero = scalar(builder, tensor.dtype, tensor.quantization?.zeroPoints[0] ?? 0)
    return [write(tensor.value, filler === undefined ? zero : reshape(builder, filler.value, []))]
  }
  const filling = filler === undefined ? undefined : reshape(builder, realOf(call, filler), [])
  return [store(call, write(realOf(call, tensor), filling))]
}

function mirrorPad(call: OperatorCall, x: Value): Value {
  const symmetric = optionsOf(call, 'MirrorPadOptions').mode === 1
  const pairs = padsOf(call, x.shape.length)
  for (const [axis, [before, after]] of pairs.entries()) {
    const size = x.shape[axis]
    const most = typeof size === 'number' ? size - (symmetric ? 0 : 1) : Number.POSITIVE_INFINITY
    if (before > most || after > most) throw call.refusal(`mirrors ${Math.max(before, after)} cells of ${size}`)
  }
  return mirror(call.builder, x, pairs, symmetric)
}

/** Sizes that must be known to be parted into blocks. */
function fixed(size: Dimension | undefined): number {
  if (typeof size !== 'number') throw new FreeSizeError('blocks of a free size')
  return size
}

function blocksOf(call: OperatorCall): number[] {
  const blocks = numbers(call, 1)
  if (blocks.some((block) => block < 1) || blocks.length + 1 > input(call, 0).shape.length)
    throw call.refusal(`has blocks of ${blocks.join('x')}`)
  return blocks
}

function pairsOf(call: OperatorCall, count: number): [number, number][] {
  const flat = numbers(call, 2)
  if (flat.length !== 2 * count || flat.some((cells) => cells < 0)) throw call.refusal(`pads or crops ${flat.join(', ')} cells`)
  return Array.from({ length: count }, (_, axis) => [flat[2 * axis]!, flat[2 * axis + 1]!])
}

/** Axis k of space is parted into blocks, whose cells become further entries of the batch. */
function blocksToBatch(call: OperatorCall): Value[] {
  const { builder } = call
  const blocks = blocksOf(call)
  const tensor = input(call, 0)
  const pairs = pairsOf(call, blocks.length)
  const plain = tensor.quantization === undefined || sameStorage(tensor, call.outputs[0]!)
  const x = plain && PADDED.has(tensor.dtype) ? tensor.value : realOf(call, tensor)
  const zero = x.dtype === tensor.dtype ? (tensor.quantization?.zeroPoints[0] ?? 0) : 0
  const wide = blocks.map((_, k) => fixed(x.shape[k + 1]) + pairs[k]![0] + pairs[k]![1])
  if (wide.some((size, k) => size % blocks[k]! !== 0))
    throw call.refusal(`has blocks of ${blocks.join('x')} in ${wide.join('x')}`)
  const made = spaceToBatch(builder, x, { sizes: blocks, cells: pairs }, zero)
  return [x.dtype === tensor.dtype ? made : store(call, made)]
}

function batchToBlocks(call: OperatorCall, x: Value): Value {
  const blocks = blocksOf(call)
  const total = blocks.reduce((product, block) => product * block, 1)
  const [whole] = x.shape
  if (typeof whole === 'number' && whole % total !== 0)
    throw call.refusal(`has blocks of ${blocks.join('x')} in a batch of ${whole}`)
  return batchToSpace(call.builder, x, { sizes: blocks, cells: pairsOf(call, blocks.length) })
}

function blockSize(call: OperatorCall): number {
  const options =
    call.operator === 'SPACE_TO_DEPTH' ? optionsOf(call, 'SpaceToDepthOptions') : optionsOf(call, 'DepthToSpaceOptions')
  if (options.block_size < 1) throw call.refusal(`has blocks of ${options.block_size}`)
  const channels = input(call, 0).shape.at(-1)
  const parts = call.operator === 'DEPTH_TO_SPACE' ? options.block_size ** 2 : 1
  if (typeof channels === 'number' && channels % parts !== 0)
    throw call.refusal(`has blocks of ${options.block_size} in ${channels} channels`)
  return options.block_size
}

const blocked =
  (write: typeof depthToSpace): WriteOperator =>
  (call) => {
    const block = blockSize(call)
    return [inChannelsFirst(call, (x) => write(call.builder, x, block))]
  }

export const PADS: Writers = {
  PAD: pad,
  PADV2: pad,
  MIRROR_PAD: movement(mirrorPad),
  SPACE_TO_BATCH_ND: blocksToBatch,
  BATCH_TO_SPACE_ND: movement(batchToBlocks),
  SPACE_TO_DEPTH: blocked(spaceToDepth),
  DEPTH_TO_SPACE: blocked(depthToSpace),
}
