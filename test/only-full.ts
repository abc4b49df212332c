// Tests that take long and repeat, on more cases, what others show.
import type { TestContext } from 'vitest'

/** With the full tests alone; `npm test` says so, and why. */
export function onlyFull({ skip }: TestContext, why: string): void {
  if (!process.env.WHYSLOW_TEST_FULL) skip(`${why} (npm run test:full)`)
}
