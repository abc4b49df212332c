// Once before all tests, whatever projects run: dist/ is made of the sources under test, since trials, pages and threads run compiled code
// (packages/graph/src/compiled-twin.ts), and a fresh seed is drawn if one is asked for.
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { availableHere } from './availability.ts'
import { namesFiles } from './long.ts'
import { writtenRoofs } from './measured/roofs.ts'
import { ROOT } from './root.ts'

const DONE = 'WHYSLOW_TEST_SET_UP'

export default function setup({ vitest }: TestProject): void {
  // Each project asks for it; workers inherit what is set here.
  if (process.env[DONE] !== undefined) return
  process.env[DONE] = '1'
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the sources do not compile')
  if (process.env.WHYSLOW_TEST_SEED === 'fresh') {
    process.env.WHYSLOW_TEST_SEED = String(randomInt(2 ** 31))
    console.log(`property tests: WHYSLOW_TEST_SEED=${process.env.WHYSLOW_TEST_SEED} repeats this run`)
  }
  // Both take a second: each project waits for its own (vitest.config.ts), while the other is at work.
  const runs = (name: string) => !namesFiles && vitest.projects.some((one) => one.name === name)
  if (runs('engines')) void availableHere()
  if (runs('commands')) void writtenRoofs()
}
