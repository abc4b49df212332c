import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenIndex } from './token-index.ts'

test('finds what a map of all parts finds', () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀', '\u0000'), minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 40,
  })
  fc.assert(
    fc.property(words, (tokens) => {
      const ids = new Map<string, number>()
      for (const [id, token] of tokens.entries()) if (!ids.has(token)) ids.set(token, id)
      const index = tokenIndex(tokens)
      for (const token of tokens) {
        const { before, after } = index.cuts(token)
        for (let at = 1; at < token.length; at++) {
          const [left, right] = [ids.get(token.slice(0, at)) ?? -1, ids.get(token.slice(at)) ?? -1]
          expect([before[at], after[at]]).toEqual([left, left === -1 ? -1 : right])
        }
        expect(before[token.length]).toBe(ids.get(token))
      }
    }),
  )
})
