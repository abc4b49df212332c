// Once before all tests of engines: which of them are installed. Each test file would start a process to hear that; two processes ask for all.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TestProject } from 'vitest/node'
import { engines } from '../src/engines/index.ts'
import type { Availability } from '../src/engines/types.ts'
import { namesFiles } from './long.ts'
import { ROOT } from './sources.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** By id of the engine. One that is missing was not asked: its process ended, or only some files run. */
    availability: Readonly<Record<string, Availability>>
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const ids = engines.map(({ id }) => id)
  // Engines in a browser stand beside each other: one process asks for both, since two browsers at once may fail to start.
  const half = Math.ceil(ids.length / 2)
  const halves = [ids.slice(0, half), ids.slice(half)]
  // Of a run that names its files, each file asks for its own engine.
  const found = namesFiles ? [] : await Promise.all(halves.map(ask))
  project.provide('availability', Object.assign({}, ...found))
}

function ask(ids: readonly string[]): Promise<Record<string, Availability>> {
  const code = `import { engineById } from ${JSON.stringify(pathToFileURL(join(ROOT, 'dist/engines/index.js')).href)}
for (const id of ${JSON.stringify(ids)}) {
  const found = await engineById(id).available({ packageFrom: null })
  process.stdout.write('\\0' + JSON.stringify([id, found]) + '\\n')
}
process.exit()`
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' }
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => {
      // What packages print of themselves stands between the answers.
      const answers = [...text.matchAll(/\0(.*)\n/g)].map(([, answer]) => JSON.parse(answer!) as [string, Availability])
      resolve(Object.fromEntries(answers))
    })
  })
}
