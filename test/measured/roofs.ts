// Once before all commands: roofs for their caches, where each run would measure this machine's for five seconds. They are those of a machine with
// round numbers. No test judges what a report computes from them; roofs.test.ts beside the source measures real ones.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Roofs } from '@whyslow/measure/machine/types.ts'
import type { TestProject } from 'vitest/node'
import { DIST, printedBy } from '../support/built.ts'

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

/** The command's own modules, since sources would be compiled once more for this process. */
const WRITE = `
import { DEFAULTS } from '${DIST}/command/options.js'
import { engineOptionsOf } from '${DIST}/command/engine-options.js'
import { readMachine } from '${DIST}/measure/machine/index.js'
import { describeEngine } from '${DIST}/measure/describe-engine.js'
import { roofsKey } from '${DIST}/measure/timing/roofs/measured-roofs.js'
import { writeCached } from '${DIST}/measure/trials/cache.js'
const engineId = DEFAULTS.engine
const engine = await describeEngine(DEFAULTS.trials.run, engineId, { packageFrom: null })
if (engine.ok) {
  const key = roofsKey({ machine: readMachine(engine.accelerators), engine, engineId, options: engineOptionsOf(DEFAULTS) })
  writeCached(key, JSON.parse(process.argv[1]), { mode: 'refresh', folder: process.argv[2] })
}
console.log('done')`

let written: Promise<string> | undefined
/** Written once, from the first call on; their folder. */
export const writtenRoofs = () => {
  written ??= write()
  return written
}

async function write(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-roofs-'))
  const said = await printedBy(WRITE, [JSON.stringify(ROUND), join(folder, 'whyslow')])
  if (!said.includes('done')) throw new Error('the roofs for the caches of commands were not written')
  return folder
}

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = await writtenRoofs()
  project.provide('roofs', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}
