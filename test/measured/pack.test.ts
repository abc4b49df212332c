// What is published works: the packed tarball, installed into an empty folder, answers there.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { needs } from '../needs.ts'
import { onlyFull } from '../only-full.ts'
import { ROOT } from '../root.ts'

const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|E401|E403|E407)\b/
/** Beside the engine, what is installed stays small: below the 8 MB that the design allows, photos of 80 kB included. */
const MOST_BYTES = 7.5e6

const folder = mkdtempSync(join(tmpdir(), 'whyslow-pack-'))
/** What is packed, as the build left it: packing rewrites dist/, and the tests that follow want it as it is. */
const source = join(folder, 'source')
const PACKED = ['dist', 'scripts', 'docs/findings', 'package.json', 'README.md', 'LICENSE', 'NOTICE']
const env = {
  ...process.env,
  ONNXRUNTIME_NODE_INSTALL: 'skip',
  XDG_CACHE_HOME: join(folder, 'cache'),
  NO_COLOR: '1',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
}
cpSync(inject('roofs'), env.XDG_CACHE_HOME, { recursive: true })
let unreachable: string | undefined
let packed: readonly string[] = []
let tarballFile = ''

function npm(cwd: string, ...words: string[]) {
  // A report with all samples of a tiny model passes the megabyte that is allowed by default.
  return spawnSync('npm', words, { cwd, env, encoding: 'utf8', shell: process.platform === 'win32', maxBuffer: 64 * 2 ** 20 })
}

beforeAll(() => {
  for (const path of PACKED) cpSync(join(ROOT, path), join(source, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'), 'junction')
  const about = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { prepack: string } }
  const [build, declarations, ...more] = about.scripts.prepack.split(' && ')
  // The tests have built it, and declarations are made where `npm run types` has made most of them.
  expect([build, declarations]).toEqual(['npm run build', 'node scripts/declarations.mjs'])
  const made = spawnSync(process.execPath, [join(ROOT, 'scripts/declarations.mjs'), join(source, 'dist')], { encoding: 'utf8' })
  expect(made.status, made.stdout).toBe(0)
  about.scripts.prepack = more.join(' && ')
  writeFileSync(join(source, 'package.json'), JSON.stringify(about))
  const pack = npm(source, 'pack', '--json', '--pack-destination', folder)
  expect(pack.status, pack.stderr).toBe(0)
  // What the build prints comes before the list.
  const [tarball] = JSON.parse(pack.stdout.slice(pack.stdout.search(/^\[/m))) as { filename: string; files: { path: string }[] }[]
  packed = tarball!.files.map(({ path }) => path)
  tarballFile = join(folder, tarball!.filename)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const install = npm(folder, 'install', '--prefer-offline', join(folder, tarball!.filename))
  if (install.status !== 0) {
    unreachable = UNREACHABLE.exec(install.stderr)?.[0]
    expect(unreachable, install.stderr).toBeDefined()
  } else if (process.env.WHYSLOW_PACK_TO !== undefined) cpSync(tarballFile, process.env.WHYSLOW_PACK_TO)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('holds what is published and no tests', () => {
  expect(packed).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'NOTICE', 'dist/whyslow/main.js']))
  // What made-up images are cut from.
  expect(packed.filter((path) => /^dist\/measure\/samples\/photos\/\w+\.jpg$/.test(path))).toHaveLength(6)
  expect(packed.filter((path) => /\.test\.|^src\/|^test\/|\/(check|example)-[^/]+\.(js|d\.ts)$/.test(path))).toEqual([])
})

test('the command starts and says its version', ({ skip }) => {
  if (unreachable !== undefined) skip(`the npm registry cannot be reached: ${unreachable}`)
  const { status, stdout } = npm(folder, 'exec', '--offline', '--', 'whyslow', '--version')
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: version })
})

test('a model is measured and explained', (context) => {
  onlyFull(context, 'the main job once more')
  if (unreachable !== undefined) context.skip(`the npm registry cannot be reached: ${unreachable}`)
  cpSync(join(ROOT, 'fixtures/models/symbolic-batch.onnx'), join(folder, 'model.onnx'))
  const run = npm(
    folder,
    'exec',
    '--offline',
    '--',
    'whyslow',
    'model.onnx',
    '--quick',
    '--duration',
    '0.3',
    '--no-progress',
    '--json',
    '-',
  )
  expect(run.status, run.stderr).toBe(0)
  const report = JSON.parse(run.stdout) as { schema: string; answer: string; latency: { p50Ms: number } }
  expect(report.schema).toBe('whyslow-report/2')
  expect(report.answer).not.toBe('')
  expect(report.latency.p50Ms).toBeGreaterThan(0)
})

test('agents are answered', ({ skip }) => {
  if (unreachable !== undefined) skip(`the npm registry cannot be reached: ${unreachable}`)
  const asked = [
    {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    },
    { method: 'notifications/initialized' },
    { id: 2, method: 'tools/list' },
  ]
  const input = asked.map((one) => `${JSON.stringify({ jsonrpc: '2.0', ...one })}\n`).join('')
  const main = join(folder, 'node_modules/whyslow/dist/whyslow/main.js')
  const run = spawnSync(process.execPath, [main, 'mcp'], { cwd: folder, env, input, encoding: 'utf8' })
  expect(run.status, run.stderr).toBe(0)
  const answers = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { result: { tools?: unknown[] } })
  expect(answers.map(({ result }) => result.tools?.length)).toEqual([undefined, 6])
})

test('its declarations stand on their own', ({ skip }) => {
  if (unreachable !== undefined) skip(`the npm registry cannot be reached: ${unreachable}`)
  writeFileSync(
    join(folder, 'uses.mts'),
    "import { readModel } from 'whyslow'\nexport const opset: bigint = (await readModel('m.onnx')).proto.opsetImport[0]!.version\n",
  )
  const compilerOptions = {
    noEmit: true,
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom'],
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['uses.mts'] }))
  const tsc = join(ROOT, 'node_modules/typescript/lib/tsc.js')
  const checked = spawnSync(process.execPath, [tsc, '-p', folder], { cwd: folder, env, encoding: 'utf8' })
  expect([checked.stdout, checked.status]).toEqual(['', 0])
})

test('the library loads', ({ skip }) => {
  if (unreachable !== undefined) skip(`the npm registry cannot be reached: ${unreachable}`)
  const script = "import { why, readModel } from 'whyslow'; console.log(typeof why, typeof readModel)"
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, env, encoding: 'utf8' })
  expect(run.stdout.trim(), run.stderr).toBe('function function')
})

test('brings little beside the engine', ({ skip }) => {
  if (unreachable !== undefined) skip(`the npm registry cannot be reached: ${unreachable}`)
  const engine = ['onnxruntime-node', 'onnxruntime-common']
  const modules = join(folder, 'node_modules')
  // The packages that onnxruntime-node's install script needs count as the engine's.
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dependencies?: Record<string, string> }>
  }
  const own = new Set<string>()
  const todo = ['whyslow']
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (own.has(name) || engine.includes(name)) continue
    own.add(name)
    todo.push(...Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {}))
  }
  const bytes = [...own].reduce((sum, name) => sum + sizeOf(join(modules, name)), 0)
  expect([...own]).toContain('adm-zip')
  expect(bytes).toBeLessThan(MOST_BYTES)
})

const python = spawnSync('python3', ['-m', 'pip', '--version']).status === 0 && process.platform !== 'win32'

test.skipIf(!python)(
  'the wheel made of it installs without a network and passes its tests',
  needs('python3 with pip'),
  ({ onTestFinished }) => {
    // Apart from the folder that npm installed the engine into.
    const apart = mkdtempSync(join(tmpdir(), 'whyslow-wheel-'))
    onTestFinished(() => rmSync(apart, { recursive: true, force: true }))
    const [installed, packages] = ['python', 'packages'].map((name) => join(apart, name)) as [string, string]
    const run = (args: readonly string[], more: NodeJS.ProcessEnv = {}) => {
      const ended = spawnSync('python3', args, { cwd: apart, env: { ...env, ...more }, encoding: 'utf8' })
      expect(ended.status, ended.stderr).toBe(0)
      return ended
    }
    const made = run([join(ROOT, 'scripts/make-wheel.py'), '--tarball', tarballFile, '--out', apart])
    run(['-m', 'pip', 'install', '--no-deps', '--no-index', '--target', installed, made.stdout.trim()])
    mkdirSync(packages)
    symlinkSync(join(ROOT, 'node_modules'), join(packages, 'node_modules'), 'junction')
    for (const name of readdirSync(join(ROOT, 'python/tests')).filter((name) => name.endsWith('.py')))
      run([join(ROOT, 'python/tests', name)], {
        PYTHONPATH: installed,
        WHYSLOW_PACKAGES: packages,
        WHYSLOW_TEST_MODEL: join(ROOT, 'fixtures/models/credit_mlp.onnx'),
        WHYSLOW_TEST_REPORTS: join(ROOT, 'fixtures/golden'),
      })
  },
)

function sizeOf(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + readFileSync(join(entry.parentPath, entry.name)).byteLength, 0)
}
