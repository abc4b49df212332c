// Builds dist/ from src/: compiles, makes the code that checks saved documents, builds the page (build-web.mjs), copies what is not
// TypeScript, removes what has no source any more, makes the command executable. When neither src/, web/ nor dist/ has changed since the
// last build, nothing runs.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { buildInfo, cache, root } from './cache.mjs'

const src = join(root, 'src')
const dist = join(root, 'dist')
const stamp = join(cache, 'build-stamp')
const command = join(dist, 'cli/main.js')
const validators = join(dist, 'validators')
const web = join(root, 'web')
const copied = /\.(json|mjs|py|wasm|html|css)$/
// As tsconfig.build.json excludes them.
const leftOut = /(\.test|[\\/](check|example)-[^\\/]*|\.d)\.ts$/
const scripts = ['build', 'build-serve', 'build-web', 'cache', 'make-schema', 'make-validators', 'prom-client'].map(
  (name) => `scripts/${name}.mjs`,
)
const settings = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json', ...scripts].map((name) =>
  join(root, name),
)

if (existsSync(command) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()) process.exit(0)

rmSync(stamp, { force: true })
let succeeded = compile()
if (isIncomplete()) {
  // The compiler remembers that it wrote what was since removed.
  rmSync(buildInfo, { force: true })
  succeeded = compile()
}
const { writeValidators, VALIDATORS } = await import('./make-validators.mjs')
writeValidators(validators)
const { buildWeb, shellFile } = await import('./build-web.mjs')
await buildWeb()
const { buildServe, bundleFiles } = await import('./build-serve.mjs')
for (const file of files(src).filter((name) => copied.test(name))) cpSync(file, join(dist, relative(src, file)))
await buildServe()
for (const file of files(dist)) if (file !== shellFile && !bundleFiles.includes(file) && !hasSource(file)) rmSync(file)
if (existsSync(command)) chmodSync(command, 0o755)
if (!succeeded) process.exit(1)
mkdirSync(cache, { recursive: true })
writeFileSync(stamp, fingerprint())

function compile() {
  const tsc = createRequire(import.meta.url).resolve('typescript/lib/tsc.js')
  const argv = [tsc, '-p', join(root, 'tsconfig.build.json'), '--tsBuildInfoFile', buildInfo]
  return spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' }).status === 0
}

function isIncomplete() {
  const sources = files(src).filter((file) => file.endsWith('.ts') && !leftOut.test(file))
  return sources.some((file) => !existsSync(join(dist, relative(src, file)).replace(/\.ts$/, '.js')))
}

function hasSource(output) {
  if (dirname(output) === validators) return VALIDATORS.includes(basename(output))
  const path = join(src, relative(dist, output))
  return copied.test(path) ? existsSync(path) : existsSync(path.replace(/(\.d\.ts|\.js)$/, '.ts'))
}

function files(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function fingerprint() {
  const hash = createHash('sha256')
  for (const file of [...settings, ...files(src), ...files(web), ...files(dist)].filter(existsSync).sort()) {
    const { mtimeMs, size } = statSync(file)
    hash.update(`${relative(root, file)} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex')
}
