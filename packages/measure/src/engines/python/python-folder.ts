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
const OPEN = `
import importlib.util, sys, warnings
warnings.simplefilter('ignore')
spec = importlib.util.spec_from_file_location('predict', sys.argv[1] + '/predict.py')
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.load().backend)
`

export type PythonBackend = { readonly ok: true; readonly backend: string } | { readonly ok: false; readonly reason: string }

/** Opens a folder whose model is code, which is built by that: 'c', 'wasmtime' or 'numpy'. Never throws, but for an aborted signal. */
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
  if (how.code === 0) return { ok: true, backend: stdout().trim() }
  const last = stderr().trim().split('\n').at(-1)
  return { ok: false, reason: `the module does not open: ${firstLineOf(last || `its process ${endInWords(how)}`)}` }
}
