import { GraphBuilder } from '@whyslow/graph/builder/graph-builder.ts'
import { describe, expect, test } from 'vitest'
import type { Json } from '../layers/layer-config.ts'
import { Contents, constantOf, type KnownTensor } from './contents.ts'
import { NodeDef } from './graph-def.ts'
import { OperatorCall } from './operator-call.ts'
import { evaluate } from './shape-arithmetic.ts'

const ints = (shape: readonly number[], elements: KnownTensor['elements']): KnownTensor => ({ dtype: 'int32', shape, elements })

/** What is known of the results of an operator whose inputs are known so. */
function results(op: string, inputs: readonly KnownTensor[], attr: Json = {}): readonly KnownTensor[] | undefined {
  const contents = new Contents()
  const builder = new GraphBuilder()
  const values = inputs.map((known, k) => {
    const constant = constantOf(known)
    const value = constant === undefined ? builder.input(`x${k}`, known.dtype, known.shape) : builder.constant(constant)
    if (constant === undefined) contents.note(value, known)
    return value
  })
  return evaluate(new OperatorCall(new NodeDef({ name: 'node', op, attr }, 'model.json'), builder, values, contents))
}

const two = ints([2], [1, 2])
const three = ints([3], [10, 20, 30])

describe('what is known of small tensors', () => {
  test('axes of size 1 come and go where they are named', () => {
    expect(results('ExpandDims', [three, ints([], [0])])![0]!.shape).toEqual([1, 3])
    expect(results('ExpandDims', [three, ints([], [-1])])![0]!.shape).toEqual([3, 1])
    const wide = ints([1, 2, 1], [1, 2])
    expect(results('Squeeze', [wide])![0]!.shape).toEqual([2])
    expect(results('Squeeze', [wide], { squeeze_dims: { list: { i: ['-1'] } } })![0]!.shape).toEqual([1, 2])
    expect(() => results('Squeeze', [wide], { squeeze_dims: { list: { i: ['1'] } } })).toThrow(/size is not 1/)
  })

  test('arithmetic broadcasts, free sizes among numbers', () => {
    const column = ints([2, 1], two.elements)
    expect(results('Add', [column, three])).toEqual([ints([2, 3], [11, 21, 31, 12, 22, 32])])
    expect(results('Sub', [three, column])).toEqual([ints([2, 3], [9, 19, 29, 8, 18, 28])])
    expect(results('Mul', [ints([2], ['batch', 4]), ints([], [1])])).toEqual([ints([2], ['batch', 4])])
    expect(results('Mul', [ints([2, 1], ['batch', 4]), ints([2], [1, 2])])).toEqual([ints([2, 2], ['batch', null, 4, 8])])
    expect(results('Add', [two, three])).toBeUndefined()
  })
})
