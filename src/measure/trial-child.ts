// The trial's process: receives one task, does it, sends the result, and ends.
import { taskRunners } from './task-runners.ts'
import type { Tasks } from './tasks.ts'

process.on('disconnect', () => process.exit(1))

process.on('message', async ({ task, input }: { task: keyof Tasks; input: never }) => {
  try {
    const run = await taskRunners[task]()
    const value = await run(input)
    process.send!({ outcome: 'measured', value })
  } catch (error) {
    process.send!({ outcome: 'failed', reason: reasonOf(error) })
  }
})

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
