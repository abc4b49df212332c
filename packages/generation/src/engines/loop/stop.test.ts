import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stopSearch } from './stop.ts'

describe('stopSearch', () => {
  it('shows nothing from a stop text on, also if it comes in pieces', () => {
    const search = stopSearch(['END', 'stop'])
    expect(['one ', 'E', 'N', 'other E', 'ND more'].map((piece) => search.push(piece))).toEqual(['one ', '', '', 'ENother ', ''])
    expect(search.found).toBe(true)
    expect(search.push('later')).toBe('')
  })

  it('gives back what it held in vain', () => {
    const search = stopSearch(['END'])
    expect(search.push('the EN')).toBe('the ')
    expect(search.end()).toBe('EN')
  })

  it('however a text is cut, what is shown is the text before the first stop', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 })
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 3 }), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(letters), stops, (pieces, sought) => {
        const search = stopSearch(sought)
        const shown = pieces.map((piece) => search.push(piece)).join('') + search.end()
        const text = pieces.join('')
        const places = sought.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
        // A stop that ends first is found first, though another may begin before it and be longer.
        const ends = sought.flatMap((stop) => (text.includes(stop) ? [text.indexOf(stop) + stop.length] : []))
        expect(text.startsWith(shown)).toBe(true)
        if (places.length === 0) expect(shown).toBe(text)
        else expect(shown.length).toBeLessThan(Math.min(...ends))
      }),
    )
  })
})
