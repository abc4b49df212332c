// A folder that `fix` ships, opened as a Python service opens it: through its own predict.py, in the interpreter that is named.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { endInWords, startProcess, textFrom } from '../../processes/start-process.ts'
import { isolatedEnvironment } from '../../python/interpreter.ts'
import type { ShippedFolder } from '../shipped-folder.ts'
import type { Engine } from '../types.ts'
import { openPython } from './python-session.ts'

/** What tasks use of an engine; whether the interpreter has what the folder needs was found out before. */
export const engineOfPythonFolder = ({
  folder,
  python,
}: Pick<Required<ShippedFolder>, 'folder' | 'python'>): Pick<Engine, 'available' | 'open'> => ({
  available: async () => ({ ok: true, version: '', device: 'cpu', deviceKind: 'cpu', from: python, accelerators: [] }),
  open: (_, options) => openPython('folder', folder, { ...options, configEntries: {}, python }),
})

/** A large forest's C takes a compiler a minute. */
const BUILD_MS = 300_000
/** What a backend must gain to be taken in place of the one before. */
const LEAST_GAIN = 1.05
/** Opens the folder's model by each backend and times them in turns, by numbers of rows: the least of several rounds, µs. */
const OPEN = `
import importlib.util, json, sys, time, warnings
import numpy as np
warnings.simplefilter('ignore')
folder = sys.argv[1]
spec = importlib.util.spec_from_file_location('predict', folder + '/predict.py')
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
opened = {}
for backend in ('c', 'wasmtime'):
    try:
        opened[backend] = module.load(backend=backend)
    except Exception:
        pass
taken = module.load().backend
with open(folder + '/options.json', encoding='utf-8') as file:
    compiled = json.load(file)['compiled']
random = np.random.default_rng(0)
def feeds(rows):
    made = {}
    for one in compiled['inputs']:
        shape = (rows, one['columns'])
        if one['dtype'] == 'string':
            made[one['name']] = np.array(compiled['texts'] or [''], dtype=object)[random.integers(0, max(1, len(compiled['texts'])), shape)]
        else:
            made[one['name']] = (random.normal(size=shape) * 10 ** random.uniform(-1, 2, (1, one['columns']))).astype(module.INPUTS[one['name']])
    return made
times = []
if len(opened) > 1:
    for rows in (1, 16, 128, 1000):
        given, least = feeds(rows), {}
        for turn in range(7):
            for backend, model in opened.items():
                start, count = time.perf_counter(), 0
                while count < 3 or time.perf_counter() - start < 0.01:
                    model.predict(given)
                    count += 1
                least[backend] = min(least.get(backend, 1e9), (time.perf_counter() - start) / count)
        times.append({'rows': rows, 'us': {backend: 1e6 * one for backend, one in least.items()}})
print(json.dumps({'backend': taken, 'times': times}))
`

/** Which backend predicts from a number of rows on. */
export interface BackendFrom {
  readonly from: number
  readonly backend: string
}

export interface BackendTime {
  readonly rows: number
  /** Time of a prediction, by backend. */
  readonly us: Readonly<Record<string, number>>
}

export type PythonBackend =
  | { readonly ok: true; readonly backend: string; readonly backends: readonly BackendFrom[] }
  | { readonly ok: false; readonly reason: string }

/**
 * Opens a folder whose model is code, which is built by that: 'c', 'wasmtime' or 'numpy'. `backends`: the fastest for one row and for more, timed in turns; none if
 * one alone runs here. Never throws, but for an aborted signal.
 */
export async function pythonBackend(folder: string, python: string, signal?: AbortSignal): Promise<PythonBackend> {
  const { child, ended } = startProcess({
    executable: python,
    words: ['-c', OPEN, folder],
    stdio: ['ignore', 'pipe', 'pipe'],
    env: isolatedEnvironment(process.env),
    limits: { timeMs: BUILD_MS, signal },
  })
  const [stdout, stderr] = [textFrom(child.stdout), textFrom(child.stderr)]
  const how = await ended
  signal?.throwIfAborted()
  if (how.code === 0) {
    const told = JSON.parse(stdout().trim()) as { readonly backend: string; readonly times: readonly BackendTime[] }
    return { ok: true, backend: told.backend, backends: fastestBackends(told.times) }
  }
  const last = stderr().trim().split('\n').at(-1)
  return { ok: false, reason: `the module does not open: ${firstLineOf(last || `its process ${endInWords(how)}`)}` }
}

/** The first backend, and others from where they are surely faster; `times` by rising numbers of rows, backends in the order in which they are tried. */
export function fastestBackends(times: readonly BackendTime[]): readonly BackendFrom[] {
  const found: BackendFrom[] = []
  for (const { rows, us } of times) {
    const before = found.at(-1)?.backend ?? Object.keys(us)[0]
    if (before === undefined) return []
    const best = Object.keys(us).reduce((a, b) => (us[b]! < us[a]! ? b : a))
    const backend = us[before]! / us[best]! >= LEAST_GAIN ? best : before
    if (backend !== found.at(-1)?.backend) found.push({ from: found.length === 0 ? 1 : rows, backend })
  }
  return found
}
