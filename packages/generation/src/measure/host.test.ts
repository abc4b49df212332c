import { expect, test } from 'vitest'
import type { Generation, Generator } from '../generator.ts'
import { watchHost } from './host.ts'

const answer = { tokens: [], totalMs: 1 } as unknown as Generation

/** A generator that is an object of a class: its methods read it. */
class Plain {
  readonly engine = 'plain'
  readonly #secret = 7
  calls = 0
  get sequences() {
    return this.calls
  }
  async generate() {
    this.calls++
    return answer
  }
  async close() {
    return this.#secret
  }
}

test('pages read from the disk, in the first call and in the median of the later ones', async () => {
  const reads = [0, 500, 500, 503, 503, 504, 504, 513]
  const watch = watchHost(
    async () => new Plain() as unknown as Generator,
    () => reads.shift()!,
  )
  const generator = await watch.open()
  for (let call = 0; call < 4; call++) expect(await generator.generate({} as never)).toBe(answer)
  // 3, 1 and 9 pages.
  expect(watch.facts().faults).toEqual({ firstCall: 500, laterCall: 3 })
})

test('what it opens is the generator itself in all else', async () => {
  const own = new Plain()
  const watch = watchHost(
    async () => own as unknown as Generator,
    () => 0,
  )
  const generator = await watch.open()
  await generator.generate({} as never)
  expect([generator.engine, own.calls, (generator as unknown as Plain).sequences]).toEqual(['plain', 1, 1])
  const { faults, eventLoop } = watch.facts()
  expect(faults).toBeNull()
  expect(eventLoop.utilization).toBeGreaterThanOrEqual(0)
  expect(eventLoop.utilization).toBeLessThanOrEqual(1)
  expect(Number.isFinite(eventLoop.longestDelayMs)).toBe(true)
})
