import { describe, expect, test } from 'vitest'
import { blockWithHandoff, exampleBlock } from '../../test/support/timing/example-block.ts'
import { handoffNs, spanRegimes, tellRegimes } from './regimes.ts'

const of = (ns: number | null) => blockWithHandoff(1, ns)
/** Within its samples it went from fast to slow. */
const changing = exampleBlock(1, { handoffBeforeNs: 150, handoffAfterNs: 400 })
const regimes = (...handoffs: (number | null)[]) => tellRegimes(handoffs.map(of), 2).map(({ regime }) => regime)

test('the handoff is the mean of before and after, or the one that was measured', () => {
  const handoff = (before: number | null, after: number | null) => handoffNs({ handoffBeforeNs: before, handoffAfterNs: after })
  expect([handoff(100, 300), handoff(100, null), handoff(null, 300), handoff(null, null)]).toEqual([200, 100, 300, null])
})

describe('blocks that are compared', () => {
  test('span regimes where a handoff is more than 1.6 times another', () => {
    expect(spanRegimes([of(100), of(160), of(130)], 2)).toBe(false)
    expect(spanRegimes([of(100), of(161), of(130)], 2)).toBe(true)
  })

  test('span them where it changed within one of them, though the means agree', () => {
    expect(spanRegimes([of(275), changing], 2)).toBe(true)
  })

  test('span none on one thread, which hands nothing over', () => {
    expect(spanRegimes([of(100), of(400)], 1)).toBe(false)
    expect(spanRegimes([of(275), changing], 1)).toBe(false)
  })

  test('span none that could be told where a handoff is unknown', () => {
    expect(spanRegimes([of(100), of(null), of(400)], 2)).toBe(false)
  })
})

describe('blocks of one measurement', () => {
  test('are named by their handoff, fastest first, in whatever order they came', () => {
    expect(regimes(400, 150, 160, 390, 1000)).toEqual([
      'slow-handoff',
      'fast-handoff',
      'fast-handoff',
      'slow-handoff',
      'slow-handoff-2',
    ])
  })

  test('are one regime as long as none is 1.6 times the fastest of it', () => {
    expect(regimes(100, 130, 160)).toEqual(Array(3).fill('fast-handoff'))
    // From the fastest, not from the next: a row of small steps does not join far ends.
    expect(regimes(100, 140, 180)).toEqual(['fast-handoff', 'fast-handoff', 'slow-handoff'])
  })

  test('a changing one is of neither regime, and does not name them', () => {
    const told = tellRegimes([changing, of(150), of(390)], 2)
    expect(told.map(({ regime }) => regime)).toEqual(['changing-handoff', 'fast-handoff', expect.stringMatching(/^slow-handoff/)])
  })

  test('are one regime on one thread', () => {
    expect(tellRegimes([of(100), changing, of(null)], 1).map(({ regime }) => regime)).toEqual(Array(3).fill('one-thread'))
  })
})
