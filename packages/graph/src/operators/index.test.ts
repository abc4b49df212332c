import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkInvariants, nodeContext, reasonUnknown } from '../../test/support/operators/check-operator.ts'
import { estimateCost, families } from './index.ts'

test('every operator is in one family, and every family in the list', () => {
  const operators = families.flatMap((family) => family.operators)
  expect(operators.filter((operator, i) => operators.indexOf(operator) !== i)).toEqual([])
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const defines = (file: string) =>
    /^export const \w+ = defineFamily\(/m.test(readFileSync(join(import.meta.dirname, file), 'utf8'))
  const named = files.filter(defines).map((file) => file.replace(/\.ts$/, ''))
  expect(families.map(({ id }) => id).toSorted()).toEqual(named.toSorted())
})

// Made by scripts/list-operators.py: the engine's own word, and ONNX's backend tests.
test('every operator of the CPU engine and of the conformance suite has a formula', () => {
  const lists = JSON.parse(readFileSync(join(import.meta.dirname, '../../../../fixtures/operators.json'), 'utf8')) as Record<
    'cpuKernels' | 'conformance',
    { operators: readonly string[] }
  >
  const known = new Set(families.flatMap((family) => family.operators))
  for (const { operators } of [lists.cpuKernels, lists.conformance]) {
    expect(operators.length).toBeGreaterThan(200)
    expect(operators.filter((operator) => !known.has(operator))).toEqual([])
  }
})

test('ai.onnx is the default domain', () => {
  expect(estimateCost(nodeContext({ operator: 'ai.onnx:Relu', inputs: ['4'], outputs: ['4'] }))).toMatchObject({
    known: true,
    cost: { simpleOps: 4 },
  })
})

test('an operator without a formula is unknown, with its name', () => {
  expect(reasonUnknown({ operator: 'com.microsoft:Unheard' })).toBe('no formula for com.microsoft:Unheard')
  expect(reasonUnknown({ operator: 'my.domain:Conv', inputs: ['1x3x8x8', '4x3x3x3'], outputs: ['1x4x6x6'] })).toBe(
    'no formula for my.domain:Conv',
  )
})

test('shapes that contradict each other are unknown, not a number', () => {
  expect(reasonUnknown({ operator: 'Gemm', inputs: ['4'], outputs: ['3'] })).toContain('do not fit')
})

// Any operator, any shapes, any attributes: a cost that holds or a reason, never an exception.
test('no node breaks an estimate', () => {
  const operators = families.flatMap((family) => family.operators)
  const dtype = fc.constantFrom('float32', 'int8', 'int64', 'string', 'float16', 'uint4', 'bool')
  const shape = fc.array(fc.nat(9), { maxLength: 5 })
  const notation = fc.oneof(
    fc.constantFrom('-', '?'),
    fc.tuple(fc.constantFrom('', '!'), dtype, shape).map(([mark, type, dims]) => `${mark}${type}:${dims.join('x')}`),
  )
  const attribute = fc.oneof(
    fc.integer({ min: -3, max: 9 }),
    fc.string({ maxLength: 6 }),
    fc.array(fc.integer({ min: -3, max: 9 })),
  )
  const names = [
    'axis',
    'group',
    'kernel_shape',
    'num_heads',
    'mode',
    'K',
    'N',
    'block_size',
    'equation',
    'hidden_size',
    'activation',
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...operators),
      fc.array(notation, { maxLength: 9 }),
      fc.array(notation, { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), attribute),
      (operator, inputs, outputs, attributes) => {
        const result = estimateCost(nodeContext({ operator, inputs, outputs, attributes }))
        if (result.known) checkInvariants(operator, result.cost)
        else expect(result.reason).not.toBe('')
      },
    ),
    { numRuns: 3000 },
  )
})

// Work grows with the batch: twice the rows, twice the MACs; bytes cover the output.
test('MACs are proportional to the batch, bytes cover the output', () => {
  const size = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(size, size, size, size, (batch, m, k, n) => {
      const costAt = (rows: number) => {
        const result = estimateCost(
          nodeContext({ operator: 'MatMul', inputs: [`${rows}x${m}x${k}`, `!${k}x${n}`], outputs: [`${rows}x${m}x${n}`] }),
        )
        if (!result.known) throw new Error(result.reason)
        return result.cost
      }
      expect(costAt(2 * batch).macs).toBe(2 * costAt(batch).macs)
      expect(costAt(batch).bytes).toBeGreaterThanOrEqual(4 * batch * m * n)
      expect(costAt(batch).weightBytes).toBe(4 * k * n)
    }),
  )
})
