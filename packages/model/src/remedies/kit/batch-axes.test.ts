import { describe, expect, it } from 'vitest'
import { batchAxes } from './batch-axes.ts'
import type { RemedyInput } from './remedy.ts'

const input = (name: string, ...freeAxes: readonly [number, string][]): RemedyInput => ({
  name,
  dtype: 'float32',
  shape: [1, 1, 1],
  freeAxes: freeAxes.map(([axis, symbol]) => ({ axis, symbol })),
})
const axesOf = (...inputs: RemedyInput[]) => {
  const axes = batchAxes(inputs)
  return axes === null ? null : Object.fromEntries(axes)
}

describe('batchAxes', () => {
  it('takes the axis of one name in all inputs, wherever it stands', () => {
    expect(axesOf(input('x', [0, 'batch'], [1, 'sequence']), input('state', [1, 'batch']))).toEqual({ x: 0, state: 1 })
  })

  it('takes the first axis where names say nothing, or not the same', () => {
    expect(axesOf(input('x', [0, '']), input('y', [0, '']))).toEqual({ x: 0, y: 0 })
    expect(axesOf(input('x', [0, 'unk__1']), input('y', [0, 'unk__2']))).toEqual({ x: 0, y: 0 })
  })

  it('has none where an input is fixed, where the free axis is another, or where there is no input', () => {
    expect(axesOf(input('x', [0, 'batch']), input('state'))).toBeNull()
    expect(axesOf(input('x', [0, 'seq_len']))).toBeNull()
    expect(axesOf(input('x', [2, 'width']))).toBeNull()
    expect(axesOf(input('x', [1, '']))).toBeNull()
    expect(axesOf()).toBeNull()
  })
})
