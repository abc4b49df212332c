import { describe, expect, test } from 'vitest'
import { constantsOf } from '../constants.ts'
import { problemsOf } from '../validate.ts'
import { float32s, int64s, transposeConstant } from './constant-data.ts'
import { GraphBuilder } from './graph-builder.ts'

describe('a graph that is written node by node', () => {
  test('shares constants, names nodes by their layer, and keeps the names of inputs and outputs', () => {
    const builder = new GraphBuilder()
    builder.reserve(['y'])
    const x = builder.input('x', 'float32', ['batch', 2])
    const sum = builder.within('first', () => {
      const one = builder.constant(float32s([2], [1, 2]))
      const once = builder.op('Add', [x, one], { dtype: 'float32', shape: ['batch', 2] })
      return builder.op('Add', [once, builder.constant(float32s([2], [1, 2]))], once)
    })
    builder.output('y', sum)
    const { proto, origins } = builder.build('model')
    expect(problemsOf(proto)).toEqual([])
    expect(proto.graph!.initializer.map(({ name }) => name)).toEqual(['first/constant'])
    expect(proto.graph!.node.map((node) => [node.opType, node.name, origins.get(node)])).toEqual([
      ['Add', 'first/Add', 'first'],
      ['Add', 'first/Add_1', 'first'],
      ['Identity', 'y/Identity', 'first'],
    ])
    expect(proto.graph!.output.map(({ name }) => name)).toEqual(['y'])
    expect([...constantsOf({ proto })].map(({ shape }) => shape)).toEqual([[2]])
  })

  test('gives a constant to one reader alone: the first has what is shared, the next a copy', () => {
    const builder = new GraphBuilder()
    const shared = builder.constant(float32s([2], [1, 2]), 'ones')
    const names = [1, 2, 3].map(() => builder.constantAlone(float32s([2], [1, 2]), 'zeros').name)
    expect(names).toEqual([shared.name, 'zeros', 'zeros_1'])
    expect(builder.constant(float32s([2], [1, 2])).name).toBe(shared.name)
    const { proto, constants } = builder.build('model')
    expect(proto.graph!.initializer.map(({ name }) => name)).toEqual(['ones', 'zeros', 'zeros_1'])
    expect([...constants.keys()]).toEqual(['ones', 'zeros', 'zeros_1'])
  })

  test('a subgraph sees the values outside, and its constants stand outside', () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [3])
    const condition = builder.op('IsNaN', [x], { dtype: 'bool', shape: [3] })
    const any = builder.op('Identity', [condition], { dtype: 'bool', shape: [] })
    const branch = (value: number) =>
      builder.subgraph([], (body) => [
        body.op('Mul', [x, body.constant(float32s([], [value]))], { dtype: 'float32', shape: [3] }),
      ])
    const result = builder.op('If', [any], { dtype: 'float32', shape: [3] }, { then_branch: branch(2), else_branch: branch(3) })
    builder.output('y', result)
    const { proto } = builder.build('model')
    expect(problemsOf(proto)).toEqual([])
    expect(proto.graph!.initializer).toHaveLength(2)
  })
})

describe('constants', () => {
  test('are transposed as NumPy does', () => {
    const given = int64s([0, 1, 2, 3, 4, 5])
    const turned = transposeConstant({ ...given, shape: [1, 2, 3] }, [2, 0, 1])
    expect(turned.shape).toEqual([3, 1, 2])
    expect(Array.from(turned.data as BigInt64Array, Number)).toEqual([0, 3, 1, 4, 2, 5])
  })
})
