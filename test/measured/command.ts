// The built command, run as a shell runs it, in folders of its own: an empty working folder, TMPDIR and data, a cache that knows the
// machine's roofs.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, type TestContext } from 'vitest'
import { ROOT } from '../root.ts'
import { holdLock } from '../support/hold-lock.ts'

const MAIN = join(ROOT, 'dist/whyslow/main.js')

/** Path of a model in fixtures/models, by name. */
export const fixture = (name: string): string => join(ROOT, 'fixtures/models', `${name}.onnx`)

export { onlyFull } from '../only-full.ts'

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
  cpSync(inject('roofs'), cache, { recursive: true })
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

export type Folders = ReturnType<typeof folders>

/** Folders of one test alone, so that it can run next to others. They are removed when it ends. */
export function ownFolders({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Folders {
  const own = folders()
  onTestFinished(() => own.remove())
  return own
}

/** How the command is started, where that is not as usual. */
export interface Started {
  readonly detached?: boolean
  /** Arguments of Node itself. */
  readonly node?: readonly string[]
  /** Another program than the command. */
  readonly program?: string
  /** More of its environment; what is undefined is left out. */
  readonly env?: NodeJS.ProcessEnv
}

/** Starts the command; `ended` settles when it has ended and its output is read, `said` is what it wrote so far. Never blocks, since the test runner must answer. */
export function start(
  { cwd, temporary, cache, data }: Folders,
  argv: readonly string[],
  { detached = false, node = [], program = MAIN, env = {} }: Started = {},
) {
  const child = spawn(process.execPath, [...node, program, ...argv], {
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
      ...env,
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
  return { child, ended, said: texts as Readonly<typeof texts> }
}

/** Waits until it holds; fails if the command ends before. */
export async function until({ child }: ReturnType<typeof start>, holds: () => boolean): Promise<void> {
  while (!holds() && child.exitCode === null && child.signalCode === null) await sleep(50)
  expect([child.exitCode, child.signalCode], 'it ended before').toEqual([null, null])
}

/** Runs the command to its end. */
export const whyslow = (where: Folders, ...argv: string[]): Promise<Ended> => start(where, argv).ended

/** Others may be measuring: a file of theirs may take minutes. */
const LOCK_MS = 900_000

/**
 * For a file of the project `quiet`: commands that its concurrent tests start run beside each other, as processes of one that measures, since this
 * process has the machine's lock. Only for what holds of every run, whatever the machine does meanwhile. What takes the lock in this process
 * itself would wait for ever.
 */
export function besideEachOther(): void {
  let release: () => Promise<void> = async () => {}
  beforeAll(async () => {
    release = await holdLock()
  }, LOCK_MS)
  afterAll(() => release(), LOCK_MS)
}

/** Fails unless it ended with exit code 2, one line on standard error, nothing on standard output, and nothing left behind. */
export function expectRefusal(where: Folders, { status, stdout, stderr }: Ended, says: RegExp): void {
  expect({ status, stdout, left: where.left() }, stderr).toEqual({ status: 2, stdout: '', left: [] })
  expect(stderr).toMatch(/^whyslow: [^\n]+\n$/)
  expect(stderr).not.toMatch(/this is a bug|\n\s+at |\bat \S+ \(|node:internal|TypeError|ReferenceError|RangeError/)
  expect(stderr).toMatch(says)
}

/** The command refuses these arguments, in folders of its own, so that several such tests can run at once. */
export async function refuses(argv: readonly string[], says: RegExp, started: Started = {}): Promise<void> {
  const own = folders()
  try {
    expectRefusal(own, await start(own, argv, started).ended, says)
  } finally {
    own.remove()
  }
}
