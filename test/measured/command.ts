// The built command, run as a shell runs it, in folders of its own: an empty working folder, TMPDIR, cache and data.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../sources.ts'

export const MAIN = join(ROOT, 'dist/cli/main.js')

/** Path of a model in fixtures/models, by name. */
export const fixture = (name: string): string => join(ROOT, 'fixtures/models', `${name}.onnx`)

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** The folders of one or more runs. `remove` takes them all away. */
export function folders() {
  const root = mkdtempSync(join(tmpdir(), 'test-whyslow-'))
  const [cwd, temporary, cache, data] = ['cwd', 'tmp', 'cache', 'data'].map((name) => {
    const folder = join(root, name)
    mkdirSync(folder)
    return folder
  }) as [string, string, string, string]
  return {
    root,
    cwd,
    temporary,
    cache,
    data,
    /** What the runs left: names in the working folder and in TMPDIR. */
    left: () => [...readdirSync(cwd), ...readdirSync(temporary)],
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

type Folders = ReturnType<typeof folders>

/** Starts the command; `ended` settles when it has ended and its output is read. Never blocks, since the test runner must answer. */
export function start({ cwd, temporary, cache, data }: Folders, argv: readonly string[], detached = false) {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    cwd,
    detached,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TMPDIR: temporary,
      TEMP: temporary,
      TMP: temporary,
      XDG_CACHE_HOME: cache,
      XDG_DATA_HOME: data,
      NO_COLOR: '1',
    },
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve({ status, signal, ...texts }))
  })
  return { child, ended }
}

/** Runs the command to its end. */
export const whyslow = (where: Folders, ...argv: string[]): Promise<Ended> => start(where, argv).ended
