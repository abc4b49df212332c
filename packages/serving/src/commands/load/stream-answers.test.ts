import { startMockServer } from '@whyslow/measure/support/streams/mock-server.ts'
import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import { afterEach, expect, test } from 'vitest'
import { openHttpTarget } from './http-target.ts'
import { LOAD_DEFAULTS } from './options.ts'
import { asksForStream, isStream, streamText, streamWarnings } from './stream-answers.ts'

const bytes = (text: string) => Buffer.from(text)
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

test('streams are told from answers in one piece by what they are', () => {
  expect(isStream(bytes('data: {"choices":[{"text":"a"}]}\n\ndata: [DONE]\n\n'))).toBe(true)
  expect(isStream(bytes(': ping\n\ndata: {"choices":[{"text":"a"}]}\n\n'))).toBe(true)
  expect(isStream(bytes('{"response":"a","done":false}\n{"response":"","done":true}\n'))).toBe(true)
  expect(isStream(bytes('{"choices":[{"message":{"content":"a"}}]}'))).toBe(false)
  expect(isStream(bytes('{"outputs":[1]}'))).toBe(false)
  expect(isStream(bytes('data: hello\n\n'))).toBe(false)
  expect(isStream(bytes(''))).toBe(false)
  expect(asksForStream(bytes('{"stream":true}'))).toBe(true)
  for (const text of ['{"stream":false}', 'null', 'x']) expect(asksForStream(bytes(text))).toBe(false)
  expect(streamText(bytes('data: {"id":"1","choices":[{"text":"a"}]}\n\ndata: {"id":"1","choices":[{"text":"b"}]}\n\n'))).toBe(
    'ab',
  )
})

const BODY = JSON.stringify({ messages: [{ role: 'user', content: 'one two' }], stream: true, max_tokens: 3 })

async function target(path: string, faults = {}, goodput: string | null = null) {
  const server = await startMockServer({}, faults)
  closers.push(server.close)
  return openHttpTarget(server.url + path, { ...LOAD_DEFAULTS, bodies: [BODY], goodput })
}

test('the first request shows whether answers are streams', async () => {
  const opened = await target('/v1/chat/completions', {}, 'token<5ms')
  expect(opened.target).toMatchObject({ streams: true })
  expect(opened.warnings).toEqual([])
  const whole = await target('/v1/chat/completions', { neverStreams: true })
  expect('streams' in whole.target).toBe(false)
  expect(whole.warnings).toEqual([expect.stringMatching(/asks for a stream, and the server answers in one piece/)])
  await expect(target('/v1/chat/completions', { neverStreams: true }, 'token<5ms')).rejects.toThrow(
    /--goodput: http.* answers in one piece, not in a stream/,
  )
})

const point = (streams: object) => ({ streams: { streams: 50, countedBy: 'usage', ...streams } }) as unknown as LoadPoint

test('a warm cache is told, whether the server says so or prompts repeat', () => {
  const notes = (streams: object) => streamWarnings([point(streams)])
  expect(notes({ cachedShare: 0.9, repeatedShare: 1 })).toEqual([expect.stringMatching(/cache held 90 % of the prompts' tokens/)])
  expect(notes({ cachedShare: 0.9, repeatedShare: 0 })).toEqual([expect.stringMatching(/cache held 90 %/)])
  expect(notes({ cachedShare: null, repeatedShare: 1 })).toEqual([
    expect.stringMatching(/does not report whether its prefix cache had it/),
  ])
  expect(notes({ cachedShare: 0, repeatedShare: 1 })).toEqual([])
  expect(notes({ cachedShare: null, repeatedShare: 0 })).toEqual([])
  expect(notes({ cachedShare: 0, repeatedShare: 0, countedBy: null })).toEqual([expect.stringMatching(/"include_usage": true/)])
  expect(streamWarnings([{} as LoadPoint])).toEqual([])
})
