// Blocks of space that become rows of the batch, and back.
import { type Blocks, batchToSpace, spaceToBatch } from '../../tensorflow/blocks.ts'
import type { OperatorCall, OperatorTable } from '../operator-call.ts'
import { dilate, recordSpacing } from './dilation.ts'

function blocksOf(call: OperatorCall): Blocks {
  const [sizes, flat] = [call.numbers(1, 'block sizes'), call.numbers(2, 'padding')]
  if (flat.length !== 2 * sizes.length || !sizes.every((one) => Number.isInteger(one) && one > 0) || flat.some((one) => one < 0))
    throw call.refuse('has blocks that do not fit; convert the model again')
  return { sizes, cells: sizes.map((_, k) => [flat[2 * k]!, flat[2 * k + 1]!]) }
}

export const BLOCKS: OperatorTable = {
  SpaceToBatchND: (call) => {
    const [source, blocks] = [call.input(0), blocksOf(call)]
    const result = spaceToBatch(call.builder, source, blocks)
    recordSpacing(result, { source, blocks })
    return result
  },
  BatchToSpaceND: (call) => {
    const [x, blocks] = [call.input(0), blocksOf(call)]
    return dilate(x, blocks) ?? batchToSpace(call.builder, x, blocks)
  },
}
