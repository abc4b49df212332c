// Once before all commands of which no time is asked: one lock for them all, in a folder of this run alone (vitest.config.ts names it in their
// environment). They wait neither for each other nor for another measurement on the machine.
import { rmSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { holdLock } from '../support/hold-lock.ts'

export default async function setup({ config }: TestProject): Promise<() => Promise<void>> {
  const folder = config.env.WHYSLOW_LOCK!
  const release = await holdLock(folder)
  return async () => {
    await release()
    rmSync(folder, { recursive: true, force: true })
  }
}
