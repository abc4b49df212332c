// This machine's roofs, measured once for all files, where each run would measure them again: five seconds, and on a noisy machine
// they are not even kept from one run to the next. No test judges them; roofs.test.ts beside the source does.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { DEFAULTS } from '../../src/commands/options.ts'
import { alone, engineOptionsOf, limitsOf } from '../../src/commands/run.ts'
import { readMachine } from '../../src/machine/index.ts'
import { describeEngine } from '../../src/measure/describe-engine.ts'
import { measuredRoofs, roofsKey } from '../../src/measure/timing/roofs/measured.ts'
import { writeCached } from '../../src/trials/cache.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of a cache that holds the roofs, and nothing else. */
    roofs: string
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-roofs-'))
  project.provide('roofs', folder)
  const engine = await describeEngine(DEFAULTS.trials.run, DEFAULTS.engine, { packageFrom: null })
  if (engine.ok) {
    const machine = readMachine(engine.accelerators)
    const progress = () => {}
    const options = engineOptionsOf(DEFAULTS)
    const { trials } = DEFAULTS
    const wanted = {
      run: trials.run,
      machine,
      engine,
      engineId: DEFAULTS.engine,
      options,
      limits: limitsOf(machine, DEFAULTS),
      progress,
    }
    const { value } = await alone(
      { trials, progress },
      () => measuredRoofs({ ...wanted, cache: 'off' }),
      () => {},
    )
    if (value) writeCached(roofsKey(wanted), value, { mode: 'refresh', folder: join(folder, 'whyslow') })
  }
  return () => rmSync(folder, { recursive: true, force: true })
}
