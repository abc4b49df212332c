// Which Python runs the user's code: the one that is named, the environment that is active, the one next to the file or above it, the
// system's. In the order in which uv looks (https://docs.astral.sh/uv/pip/environments/): a VIRTUAL_ENV without pyvenv.cfg was left over by a
// shell, and counts for nothing. Environments that are found, not named, must be the user's own (machine/own-files.ts): to ask one what it has
// runs what it holds.
import fs from 'node:fs'
import path from 'node:path'
import { type Owners, owners, ownFoldersFrom, whyNotOwn } from '../machine/own-files.ts'
import { endInWords, startProcess, textFrom } from '../processes/start-process.ts'

/** CPython from here on is what the collector runs on. */
const OLDEST = [3, 9] as const
const PROBE_MS = 20_000

/** What finding it reads of the world. */
export interface PythonEnvironment {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly exists: (file: string) => boolean
  readonly owners: Owners
}

export const pythonEnvironment = (): PythonEnvironment => ({
  platform: process.platform,
  env: process.env,
  exists: fs.existsSync,
  owners: owners(),
})

export interface NamedInterpreter {
  /** A path, or a command that is looked up on the path. */
  readonly executable: string
  /** Arguments that come first: those of `py -3`. */
  readonly arguments: readonly string[]
  /** How it was found, in words: 'named by --python', 'the environment .venv'. */
  readonly from: string
  /** The nearest environment that was not taken, and why, in one line; absent: there was none. */
  readonly passedOver?: string
}

export type FoundInterpreter =
  | { readonly ok: true; readonly interpreter: NamedInterpreter }
  | { readonly ok: false; readonly reason: string; readonly fix: string }

export interface InterpreterQuestion {
  /** What --python named: an interpreter, an environment's folder, or a command; null: nothing. */
  readonly named: string | null
  /** The user's file, or a folder: environments are looked for next to it and above, in the user's own folders. */
  readonly beside: string
}

/** Nothing is run. */
export function findInterpreter({ named, beside }: InterpreterQuestion, world: PythonEnvironment): FoundInterpreter {
  if (named !== null) return findNamed(named, world)
  const { env, platform } = world
  if (env.WHYSLOW_PYTHON === 'off')
    return { ok: false, reason: 'Python is switched off (WHYSLOW_PYTHON=off)', fix: 'name an interpreter with --python' }
  const found = (executable: string, from: string, before: readonly string[] = [], passedOver?: string): FoundInterpreter => ({
    ok: true,
    interpreter: { executable, arguments: before, from, ...(passedOver === undefined ? {} : { passedOver }) },
  })
  const active = env.VIRTUAL_ENV
  if (active && world.exists(path.join(active, 'pyvenv.cfg'))) {
    const executable = inEnvironment(active, world)
    if (executable) return found(executable, 'the active environment (VIRTUAL_ENV)')
  }
  const conda = env.CONDA_PREFIX ? inEnvironment(env.CONDA_PREFIX, world) : null
  if (conda) return found(conda, 'the active environment (CONDA_PREFIX)')
  let passedOver: string | undefined
  const start = startOf(beside, world)
  const own = [...ownFoldersFrom(start, world.owners)]
  // Of a folder that is another user's none is taken, and it is said.
  for (const folder of own.length === 0 ? [start] : own) {
    for (const name of ['.venv', 'venv', 'env']) {
      const environment = path.join(folder, name)
      const configuration = path.join(environment, 'pyvenv.cfg')
      if (!world.exists(configuration)) continue
      const executable = inEnvironment(environment, world)
      if (!executable) continue
      const files = [...(own.length === 0 ? [start] : []), environment, configuration, executable]
      const against = whyNotOwn(environment, files, world.owners)
      if (against === null) return found(executable, `the environment ${environment}`)
      passedOver ??= `the environment ${environment} was passed over: ${against}; --python takes it all the same`
    }
  }
  return platform === 'win32'
    ? found('py', 'the launcher py', ['-3'], passedOver)
    : found('python3', 'python3 of the path', [], passedOver)
}

/** The folder that a file is in. */
function startOf(beside: string, { exists }: PythonEnvironment): string {
  const at = path.resolve(beside)
  return exists(`${at}${path.sep}.`) ? at : path.dirname(at)
}

function findNamed(named: string, world: PythonEnvironment): FoundInterpreter {
  const from = 'named by --python'
  const inside = inEnvironment(named, world)
  if (inside) return { ok: true, interpreter: { executable: inside, arguments: [], from } }
  const isPath = /[\\/]/.test(named)
  if (isPath && !world.exists(named))
    return {
      ok: false,
      reason: `--python ${named}: there is no such file`,
      fix: 'name an interpreter or an environment, such as .venv/bin/python',
    }
  return { ok: true, interpreter: { executable: isPath ? path.resolve(named) : named, arguments: [], from } }
}

function inEnvironment(folder: string, { platform, exists }: PythonEnvironment): string | null {
  const names = platform === 'win32' ? ['Scripts/python.exe', 'python.exe'] : ['bin/python', 'bin/python3']
  return names.map((name) => path.join(folder, name)).find(exists) ?? null
}

export type ProbeResult =
  | {
      readonly ok: true
      readonly version: string
      readonly executable: string
      readonly implementation: string
      /** Whether each requested module is installed. Nothing is imported. */
      readonly has: Readonly<Record<string, boolean>>
      /** Versions of the distributions that were requested, by their names on PyPI; null: not installed. */
      readonly versions: Readonly<Record<string, string | null>>
    }
  | { readonly ok: false; readonly reason: string; readonly fix: string }

/**
 * The environment of a Python that whyslow asks on its own account, without the user's program: nothing is imported from the current folder,
 * or from `folder`, by way of PYTHONPATH. (`-I` would also hide packages that are installed for the user.)
 */
export function isolatedEnvironment(env: NodeJS.ProcessEnv, folder?: string): NodeJS.ProcessEnv {
  const away = [process.cwd(), folder].flatMap((one) => (one === undefined ? [] : [real(one)]))
  const kept = env.PYTHONPATH?.split(path.delimiter).filter((entry) => path.isAbsolute(entry) && !away.includes(real(entry)))
  return { ...env, PYTHONPATH: kept?.join(path.delimiter) || undefined }
}

function real(folder: string): string {
  try {
    return fs.realpathSync(folder)
  } catch {
    return path.resolve(folder)
  }
}

/** Prints one line of JSON, in any Python 3. The current folder, which is first on the path of `-c`, leaves it before anything is imported. */
const PROBE = `
import sys
sys.path[:] = [one for one in sys.path if one]
import json
from importlib import util
def has(name):
    try: return util.find_spec(name) is not None
    except Exception: return False
def version(name):
    try:
        from importlib import metadata
        return metadata.version(name)
    except Exception: return None
asked = json.loads(sys.argv[1])
print(json.dumps({'version': '%d.%d.%d' % sys.version_info[:3], 'executable': sys.executable, 'implementation': sys.implementation.name,
'has': {n: has(n) for n in asked['modules']}, 'versions': {n: version(n) for n in asked['distributions']}}))
`

export interface InterpreterRequest {
  readonly modules: readonly string[]
  readonly distributions: readonly string[]
}

/** Runs it once, to see what it is. Never throws, but for an aborted signal. */
export async function probeInterpreter(
  { executable, arguments: before, from }: NamedInterpreter,
  asked: InterpreterRequest = { modules: [], distributions: [] },
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const given = [...before, '-c', PROBE, JSON.stringify(asked)]
  const { child, ended } = startProcess({
    executable,
    words: given,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: isolatedEnvironment(process.env),
    limits: { timeMs: PROBE_MS, signal },
  })
  const stdout = textFrom(child.stdout)
  const how = await ended
  signal?.throwIfAborted()
  const said = parseProbe(stdout())
  if (said === null) {
    const late = `it did not answer within ${PROBE_MS / 1000} s`
    const why = how.stop !== null ? late : how.code === 0 ? 'it printed nothing' : (how.error?.message ?? `it ${endInWords(how)}`)
    return { ok: false, reason: `${executable} (${from}) could not be run: ${why}`, fix: 'name an interpreter with --python' }
  }
  return checkProbe(said, executable)
}

type Said = Extract<ProbeResult, { ok: true }>

/** null: not what the probe prints. */
function parseProbe(stdout: string): Omit<Said, 'ok'> | null {
  const line = stdout.split('\n').findLast((one) => one.startsWith('{'))
  try {
    return line === undefined ? null : (JSON.parse(line) as Omit<Said, 'ok'>)
  } catch {
    return null
  }
}

/** Whether the collector runs there. */
export function checkProbe(said: Omit<Said, 'ok'>, executable: string): ProbeResult {
  const [major = 0, minor = 0] = said.version.split('.').map(Number)
  const fix = `name CPython ${OLDEST.join('.')} or newer with --python`
  if (said.implementation !== 'cpython') return { ok: false, reason: `${executable} is ${said.implementation}, not CPython`, fix }
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return { ok: false, reason: `${executable} is Python ${said.version}`, fix }
  return { ok: true, ...said }
}
