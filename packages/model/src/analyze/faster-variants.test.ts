import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { OperatorVariant } from '@whyslow/measure/timing/operators/types.ts'
import { expect, test } from 'vitest'
import { fasterAlone } from './faster-variants.ts'

const variant = (ratio: number, factor: number): OperatorVariant => ({
  ...{ kind: 'rewrite', remedy: 'narrow', detail: 'changed' },
  ...{ ratio, ratioLow: ratio / factor, ratioHigh: ratio * factor },
})
const row = (name: string, of: OperatorVariant, more = {}) => ({
  ...{ nodes: [name], copies: 1, opTypes: ['Conv'], shapes: '', aloneMs: 1, insideMs: 1, variants: [of] },
  ...more,
})
const names = (rows: Parameters<typeof fasterAlone>[0]) => fasterAlone(rows, () => true).flatMap((one) => one.row.nodes)

test('wide intervals of many operators that one change makes faster leave no doubt together', () => {
  const rows = Array.from({ length: 9 }, (_, i) => row(`n${i}`, variant(0.6, 2)))
  expect(names(rows.slice(0, 1))).toEqual([])
  expect(names(rows.slice(0, 2))).toEqual([])
  expect(names(rows)).toHaveLength(9)
  const [one] = fasterAlone(rows, () => true)
  expect(one!.saving.ms).toBeCloseTo(0.4)
  expect(one!.saving.low).toBeCloseTo(1 - 0.6 * 2 ** (1 / 3))
})

test('they are of one type and one change: others lend them nothing', () => {
  const rows = Array.from({ length: 9 }, (_, i) => row(`n${i}`, variant(0.6, 2), { opTypes: [`Op${i}`] }))
  expect(names(rows)).toEqual([])
  const changed = Array.from({ length: 9 }, (_, i) => row(`n${i}`, { ...variant(0.6, 2), remedy: `r${i}` }))
  expect(names(changed)).toEqual([])
})

test('those that were not faster are not named, and what they lose is taken off the others', () => {
  const rows = [...Array.from({ length: 20 }, (_, i) => row(`n${i}`, variant(0.5, 1.99))), row('slower', variant(1.5, 1.2))]
  const shown = fasterAlone(rows, () => true)
  expect(shown).toHaveLength(20)
  const sum = shown.reduce((all, { saving }) => all + saving.ms, 0)
  expect(sum).toBeCloseTo(21 * (1 - Math.exp((20 * Math.log(0.5) + Math.log(1.5)) / 21)))
  expect(sum).toBeLessThan(20 * 0.5)
})

test('of changes that do nothing few are taken for faster together', () => {
  const random = mulberry32(1)
  let wrong = 0
  for (let run = 0; run < 400; run++) {
    // Half widths of two standard deviations, none of them clear alone.
    const rows = Array.from({ length: 12 }, (_, i) => row(`n${i}`, variant(Math.exp(0.2 * normal(random)), 1.5)))
    if (rows.every(({ variants }) => variants[0]!.ratioHigh >= 0.98) && names(rows).length > 0) wrong++
  }
  expect(wrong).toBeLessThan(0.025 * 400)
})

test('a clear one speaks for itself, whatever the others say', () => {
  expect(names([row('clear', variant(0.5, 1.1)), row('not', variant(1.2, 2)), row('nor', variant(1.1, 2))])).toEqual(['clear'])
})

test('one that was disturbed says nothing, and does not drown what the others say', () => {
  const rows = Array.from({ length: 9 }, (_, i) => row(`n${i}`, variant(0.6, 2)))
  const wild = row('wild', variant(0.6, 20), { aloneMs: 9, insideMs: 9 })
  expect(names([...rows, wild])).toEqual(names(rows))
  // Sixteen of 0.45: 0.45 * 2.6^(1/4) = 0.57 would do.
  const alike = (factor: number) => names(Array.from({ length: 16 }, (_, i) => row(`n${i}`, variant(0.45, factor))))
  expect(alike(2.4)).toHaveLength(16)
  expect(alike(2.6)).toEqual([])
})
