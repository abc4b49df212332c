// Which Python runs the user's code: the one that is named, the environment that is active, the one that lies beside the file or above it, the
// system's. In the order in which uv looks (https://docs.astral.sh/uv/pip/environments/): a VIRTUAL_ENV without pyvenv.cfg was left over by a
// shell, and counts for nothing.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** CPython from here on is what the collector runs on. */
export const OLDEST = [3, 9] as const
const PROBE_MS = 20_000

/** What finding it reads of the world. */
export interface PythonWorld {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly exists: (file: string) => boolean
}

export const pythonWorld = (): PythonWorld => ({ platform: process.platform, env: process.env, exists: fs.existsSync })

export interface NamedInterpreter {
  /** A path, or a command that is looked up on the path. */
  readonly executable: string
  /** Arguments that come first: those of `py -3`. */
  readonly arguments: readonly string[]
  /** How it was found, in words: 'named by --python', 'the environment .venv'. */
  readonly from: string
}

export type FoundInterpreter =
  | { readonly ok: true; readonly interpreter: NamedInterpreter }
  | { readonly ok: false; readonly reason: string; readonly fix: string }

export interface InterpreterQuestion {
  /** What --python named: an interpreter, an environment's folder, or a command; null: nothing. */
  readonly named: string | null
  /** The user's file, or a folder: environments are looked for beside it and above. */
  readonly beside: string
}

/** Nothing is run. */
export function findInterpreter({ named, beside }: InterpreterQuestion, world: PythonWorld): FoundInterpreter {
  if (named !== null) return findNamed(named, world)
  const { env, platform } = world
  const found = (executable: string, from: string, before: readonly string[] = []): FoundInterpreter => ({
    ok: true,
    interpreter: { executable, arguments: before, from },
  })
  const active = env.VIRTUAL_ENV
  if (active && world.exists(path.join(active, 'pyvenv.cfg'))) {
    const executable = inEnvironment(active, world)
    if (executable) return found(executable, 'the active environment (VIRTUAL_ENV)')
  }
  const conda = env.CONDA_PREFIX ? inEnvironment(env.CONDA_PREFIX, world) : null
  if (conda) return found(conda, 'the active environment (CONDA_PREFIX)')
  for (const folder of upward(path.resolve(beside))) {
    for (const name of ['.venv', 'venv', 'env']) {
      const environment = path.join(folder, name)
      if (!world.exists(path.join(environment, 'pyvenv.cfg'))) continue
      const executable = inEnvironment(environment, world)
      if (executable) return found(executable, `the environment ${environment}`)
    }
  }
  return platform === 'win32' ? found('py', 'the launcher py', ['-3']) : found('python3', 'python3 of the path')
}

function findNamed(named: string, world: PythonWorld): FoundInterpreter {
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

function inEnvironment(folder: string, { platform, exists }: PythonWorld): string | null {
  const names = platform === 'win32' ? ['Scripts/python.exe', 'python.exe'] : ['bin/python', 'bin/python3']
  return names.map((name) => path.join(folder, name)).find(exists) ?? null
}

function* upward(from: string): Generator<string> {
  for (let folder = from; ; folder = path.dirname(folder)) {
    yield folder
    if (path.dirname(folder) === folder) return
  }
}

export type Probed =
  | {
      readonly ok: true
      readonly version: string
      readonly executable: string
      readonly implementation: string
      /** Of the modules that were asked for: where they are not installed, false. Nothing is imported. */
      readonly has: Readonly<Record<string, boolean>>
      /** Versions of the distributions that were asked for, by their names on PyPI; null: not installed. */
      readonly versions: Readonly<Record<string, string | null>>
    }
  | { readonly ok: false; readonly reason: string; readonly fix: string }

/** Prints one line of JSON, in any Python 3. */
const PROBE = `
import sys, json
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

export interface Asked {
  readonly modules: readonly string[]
  readonly distributions: readonly string[]
}

/** Runs it once, to see what it is. Never throws, but for an aborted signal. */
export async function probeInterpreter(
  { executable, arguments: before, from }: NamedInterpreter,
  asked: Asked = { modules: [], distributions: [] },
  signal?: AbortSignal,
): Promise<Probed> {
  const given = [...before, '-c', PROBE, JSON.stringify(asked)]
  const { error, stdout } = await new Promise<{ error: Error | null; stdout: string }>((resolve) =>
    execFile(executable, given, { timeout: PROBE_MS, windowsHide: true, signal }, (failed, out) =>
      resolve({ error: failed, stdout: out }),
    ),
  )
  signal?.throwIfAborted()
  const said = parseProbe(stdout)
  if (said === null) {
    const why = error === null ? 'it said nothing' : error.message.split('\n')[0]!.replace(/^Command failed: .*/, 'it failed')
    return { ok: false, reason: `${executable} (${from}) could not be run: ${why}`, fix: 'name an interpreter with --python' }
  }
  return checked(said, executable)
}

type Said = Extract<Probed, { ok: true }>

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
export function checked(said: Omit<Said, 'ok'>, executable: string): Probed {
  const [major = 0, minor = 0] = said.version.split('.').map(Number)
  const fix = `name CPython ${OLDEST.join('.')} or newer with --python`
  if (said.implementation !== 'cpython') return { ok: false, reason: `${executable} is ${said.implementation}, not CPython`, fix }
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return { ok: false, reason: `${executable} is Python ${said.version}`, fix }
  return { ok: true, ...said }
}
