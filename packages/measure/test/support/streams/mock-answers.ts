// Answers of the mock server on a clock that jumps: their bytes, and when each of them comes.
import { mockDialects } from './mock-dialects.ts'
import { MockEngine, type MockSchedule, PLAIN, playArrivals } from './mock-engine.ts'

export interface MockAnswer {
  readonly pieces: readonly { readonly atMs: number; readonly bytes: Buffer }[]
}

export interface MockAsked {
  readonly atMs: number
  readonly prompt: string
  readonly newTokens: number
  readonly endsAfter?: number
}

/** `path` chooses the dialect: '/v1/chat/completions', '/completion', … */
export function mockAnswers(schedule: Partial<MockSchedule>, path: string, asked: readonly MockAsked[]): readonly MockAnswer[] {
  const whole = { ...PLAIN, ...schedule }
  const dialect = mockDialects[path]!
  const answers = asked.map(() => [] as { atMs: number; bytes: Buffer }[])
  const engine = new MockEngine(whole)
  playArrivals(
    engine,
    asked.map(({ atMs, prompt, newTokens, endsAfter = null }, k) => ({
      atMs,
      start(now) {
        const send = (text: string) => text !== '' && answers[k]!.push({ atMs: now(), bytes: Buffer.from(text) })
        send(dialect.start)
        engine.submit(
          { prompt, newTokens, endsAfter },
          {
            chunk: (chunk) => send(dialect.chunk(chunk)),
            end: (ended, counts) => send(dialect.end(ended, whole.usage ? counts : null)),
          },
        )
      },
    })),
  )
  return answers.map((pieces) => ({ pieces }))
}
