// Operators that only move data: transposes, joins, cuts, copies, and the reorders and copies between devices that ONNX Runtime
// puts in. https://onnx.ai/onnx/operators/ ; ReorderInput, ReorderOutput: onnxruntime core/optimizer/nchwc_transformer.cc
// What is written is read once before: a slice reads what it keeps, an expanded or tiled tensor is read at its own size.
import { elementCount } from '../dtype.ts'
import { numbersAttribute } from './attributes.ts'
import { defineFamily, type Formula, formula, MOVES, type OperatorFacts, sameFor, VARIADIC } from './family.ts'
import { keepsAxes, type ReadInput } from './input-use.ts'
import { tensorBytes } from './work.ts'

const move: Formula = formula([0], [0], () => ({ movesDataOnly: true }))

/** What is kept of input 0 is read: Slice, Crop, CenterCropPad, Trilu. */
const cut: Formula = formula([0], [0], ([x], [y]) => ({
  readBytes: { 0: Math.min(tensorBytes(x), tensorBytes(y)) },
  movesDataOnly: true,
}))

// y_scale, y_zero_point, then tensor, scale, zero_point for each: inputs in another scale are looked up in a table
const qlinearConcat: Formula = formula([], [0], (_, [y]) => ({
  simpleOps: elementCount(y.shape),
  arithmetic: 'int8',
  movesDataOnly: true,
}))

// Overlapping blocks [N, C * kernel, L] are added into the image.
const col2im: Formula = formula([0], [0], ([x]) => ({ simpleOps: elementCount(x.shape) }))

/** Reverses the axes if there is no `perm`. */
const transposed: ReadInput = ({ node, rank }) =>
  rank === undefined
    ? undefined
    : { passes: numbersAttribute(node, 'perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis) }

/** The same elements, some of them repeated: no axis is as long as before. */
const repeated: ReadInput = ({ index, rank }) =>
  index === 0 && rank !== undefined ? { passes: Array.from({ length: rank }, () => null) } : undefined

const facts: OperatorFacts = {
  reads: { Pad: keepsAxes, Expand: repeated, Transpose: transposed },
  int8: { ...sameFor(['DepthToSpace', 'Expand', 'Slice', 'Split', 'Tile', 'Transpose'], MOVES), Concat: VARIADIC },
}

export const layoutFamily = defineFamily('layout', facts, {
  ...sameFor(
    [
      ...['Transpose', 'Concat', 'Split', 'Pad', 'Expand', 'Tile', 'DepthToSpace', 'SpaceToDepth', 'ReverseSequence'],
      ...['com.microsoft:Pad', 'com.microsoft:UnfoldTensor', 'com.microsoft.nchwc:ReorderInput'],
      ...['com.microsoft.nchwc:ReorderOutput', 'com.ms.internal.nhwc:DepthToSpace', 'com.ms.internal.nhwc:SpaceToDepth'],
      ...['MemcpyFromHost', 'MemcpyToHost', 'com.microsoft:SampleOp'],
    ],
    move,
  ),
  ...sameFor(['Slice', 'DynamicSlice', 'Crop', 'CenterCropPad', 'Trilu', 'com.microsoft:Trilu'], cut),
  'com.microsoft:QLinearConcat': qlinearConcat,
  Col2Im: col2im,
})
