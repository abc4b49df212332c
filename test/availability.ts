// Once before all tests of engines: which of them are installed. Each test file would start a process to hear that; two processes ask for all.

import type { Availability } from '@whyslow/measure/engines/types.ts'
import type { TestProject } from 'vitest/node'
import { namesFiles } from './long.ts'
import { DIST, printedBy } from './support/built.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** By id of the engine. One that is missing was not asked: its process ended, or only some files run. */
    availability: Readonly<Record<string, Availability>>
  }
}

let asked: Promise<Record<string, Availability>[]> | undefined
/** Asked once, from the first call on. */
export const availableHere = () => {
  asked ??= Promise.all([ask('0, half'), ask('half')])
  return asked
}

export default async function setup(project: TestProject): Promise<void> {
  // Of a run that names its files, each file asks for its own engine.
  const found = namesFiles ? [] : await availableHere()
  project.provide('availability', Object.assign({}, ...found))
}

/** Engines in a browser stand beside each other: one process asks for both, since two browsers at once may fail to start. */
async function ask(part: string): Promise<Record<string, Availability>> {
  const text = await printedBy(`import { engines } from '${DIST}/measure/engines/index.js'
const half = Math.ceil(engines.length / 2)
for (const engine of engines.slice(${part})) {
  const found = await engine.available({ packageFrom: null })
  process.stdout.write('\\0' + JSON.stringify([engine.id, found]) + '\\n')
}
process.exit()`)
  // What packages print of themselves stands between the answers.
  const answers = [...text.matchAll(/\0(.*)\n/g)].map(([, answer]) => JSON.parse(answer!) as [string, Availability])
  return Object.fromEntries(answers)
}
