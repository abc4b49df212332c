// Ctrl-C while the user's own code runs: it hangs, forks, and starts processes in sessions of their own; none of them is left.
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LINUX } from '../needs.ts'
import { processesIn } from '../support/processes.ts'
import { folders, onlyFull, start, until } from './command.ts'

const linux = process.platform === 'linux'
const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const hasPython = spawnSync(python, ['-c', 'pass']).status === 0

/** Both say that they have begun by a file, beside TMPDIR. */
const JAVASCRIPT = `
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
export const samples = () => [1]
export function predict() {
  spawn('sleep', ['600'])
  spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref()
  writeFileSync(join(process.env.TMPDIR, '../begun'), '')
  HANG
}
`
const PYTHON = `
import os, subprocess, time
def samples():
    return [1]
def predict(x):
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
    subprocess.Popen(["sleep", "600"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    open(os.path.join(os.environ["TMPDIR"], "../begun"), "w").close()
    HANG
`
const WAYS = {
  'JavaScript that waits': ['app.mjs', JAVASCRIPT.replace('HANG', 'return new Promise((done) => setTimeout(done, 600_000))')],
  'JavaScript that blocks': ['app.mjs', JAVASCRIPT.replace('HANG', 'for (;;) {}')],
  'Python that waits': ['app.py', PYTHON.replace('HANG', 'time.sleep(600)')],
  'Python that blocks, and takes no SIGINT': [
    'app.py',
    PYTHON.replace('import os', 'import signal, os')
      .replace('    open(', '    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    open(')
      .replace('HANG', '[0 for _ in iter(int, 1)]'),
  ],
} as const

describe.skipIf(!linux).concurrent('Ctrl-C while the user’s code hangs', LINUX, () => {
  const commands = [
    ['pipeline', (file: string) => ['pipeline', file, '--quick', '--python', python]],
    ['ab', (file: string) => ['ab', file, file, '--quick', '--python', python]],
    ['pipeline --explain-gap', (file: string) => ['pipeline', file, '--explain-gap', '--quick', '--python', python]],
  ] as const
  const cases = commands.flatMap(([name, argv]) =>
    Object.entries(WAYS).map(([way, program]) => [name, way, argv, program] as const),
  )

  test.for(cases)('%s of %s', async ([command, way, argv, [name, text]], context) => {
    if (way.startsWith('Python') && !hasPython) context.skip('no Python')
    if (command !== 'pipeline' || way.includes('waits')) onlyFull(context, 'each starts several processes')
    const where = folders()
    context.onTestFinished(() => where.remove())
    const file = join(where.root, name)
    writeFileSync(file, text)
    const run = start(where, argv(file))
    await until(run, () => existsSync(join(where.root, 'begun')))
    run.child.kill('SIGINT')
    const { status, signal, stdout, stderr } = await run.ended
    expect({ status, signal, stdout, processes: processesIn(where.temporary), left: where.left() }, stderr).toEqual({
      status: 130,
      signal: null,
      stdout: '',
      processes: [],
      left: [],
    })
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})
