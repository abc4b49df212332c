import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { LINUX } from '../../../../test/needs.ts'
import { isRunning } from '../../../../test/support/processes.ts'
import { descendantsOf, endAtOnce } from './end-process.ts'

const hasPs = spawnSync('ps', ['-A', '-o', 'pid=']).status === 0

it.runIf(process.platform === 'linux')(
  'ends a process, what it started, and what that started in a session of its own',
  LINUX,
  async () => {
    const sleeper = 'setTimeout(() => {}, 60_000)'
    const middle = `const c = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(sleeper)}], { detached: true, stdio: 'ignore' }); console.log(c.pid); ${sleeper}`
    const child = spawn(process.execPath, ['-e', middle], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [text] = await once(child.stdout!, 'data')
    const grandchild = Number(String(text))
    expect(descendantsOf(child.pid!)).toEqual([grandchild])
    // As macOS tells it; some containers are without ps.
    if (hasPs) expect(descendantsOf(child.pid!, 'darwin')).toEqual([grandchild])
    const exited = once(child, 'exit')
    endAtOnce(child)
    await exited
    await expect.poll(() => isRunning(grandchild)).toBe(false)
  },
)
