// What native-typescript.mjs registers: esbuild turns a file into JavaScript once, and its text is the key to what was made of it.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { cache, root } from '../scripts/cache.mjs'

const folder = join(cache, 'typescript')
mkdirSync(folder, { recursive: true })

/** What a stack names are lines of the source. */
const OPTIONS = {
  loader: 'ts',
  // Older ones know no `with { type: 'json' }`.
  target: 'node20.19',
  sourcemap: 'inline',
  sourcesContent: false,
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
}
const maker = JSON.stringify([createRequire(import.meta.url)('esbuild/package.json').version, OPTIONS])

/** Vitest asks for each import that it hears of whether a file has changed; a run that ends need not hear of any. */
const isRun = process.env.VITEST_MODE === 'RUN'

/**
 * Sources name files, so that nothing is searched: '@whyslow/graph/view.ts' is what packages/graph/package.json says.
 * @type {import('node:module').ResolveHook}
 */
export async function resolve(specifier, context, nextResolve) {
  if (!isRun || !specifier.endsWith('.ts')) return nextResolve(specifier, context)
  const own = /^@whyslow\/([^/]+)\/(support\/)?(.+)$/.exec(specifier)
  const url =
    own !== null
      ? pathToFileURL(join(root, 'packages', own[1], own[2] === undefined ? 'src' : 'test/support', own[3])).href
      : specifier.startsWith('.')
        ? new URL(specifier, context.parentURL).href
        : null
  return url === null ? nextResolve(specifier, context) : { url, format: 'module', shortCircuit: true }
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  const { protocol, pathname } = new URL(url)
  if (protocol !== 'file:' || !pathname.endsWith('.ts')) return nextLoad(url, context)
  const file = fileURLToPath(new URL(pathname, url))
  return { format: 'module', shortCircuit: true, source: await javascriptOf(file) }
}

async function javascriptOf(file) {
  const options = { ...OPTIONS, sourcefile: basename(file) }
  const text = readFileSync(file)
  const key = createHash('sha1').update(`${maker} ${options.sourcefile}\n`).update(text)
  const kept = join(folder, `${key.digest('hex')}.js`)
  try {
    return readFileSync(kept)
  } catch {
    // Not made yet.
  }
  // Most workers find all files made.
  const { transform } = await import('esbuild')
  const { code } = await transform(text, options)
  // Other workers may be making the same.
  const own = `${kept}.${process.pid}`
  writeFileSync(own, code)
  renameSync(own, kept)
  return code
}
