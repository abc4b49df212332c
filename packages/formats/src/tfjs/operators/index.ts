// All operators of TensorFlow graphs that are read, by name.

import { binary, scalar } from '@whyslow/graph/builder/broadcast.ts'
import { dataTypeOf } from '@whyslow/graph/dtype.ts'
import { SPECTRA } from '../complex.ts'
import type { OperatorTable, OperatorWriter } from '../operator-call.ts'
import { BLOCKS } from './blocks.ts'
import { ELEMENTWISE } from './elementwise.ts'
import { GATHER_OPERATORS } from './gathering.ts'
import { IMAGES } from './images.ts'
import { MATRICES } from './matrices.ts'
import { REDUCTIONS } from './reductions.ts'
import { SHAPES } from './shapes.ts'
import { WINDOWS } from './windows.ts'

const same: OperatorWriter = (call) => call.input(0)

const cast: OperatorWriter = (call) => {
  const x = call.input(0)
  const dtype = call.node.type('DstT')
  if (dtype === undefined || dtype === 'complex64')
    throw call.refuse('casts to a type that ONNX has no operators for; cut the model before it')
  // Sizes stay int64 through casts between integers.
  if (x.dtype === dtype || (x.dtype === 'int64' && dtype === 'int32')) return x
  if (dtype === 'bool' && x.dtype === 'float32') return call.op('Cast', [x], { dtype, shape: x.shape }, { to: dataTypeOf(dtype) })
  return call.cast(x, dtype)
}

/** Rounded to as many steps as the bits have, the range moved so that zero is one of them. */
const fakeQuantize: OperatorWriter = (call) => {
  const { builder, node } = call
  const isVariable = call.inputs.length === 3
  const given = (k: number, key: string) => (isVariable ? call.number(k, key) : node.number(key, k === 1 ? -6 : 6))
  const [min, max] = [given(1, 'min'), given(2, 'max')]
  const [low, high] = [node.flag('narrow_range') ? 1 : 0, 2 ** node.number('num_bits', 8) - 1]
  const scale = (max - min) / (high - low)
  const zero = Math.min(Math.max(Math.round(low - min / scale), low), high)
  const number = (value: number) => scalar(builder, 'float32', value)
  const [from, to] = [(low - zero) * scale, (high - zero) * scale]
  const clipped = call.op('Clip', [call.input(0), number(from), number(to)], call.input(0))
  const steps = binary(builder, 'Div', binary(builder, 'Sub', clipped, number(from)), number(scale))
  const rounded = call.op('Floor', [binary(builder, 'Add', steps, number(0.5))], steps)
  return binary(builder, 'Add', binary(builder, 'Mul', rounded, number(scale)), number(from))
}

const PASSED: OperatorTable = {
  Identity: same,
  IdentityN: (call) => [...call.inputs],
  Snapshot: same,
  StopGradient: same,
  PreventGradient: same,
  PlaceholderWithDefault: same,
  Print: same,
  CheckNumerics: same,
  Enter: same,
  Exit: same,
  Cast: cast,
  FakeQuantWithMinMaxVars: fakeQuantize,
  FakeQuantWithMinMaxArgs: fakeQuantize,
}

const ALL: ReadonlyMap<string, OperatorWriter> = new Map(
  [ELEMENTWISE, MATRICES, WINDOWS, REDUCTIONS, SHAPES, GATHER_OPERATORS, BLOCKS, IMAGES, SPECTRA, PASSED].flatMap((table) =>
    Object.entries(table),
  ),
)

/** How this operator is written; undefined if it is not known. */
export function writerOf(op: string): OperatorWriter | undefined {
  return ALL.get(op)
}
