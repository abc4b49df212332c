// Loader hooks, run by Node in a thread of their own: TypeScript is stripped, and where the pass looks at calls, probes are put in.
// https://nodejs.org/api/module.html#customization-hooks
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Change, isUsers, prepareSource } from './prepare.ts'

interface Loaded {
  readonly format: string
  readonly source: string | ArrayBuffer | Uint8Array | null | undefined
  readonly shortCircuit?: boolean
}

type Next<T> = (what: string, context: object) => Promise<T>

let change: Change = 'none'

export function initialize(given: { readonly change: Change }): void {
  change = given.change
}

/** As TypeScript finds modules: './x.js' may be x.ts, './x' too. */
export async function resolve(
  specifier: string,
  context: { readonly parentURL?: string },
  next: Next<{ url: string; format?: string }>,
): Promise<{ url: string; format?: string; shortCircuit?: boolean }> {
  try {
    return await next(specifier, context)
  } catch (error) {
    const parent = context.parentURL
    if (parent === undefined || !/^\.{0,2}\//.test(specifier) || !parent.startsWith('file:')) throw error
    const base = fileURLToPath(new URL(specifier, parent))
    const found = candidates(base).find((file) => existsSync(file))
    if (found === undefined) throw error
    return { url: pathToFileURL(found).href, shortCircuit: true }
  }
}

const candidates = (base: string): string[] => [
  base.replace(/\.([cm]?)js$/, '.$1ts'),
  `${base}.ts`,
  `${base}.mts`,
  `${base}.js`,
  `${base}.mjs`,
  join(base, 'index.ts'),
  join(base, 'index.js'),
]

export async function load(url: string, context: object, next: Next<Loaded>): Promise<Loaded> {
  const file = url.startsWith('file:') ? fileURLToPath(url.replace(/[?#].*$/, '')) : null
  if (file === null || !isUsers(file)) return next(url, context)
  if (/\.[cm]?tsx?$/.test(file)) {
    const source = prepareSource(readFileSync(file, 'utf8'), file, change)
    return { format: formatOf(file, source), source, shortCircuit: true }
  }
  const loaded = await next(url, context)
  if (change === 'none' || loaded.format !== 'module' || loaded.source === null || loaded.source === undefined) return loaded
  const text = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString('utf8')
  return { ...loaded, source: prepareSource(text, file, change) }
}

/** Module format, by the file's ending, package and syntax, as Node decides it. */
function formatOf(file: string, source: string): string {
  if (/\.mts$/.test(file)) return 'module'
  if (/\.cts$/.test(file)) return 'commonjs'
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) {
      const { type } = JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string }
      if (type === 'module' || type === 'commonjs') return type
      break
    }
    if (dirname(folder) === folder) break
  }
  return /^\s*(import|export)\b/m.test(source) ? 'module' : 'commonjs'
}
