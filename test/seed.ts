// What setup.mjs does for each file: property tests draw from one seed, so that a run can be repeated. WHYSLOW_TEST_SEED=number chooses
// it; with WHYSLOW_TEST_SEED=fresh (once a night) the run draws one and prints it (global-setup.ts).
import fc from 'fast-check'
import { afterAll, vi } from 'vitest'
import { removeMade } from './support/made-folders.ts'

export function setUpFile(): void {
  fc.configureGlobal({ seed: Number(process.env.WHYSLOW_TEST_SEED ?? 1) })
  // The next file of the worker reads the environment while its tests are collected, before `unstubEnvs` undoes anything.
  afterAll(() => {
    vi.unstubAllEnvs()
    removeMade()
  })
}
