// What a test needs of the machine, said with its condition: test.skipIf(…)('name', needs('Linux'), …). The last lines of a run print it.
declare module 'vitest' {
  interface TaskMeta {
    /** Why the test is left out if it is. */
    leftOut?: string
  }
}

/** Options of a test, or of a suite for all its tests. */
export const needs = (what: string) => ({ meta: { leftOut: `needs ${what}` } })

export const LINUX = needs('Linux')
export const UNIX = needs('Linux or macOS')
