// Once before all commands: roofs for their caches, where each run would measure this machine's for five seconds. They are those of a machine with
// round numbers. No test judges what a report computes from them; roofs.test.ts beside the source measures real ones.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { DEFAULTS } from '../../src/commands/options.ts'
import { engineOptionsOf } from '../../src/commands/run.ts'
import { readMachine } from '../../src/machine/index.ts'
import type { Roofs } from '../../src/machine/types.ts'
import { describeEngine } from '../../src/measure/describe-engine.ts'
import { roofsKey } from '../../src/measure/timing/roofs/measured.ts'
import { writeCached } from '../../src/trials/cache.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of a cache that holds the roofs, and nothing else. */
    roofs: string
  }
}

const ROUND: Roofs = {
  threads: 2,
  flopsPerSecond: { float32: 200e9, int8: 800e9 },
  bytesPerSecond: { L1: null, L2: 100e9, L3: 80e9, DRAM: 20e9 },
  elementsPerSecond: { Exp: 2e9, Erf: 1e9, Tanh: 1e9, Sigmoid: 1e9, Sqrt: 2e9, Log: 1e9 },
  reasons: { L1: 'not measured' },
}

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-roofs-'))
  project.provide('roofs', folder)
  const engineId = DEFAULTS.engine
  const engine = await describeEngine(DEFAULTS.trials.run, engineId, { packageFrom: null })
  if (engine.ok) {
    const key = roofsKey({ machine: readMachine(engine.accelerators), engine, engineId, options: engineOptionsOf(DEFAULTS) })
    writeCached(key, ROUND, { mode: 'refresh', folder: join(folder, 'whyslow') })
  }
  return () => rmSync(folder, { recursive: true, force: true })
}
