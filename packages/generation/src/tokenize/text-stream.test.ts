import { describe, expect, it } from 'vitest'
import { textStream } from './text-stream.ts'

/** A token for each byte, as byte-level vocabularies have them; 256 is special and has no text. */
const decode = (ids: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id < 256)))
const bytes = (text: string): number[] => [...new TextEncoder().encode(text)]

describe('textStream', () => {
  it('never shows half a character, and all of it together', () => {
    const text = 'né 😀, 你好\n'
    const stream = textStream(decode)
    const pieces = bytes(text).map((id) => stream.push(id))
    expect(pieces.join('') + stream.end()).toBe(text)
    expect(pieces.join('')).not.toContain('\uFFFD')
    expect(pieces.slice(0, 4)).toEqual(['n', '', 'é', ' '])
  })

  it('shows a space that a tokenizer writes only between two words', () => {
    const words = ['Hello', 'world', 'again']
    const stream = textStream((ids) => ids.map((id) => words[id]!).join(' '))
    expect([0, 1, 2].map((id) => stream.push(id))).toEqual(['Hello', ' world', ' again'])
  })

  it('shows a space that only the next word brings to light, as SentencePiece has it at the beginning of a text', () => {
    const words = ['▁', '▁Hello']
    const stream = textStream((ids) =>
      ids
        .map((id) => words[id]!)
        .join('')
        .replaceAll('▁', ' ')
        .replace(/^ /, ''),
    )
    expect([0, 1, 1].map((id) => stream.push(id))).toEqual(['', ' Hello', ' Hello'])
  })

  it('what never becomes a character is shown after a while, and what is left at the end', () => {
    const stream = textStream(decode)
    const pieces = Array.from({ length: 20 }, () => stream.push(0xf0))
    expect(pieces.join('') + stream.end()).toBe('\uFFFD'.repeat(20))
    expect(pieces.filter((piece) => piece !== '').length).toBeGreaterThan(1)
  })

  it('decodes a bounded number of tokens for each, also if they have no text', () => {
    let most = 0
    const stream = textStream((ids) => {
      most = Math.max(most, ids.length)
      return decode(ids)
    })
    for (let k = 0; k < 1000; k++) stream.push([97, 256, 0xc3, 0xa9, 0xff][k % 5]!)
    for (let k = 0; k < 1000; k++) stream.push(256)
    expect(most).toBeLessThan(20)
  })
})
