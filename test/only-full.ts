// Tests that take long and repeat, on more cases, what others show.
import type { TestContext } from 'vitest'

/** How many cases: all with the full tests, `some` in `npm test`. The files that ask are listed in long.ts. */
export const fullOr = (all: number, some: number): number => (process.env.WHYSLOW_TEST_FULL ? all : some)

/** All of them with the full tests, one of `nth` in `npm test`. */
export const fullOrEvery = <T>(nth: number, all: readonly T[]): readonly T[] =>
  process.env.WHYSLOW_TEST_FULL ? all : all.filter((_, k) => k % nth === 0)

/** All of them with the full tests, the last of each kind in `npm test`. */
export const fullOrLastOf = <T>(kindOf: (one: T) => string, all: readonly T[]): readonly T[] =>
  process.env.WHYSLOW_TEST_FULL ? all : [...new Map(all.map((one) => [kindOf(one), one])).values()]

/** With the full tests alone; `npm test` says so, and why. */
export function onlyFull({ skip }: TestContext, why: string): void {
  if (!process.env.WHYSLOW_TEST_FULL) skip(`${why} (npm run test:full)`)
}
