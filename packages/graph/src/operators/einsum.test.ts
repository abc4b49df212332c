import { expect, test } from 'vitest'
import { checkOperator, reasonUnknown } from '../../test/support/operators/check-operator.ts'

const einsum = (equation: string, inputs: string[], outputs: string[]) => ({
  operator: 'Einsum',
  inputs,
  outputs,
  attributes: { equation },
})

test('two operands: the product of all labels', () => {
  // b = 2, i = 3, j = 4, k = 5
  checkOperator(einsum('bij, bjk -> bik', ['2x3x4', '2x4x5'], ['2x3x5']), { macs: 120, simpleOps: 0 })
  // attention scores: b 2, h 3, q 4, d 6, k 5
  checkOperator(einsum('bqhd,bkhd->bhqk', ['2x4x3x6', '2x5x3x6'], ['2x3x4x5']), { macs: 720 })
  // '...' broadcasts: batch [2, 3] against [3]
  checkOperator(einsum('...ij,...jk->...ik', ['2x3x4x5', '3x5x6'], ['2x3x4x6']), { macs: 2 * 3 * 4 * 5 * 6 })
  // implicit output: j occurs twice and is summed
  checkOperator(einsum('ij,jk', ['3x4', '4x5'], ['3x5']), { macs: 60 })
})

test('nothing summed: multiplications alone', () => {
  checkOperator(einsum('i,j->ij', ['3', '4'], ['3x4']), { macs: 0, simpleOps: 12 })
})

test('one operand: a transpose moves, a sum adds', () => {
  checkOperator(einsum('ij->ji', ['3x4'], ['4x3']), { macs: 0, simpleOps: 0, movesDataOnly: true, bytes: 96 })
  checkOperator(einsum('ij->i', ['3x4'], ['3']), { simpleOps: 12 })
})

test('three operands from the left', () => {
  // ij,jk: 2 * 3 * 4 = 24 summed over j; then ik,kl: 2 * 4 * 5 = 40
  checkOperator(einsum('ij,jk,kl->il', ['2x3', '3x4', '4x5'], ['2x5']), {
    macs: 64,
    note: 'operands contracted from the left; another order may need less',
  })
})

test('an equation that does not fit', () => {
  expect(reasonUnknown(einsum('ij,jk->ik', ['2x3'], ['2x3']))).toContain('does not have 1 operands')
  expect(reasonUnknown(einsum('ijk,jk->ik', ['2x3', '3x4'], ['2x4']))).toContain('does not fit rank 2')
})

// Goes through every combination of label values.
test('agrees with counting', () => {
  const sizes: Record<string, number> = { a: 2, b: 3, c: 4, d: 2 }
  const shape = (labels: string) => [...labels].map((label) => sizes[label]).join('x')
  for (const [left, right, out] of [
    ['ab', 'bc', 'ac'],
    ['abc', 'cd', 'abd'],
    ['abc', 'abc', 'a'],
    ['ab', 'cd', 'a'],
  ] as const) {
    const labels = [...new Set(left + right)]
    let macs = 0
    const visit = (depth: number) => {
      if (depth === labels.length) macs++
      else for (let i = 0; i < sizes[labels[depth]!]!; i++) visit(depth + 1)
    }
    visit(0)
    checkOperator(einsum(`${left},${right}->${out}`, [shape(left), shape(right)], [shape(out)]), { macs })
  }
})
