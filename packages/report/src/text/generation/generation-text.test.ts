import { exampleGeneration as document } from '@whyslow/report/support/documents/example-generation.ts'
import { describe, expect, test } from 'vitest'
import type { GenerationDocument } from '../../documents/generation.ts'
import { renderMarkdown } from '../../markdown/markdown.ts'
import { cells } from '../wrap.ts'
import { renderGeneration } from './generation-text.ts'
import { generationAnswer, severalWords } from './generation-words.ts'

const rendered = (changed: Partial<GenerationDocument> = {}) => renderGeneration({ ...document, ...changed }, { width: 80 })

describe('the answer', () => {
  test('a token at its context, the floor, the two largest parts, and the first token', () => {
    expect(generationAnswer(document)).toBe(
      'A token takes 41.0 ms (38.9–43.1) after 512 tokens of context; the weights alone need 17.0 ms on this machine. ' +
        '15.0 ms go into copying the KV cache between the engine and JavaScript, 6.00 ms into the sampler. ' +
        'The first token takes 1.90 s (1.80–2.00) for a prompt of 480 tokens, of which 1.10 s go into matrix products beyond reading their weights.',
    )
  })

  test('from outside: what comes with the context', () => {
    const outside = { ...document, floor: null, tokenParts: null, firstTokenParts: null }
    expect(generationAnswer(outside)).toBe(
      'A token takes 41.0 ms (38.9–43.1) after 512 tokens of context. Of it 10.2 ms come with the context: each 1,000 tokens add 20.0 ms. ' +
        'The first token takes 1.90 s (1.80–2.00) for a prompt of 480 tokens.',
    )
  })

  test('what is not explained is said', () => {
    const tokenParts = {
      totalMs: 41,
      depth: 512,
      parts: [
        { id: 'weights', ms: 17, how: 'computed', note: null },
        { id: 'unexplained', ms: 24, how: 'rest', note: null },
      ],
    } as const
    expect(generationAnswer({ ...document, tokenParts })).toContain('24.0 ms beyond that are not explained.')
  })

  test('what grows with the context was not seen to be copied', () => {
    const parts = (how: 'timed' | 'difference') =>
      ({ totalMs: 41, depth: 512, parts: [{ id: 'cache-copied', ms: 20, how, note: null }] }) as const
    const answer = (how: 'timed' | 'difference') => generationAnswer({ ...document, tokenParts: parts(how) })
    expect(answer('timed')).toContain('20.0 ms go into copying the KV cache in the engine.')
    expect(answer('difference')).toContain('20.0 ms go into what grows with the context beyond reading the KV cache once.')
  })

  test('a prompt of one token', () => {
    const one = generationAnswer({ ...document, setup: { ...document.setup, promptTokens: 1, newTokens: 1 } })
    expect(one).toContain('for a prompt of 1 token, of')
  })

  test('one token alone has no time per token', () => {
    const answer = generationAnswer({ ...document, speed: { ...document.speed, timePerTokenMs: null } })
    expect(answer).toMatch(/^The first token takes 1\.90 s \(1\.80–2\.00\) after 480 tokens of prompt; /)
  })
})

describe('behind an encoder', () => {
  const behind = (encoded: NonNullable<GenerationDocument['setup']['encoded']>) => ({
    ...document,
    setup: { ...document.setup, promptTokens: 4, encoded },
  })

  test('the first token is for what the encoder read, and the context is the decoder’s', () => {
    const sound = behind({ reads: 'sound', positions: 256, soundMs: 5120 })
    expect(generationAnswer(sound)).toMatch(/^A token takes 41\.0 ms \(38\.9–43\.1\) after 36 tokens of context; /)
    expect(generationAnswer(sound)).toContain('The first token takes 1.90 s (1.80–2.00) for 5.1 s of sound, of which')
    expect(rendered(sound).replace(/\s+/g, ' ')).toContain('first token 1.90 s (1.80–2.00), for 5.1 s of sound')
    expect(rendered(sound).replace(/\s+/g, ' ')).toContain('made-up sounds, all different')
    const [text, image] = [
      behind({ reads: 'text', positions: 300, soundMs: null }),
      behind({ reads: 'image', positions: 197, soundMs: null }),
    ]
    expect(generationAnswer(text)).toContain('for 300 tokens of text')
    expect(generationAnswer(image)).toContain('for an image')
  })
})

describe('on a terminal of 80 columns', () => {
  test('no line is longer', () => {
    expect(Math.max(...rendered().split('\n').map(cells))).toBeLessThanOrEqual(80)
  })

  test('parts with their share, the floor apart from what is beyond it', () => {
    const lines = rendered().split('\n')
    expect(lines.find((line) => line.includes('KV cache to JavaScript'))).toMatch(/ 15\.0 ms {3}37 % {2}█+$/)
    expect(lines.find((line) => line.includes('weights read'))).toMatch(/ 17\.0 ms {3}41 % {2}░{24}$/)
  })

  test('a finding: what it saves, where, and what to type', () => {
    expect(rendered()).toContain('1. The KV cache goes through JavaScript at every token: would save 15.0 ms of a\n   token\n')
    expect(rendered()).toContain('   at /model/layers.0/attn/Concat\n')
    expect(rendered()).toContain('whyslow fix tiny-llm -o fast/')
  })

  test('the curves in words', () => {
    const text = rendered().replace(/\s+/g, ' ')
    expect(text).toContain('Each 1,000 tokens of context add 20.0 ms to a token, 4.3 times what reading the cache once takes.')
    expect(text).toContain('16 tokens in one call take 2.68 times as long as one: batches and speculation can pay here.')
  })

  test('an engine that shows nothing of its inside', () => {
    expect(rendered({ reasons: { operators: 'it has no profile' } })).toContain(
      '  Inside the engine no more is known: it has no profile.\n',
    )
  })

  test('gaps between chunks are told as such, and a token whose time is not known says why', () => {
    const { speed } = document
    const text = rendered({
      speed: { ...speed, timePerTokenMs: null, tokensPerSecond: null },
      reasons: { timePerToken: 'nobody counts', interToken: 'chunks' },
    })
    expect(text).toMatch(/ {2}each token {5}not known, because nobody counts/)
    expect(text).toMatch(/ {2}chunk gaps {5}p50/)
  })

  test('what is not known has its reason', () => {
    const text = rendered({
      tokenParts: null,
      depthLine: null,
      reasons: { tokenParts: 'it is behind an address', depthLine: 'one depth' },
    })
    expect(text).toContain('What a token is made of: not known, because it is behind an address.')
    expect(text).toContain('Time per token over the context: not known, because one depth.')
  })
})

test('a curve that grows with the tokens pays for nothing', () => {
  const points = [1, 16].map((tokens) => ({ tokens, ms: tokens, ratio: tokens }))
  expect(severalWords({ depth: 1, points })).toContain('do not pay here')
})

test('as Markdown: parts as a table, curves folded', () => {
  const text = renderMarkdown(document)
  expect(text).toContain('| KV cache to JavaScript | 15.0 ms | 37 % |')
  expect(text).toContain('**1. The KV cache goes through JavaScript at every token** (`cache-export`)')
  expect(text).toContain('<summary>Over the context, and several tokens at once</summary>')
})
