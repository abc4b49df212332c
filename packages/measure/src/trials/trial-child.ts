// The trial's process: receives one task, does it, sends the result, and ends.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { endStarted } from '../processes/end-process.ts'
import { endWithParent } from './end-with-parent.ts'
import { endEngines } from './engine-of.ts'
import type { Task } from './port.ts'

// Nobody else is left to remove what this process keeps in its folder for temporary files (local-runner.ts).
const folder = /^(whyslow-)?trial-/.test(path.basename(os.tmpdir())) ? os.tmpdir() : null
endWithParent(folder)
process.on('disconnect', () => {
  endStarted()
  if (folder !== null) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  process.exit(1)
})

interface Asked {
  readonly id: string
  readonly module: string
  readonly input: unknown
}

process.on('message', async (asked: Asked) => {
  const result = await resultOf(asked)
  await endEngines()
  process.send!(result)
})

async function resultOf({ id, module, input }: Asked): Promise<unknown> {
  try {
    const exported: readonly unknown[] = Object.values(await import(module))
    const task = exported.find((one): one is Task<unknown, unknown> => (one as Partial<Task<unknown, unknown>> | null)?.id === id)
    if (task === undefined) throw new Error(`${module} exports no task ${id}`)
    return { outcome: 'measured', value: await task.run(input) }
  } catch (error) {
    return { outcome: 'failed', reason: reasonOf(error) }
  }
}

/** One line, the engine's own words. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return (
    message
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
      .join(' ')
      .slice(0, 1000) || 'no reason given'
  )
}
