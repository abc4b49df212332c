// Which trials a command has begun: what a test waits for before it sends a signal.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Folders } from '../measured/command.ts'

/** Runs before every process of the command. A trial's writes the id of its task once it has it, and then a file again and again while it turns. */
const PRELOAD = `import { appendFileSync, writeFileSync } from 'node:fs'
const file = process.env.TEST_TASKS
const { emit } = process
if (process.argv[1]?.endsWith('trial-child.js')) process.emit = function (name, message) {
  if (name === 'message' && message?.id !== undefined) {
    appendFileSync(file, message.id + '\\n')
    const turn = () => writeFileSync(file + '-turns', '')
    turn()
    setInterval(turn, 20).unref()
  }
  return emit.apply(this, arguments)
}`
/** A process whose event loop stands still this long is in native code, or in a loop of its own. */
const STILL_MS = 1000

/** For the environment of a command in these folders. */
export function watchTasks({ root }: Folders) {
  const file = join(root, 'tasks')
  const read = (): readonly string[] => {
    try {
      return readFileSync(file, 'utf8').split('\n').slice(0, -1)
    } catch {
      return []
    }
  }
  return {
    env: { TEST_TASKS: file, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(PRELOAD)}` },
    /** Ids of the tasks that were begun, in order. */
    begun: read,
    /** Whether the last task is one of these, and its event loop turns no more. */
    hangsIn: (id: string): boolean =>
      read().at(-1) === id &&
      Date.now() - (statSync(`${file}-turns`, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > STILL_MS,
  }
}
