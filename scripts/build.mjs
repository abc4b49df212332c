// Builds dist/ from packages/: turns TypeScript into JavaScript without checking types (`npm run types` checks them), makes the code that checks
// saved documents, builds the page (build-web.mjs) and the shipped server (build-serve.mjs), copies what is not TypeScript, removes what has no
// source any more, and makes the command executable. When packages/ and dist/ are as the last build left them, nothing runs.
// Declarations (.d.ts) are made when the package is packed (package.json: prepack).
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { build } from 'esbuild'
import { cache, root } from './cache.mjs'
import { dist, outputOf, sourceFiles, sourceOf, withRelativeImports } from './packages.mjs'

const stamp = join(cache, 'build-stamp')
const command = join(root, 'dist/whyslow/main.js')
const web = join(root, 'packages/report/web')
const copied = /\.(json|mjs|d\.mts|py|wasm|html|css|jpg)$/
// As tsconfig.build.json excludes them.
const leftOut = /\.(test|d)\.ts$/
const scripts = ['build', 'build-serve', 'build-web', 'cache', 'make-schema', 'make-validators', 'packages', 'prom-client'].map(
  (name) => `scripts/${name}.mjs`,
)
const settings = ['tsconfig.json', 'package.json', 'package-lock.json', ...scripts].map((name) => join(root, name))

if (existsSync(command) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()) process.exit(0)

rmSync(stamp, { force: true })
const sources = sourceFiles()
await transpile(sources.filter((file) => file.endsWith('.ts') && !leftOut.test(file)))
await bundlePage()
const { writeValidators, VALIDATORS } = await import('./make-validators.mjs')
writeValidators(root)
const { buildWeb, shellFile } = await import('./build-web.mjs')
await buildWeb()
const { buildServe, bundleFiles } = await import('./build-serve.mjs')
for (const file of sources.filter((name) => copied.test(name))) cpSync(file, outputOf(file))
await buildServe()
for (const file of files(dist)) if (file !== shellFile && !bundleFiles.includes(file) && !hasSource(file)) rmSync(file)
chmodSync(command, 0o755)
mkdirSync(cache, { recursive: true })
writeFileSync(stamp, fingerprint())

/** Writes one JavaScript file for each source. Imports name the files that are written: './a.ts' becomes './a.js', '@whyslow/graph/a.ts' '../graph/a.js'. */
async function transpile(entryPoints) {
  const { outputFiles } = await build({
    entryPoints,
    outbase: join(root, 'packages'),
    outdir: dist,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    tsconfig: join(root, 'tsconfig.json'),
  })
  for (const { path, text } of outputFiles) {
    const [name, , ...rest] = relative(dist, path).split(sep)
    const output = join(dist, name, ...rest)
    mkdirSync(dirname(output), { recursive: true })
    writeFileSync(output, withRelativeImports(text, output))
  }
}

/** Over its own file: what onnxruntime-web's page runs, with all that it imports, since a browser is served no other file of ours. */
async function bundlePage() {
  const source = join(root, 'packages/measure/src/engines/onnxruntime/browser/page.ts')
  await build({
    entryPoints: [source],
    outfile: outputOf(source).replace(/\.ts$/, '.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    tsconfig: join(root, 'tsconfig.json'),
  })
}

function hasSource(output) {
  const name = relative(dist, output)
  if (VALIDATORS.includes(`dist/${name.split(sep).join('/')}`)) return true
  const path = sourceOf(output)
  return copied.test(path) ? existsSync(path) : existsSync(path.replace(/\.js$/, '.ts'))
}

function files(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function fingerprint() {
  const hash = createHash('sha256')
  for (const file of [...settings, ...sourceFiles(), ...files(web), ...files(dist)].filter(existsSync).sort()) {
    const { mtimeMs, size } = statSync(file)
    hash.update(`${relative(root, file)} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex')
}
