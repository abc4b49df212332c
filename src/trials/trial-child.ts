// The trial's process: receives one task, does it, sends the result, and ends.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { endEngines } from '../measure/open.ts'
import { taskRunners } from '../measure/task-runners.ts'
import type { Tasks } from '../measure/tasks.ts'
import { endStarted } from './end-process.ts'

// Nobody is left to remove what this process keeps in its folder for temporary files (trial.ts).
process.on('disconnect', () => {
  endStarted()
  const folder = os.tmpdir()
  if (path.basename(folder).startsWith('whyslow-trial-'))
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  process.exit(1)
})

process.on('message', async ({ task, input }: { task: keyof Tasks; input: never }) => {
  const result = await resultOf(task, input)
  await endEngines()
  process.send!(result)
})

async function resultOf(task: keyof Tasks, input: never): Promise<unknown> {
  try {
    const run = await taskRunners[task]()
    return { outcome: 'measured', value: await run(input) }
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
