// `npm run new` starts a peer whole, with types and lint in order, writes over nothing, and lists it in its index.ts.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type typescript from 'typescript'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startPeer } from '../scripts/new.mjs'
import { onlyFull } from './only-full.ts'
import { ROOT } from './root.ts'
import { ts } from './typescript.ts'

const INDICES = [
  'packages/model/src/diagnose/rules/index.ts',
  'packages/traces/src/rules/index.ts',
  'packages/code/src/rules/index.ts',
  'packages/serving/src/load/rules/index.ts',
  'packages/model/src/remedies/index.ts',
  'packages/formats/src/index.ts',
  'packages/measure/src/engines/index.ts',
]

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-new-'))
  for (const path of [
    'docs/findings',
    'docs/remedies',
    'packages/model/src/diagnose/rules',
    'packages/traces/src/rules',
    'packages/code/src/rules',
    'packages/serving/src/load/rules',
    'packages/formats/src',
    'packages/measure/src/engines',
  ])
    mkdirSync(join(folder, path), { recursive: true })
  for (const group of ['settings', 'rewrites', 'approximate'])
    mkdirSync(join(folder, 'packages/model/src/remedies', group), { recursive: true })
  for (const index of [...INDICES, 'docs/engines.md', 'biome.json']) cpSync(join(ROOT, index), join(folder, index))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (...words: string[]) => startPeer(folder, ...words)
const read = (path: string) => readFileSync(join(folder, path), 'utf8')

/** Files of the repository and of TypeScript, which are read once for all programs. */
const parsed = new Map<string, typescript.SourceFile | undefined>()

/** Type errors of new files, with all that they import, as they would lie in the repository. */
function typeErrors(paths: readonly string[]): string[] {
  const own = new Map(paths.map((path) => [join(ROOT, path), read(path)]))
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const host = ts.createCompilerHost({ ...options, noEmit: true })
  const [fileExists, readFile] = [host.fileExists, host.readFile]
  host.fileExists = (file) => own.has(file) || fileExists(file)
  host.directoryExists = (at) => [...own.keys()].some((file) => file.startsWith(`${at}/`)) || ts.sys.directoryExists(at)
  host.readFile = (file) => own.get(file) ?? readFile(file)
  const parse: typeof host.getSourceFile = (file, version) => {
    const text = host.readFile(file)
    return text === undefined ? undefined : ts.createSourceFile(file, text, version)
  }
  host.getSourceFile = (file, version) => {
    if (own.has(file)) return parse(file, version)
    if (!parsed.has(file)) parsed.set(file, parse(file, version))
    return parsed.get(file)
  }
  const program = ts.createProgram([...own.keys()], { ...options, noEmit: true }, host)
  return [...own.keys()].flatMap((file) => {
    const source = program.getSourceFile(file)
    const found = [...program.getSemanticDiagnostics(source), ...program.getSyntacticDiagnostics(source)]
    return found.map(({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
  })
}

/** What biome says of all that lies in the folder, with the repository's own settings. */
function lintErrors(): string {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome')
  const { status, stdout, stderr } = spawnSync(process.execPath, [biome, 'check', '.'], { cwd: folder, encoding: 'utf8' })
  return status === 0 ? '' : stdout + stderr
}

/** Where the new import stands among those of the folder: each between its neighbours by name. */
function importsOf(index: string): string[] {
  return [...index.matchAll(/^import \{.*\} from '(.+)'$/gm)].map(([, path]) => path!)
}

/** One of each kind. Returns the files in TypeScript. */
function startAll(): string[] {
  const started = [
    ...['model', 'trace', 'code', 'load'].map((kind) => ['rule', `${kind}/slow-moon-of-${kind}`]),
    ...['settings', 'rewrites', 'approximate'].map((group) => ['remedy', `${group}/moon-of-${group}`]),
    ['format', 'gguf'],
    ['engine', 'moon-wasm'],
  ].map((words) => run(...words).stdout)
  const files = new Set(started.flatMap((stdout) => stdout.split('\n')).filter((path) => path.endsWith('.ts')))
  expect(files.size).toBeGreaterThan(22)
  return [...files]
}

describe('a rule', () => {
  test('is written with its test, its page and its line', () => {
    const { status, stdout } = run('rule', 'model/slow-moon')
    expect(status).toBe(0)
    expect(stdout.trim().split('\n')).toEqual([
      'packages/model/src/diagnose/rules/slow-moon.ts',
      'packages/model/src/diagnose/rules/slow-moon.test.ts',
      'docs/findings/slow-moon.md',
      'packages/model/src/diagnose/rules/index.ts',
    ])
    expect(read('packages/model/src/diagnose/rules/slow-moon.ts')).toContain(
      "export const slowMoon = defineRule({\n  id: 'slow-moon',",
    )
    expect(read('docs/findings/slow-moon.md')).toMatch(/^# slow-moon\n[\s\S]*## What it means[\s\S]*## When not to worry/)
    const index = read('packages/model/src/diagnose/rules/index.ts')
    expect(importsOf(index)).toEqual([...importsOf(index)].sort())
    expect(importsOf(index)).toContain('./slow-moon.ts')
    expect(index).toMatch(/modelRules: readonly ModelRule\[\] = \[[^\]]*\n {2}slowMoon,\n\]/)
  })

  test('goes last where its name does', () => {
    expect(run('rule', 'model/zzz').status).toBe(0)
    expect(importsOf(read('packages/model/src/diagnose/rules/index.ts')).at(-1)).toBe('./zzz.ts')
  })
})

describe('rules of other kinds', () => {
  test.each([
    ['trace', 'packages/traces/src', /needs: \['trace'\]/],
    ['code', 'packages/code/src', /needs: \['lines'\]/],
    ['load', 'packages/serving/src/load', /needs: \['parted'\]/],
  ])('of %s', (kind, room, needs) => {
    expect(run('rule', `${kind}/slow-moon`).stdout.split('\n')).toEqual([
      `${room}/rules/slow-moon.ts`,
      `${room}/rules/slow-moon.test.ts`,
      'docs/findings/slow-moon.md',
      `${room}/rules/index.ts`,
    ])
    expect(read(`${room}/rules/slow-moon.ts`)).toMatch(needs)
    expect(read(`${room}/rules/index.ts`)).toMatch(/Rules: readonly \w+\[\] = \[[^\]]*\n {2}slowMoon,\n\]/)
  })

  test('one id of two kinds is one page', () => {
    run('rule', 'model/slow-moon')
    expect(run('rule', 'load/slow-moon').stdout).not.toContain('docs/findings')
  })
})

describe('a format', () => {
  test('is written with its test, its page and its line', () => {
    expect(run('format', 'moon-graph').stdout.trim().split('\n')).toEqual([
      'packages/formats/src/moon-graph.ts',
      'packages/formats/src/moon-graph.test.ts',
      'docs/formats/moon-graph.md',
      'packages/formats/src/index.ts',
    ])
    const index = read('packages/formats/src/index.ts')
    expect(index).toMatch(
      /READERS[^}]*\n {2}'moon-graph': onDemand\('readMoonGraph', \(\) => import\('\.\/moon-graph\.ts'\)\),\n\}/,
    )
  })

  test('that identify.ts does not know does not compile until it does', (context) => {
    onlyFull(context, 'needs the compiler')
    run('format', 'moon-graph')
    expect(typeErrors(['packages/formats/src/index.ts', 'packages/formats/src/moon-graph.ts'])).toEqual([
      expect.stringMatching(/index\.ts: .*'moon-graph'/),
    ])
  })
})

describe('an engine', () => {
  test('is written with its test, its section and its line', () => {
    expect(run('engine', 'moon-wasm').stdout.trim().split('\n')).toEqual([
      'packages/measure/src/engines/moon-wasm/moon-wasm.ts',
      'packages/measure/src/engines/moon-wasm/moon-wasm.test.ts',
      'packages/measure/src/engines/index.ts',
    ])
    expect(read('packages/measure/src/engines/index.ts')).toMatch(/engines: readonly Engine\[\] = \[[^\]]*\n {2}moonWasm,\n\]/)
    expect(read('docs/engines.md')).toMatch(/\n## moon-wasm\n[^#]*\n## Engines of text\n/)
    // A variant lies next to its siblings.
    expect(run('engine', 'moon-wasm/moon-bf16').stdout).toMatch('packages/measure/src/engines/moon-wasm/moon-bf16.ts\n')
    expect(read('packages/measure/src/engines/index.ts')).toMatch("import { moonBf16 } from './moon-wasm/moon-bf16.ts'\n")
  })
})

describe('a remedy', () => {
  test.each([
    ['settings', "defineRemedy({\n  id: 'new-moon',", "effect: 'exact',\n  kind: 'settings',"],
    ['rewrites', "defineRemedy(\n  rewritingRemedy({\n    id: 'new-moon',", "effect: 'exact',\n    find: replacements,"],
    ['approximate', "defineRemedy(\n  rewritingRemedy({\n    id: 'new-moon',", "effect: 'approximate',\n    find: replacements,"],
  ])('of %s is written with its test, its page and its line', (group, beginning, effect) => {
    const { status, stdout } = run('remedy', `${group}/new-moon`)
    expect(status).toBe(0)
    expect(stdout.trim().split('\n')).toEqual([
      `packages/model/src/remedies/${group}/new-moon.ts`,
      `packages/model/src/remedies/${group}/new-moon.test.ts`,
      'docs/remedies/new-moon.md',
      'packages/model/src/remedies/index.ts',
    ])
    const source = read(`packages/model/src/remedies/${group}/new-moon.ts`)
    expect(source).toContain(`export const newMoon = ${beginning}`)
    expect(source).toContain(effect)
    expect([...read('docs/remedies/new-moon.md').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading)).toEqual([
      'new-moon',
      'What it does',
      'Before and after',
      'When it pays',
      'What it may change',
      'How whyslow proves it',
    ])
    const index = read('packages/model/src/remedies/index.ts')
    expect(importsOf(index)).toEqual([...importsOf(index)].sort())
    expect(importsOf(index)).toContain(`./${group}/new-moon.ts`)
    expect(index).toMatch(/remedies: readonly Remedy\[\] = \[[^\]]*\n {2}newMoon,\n\]/)
  })
})

test('whatever is written has the types of its interface', (context) => {
  onlyFull(context, 'needs the compiler')
  expect(typeErrors(startAll())).toEqual([])
})

test('whatever is written has no fault that lint finds, and the command says what it wrote', () => {
  startAll()
  expect(lintErrors()).toBe('')
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/new.mjs'), 'rule', 'model/new-moon'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect({ status, first: stdout.split('\n')[0] }).toEqual({ status: 0, first: 'packages/model/src/diagnose/rules/new-moon.ts' })
})

test('a format that is started leaves what is said of such a file as it was', async () => {
  run('format', 'gguf')
  const file = join(folder, 'model.gguf')
  writeFileSync(file, 'GGUF\x03\0\0\0')
  // What it imports is found from where it would lie.
  const url = pathToFileURL(join(ROOT, 'packages/formats/src/')).href
  const source = read('packages/formats/src/gguf.ts')
    .replaceAll("'@whyslow/graph/", `'${pathToFileURL(join(ROOT, 'packages/graph/src/')).href}`)
    .replaceAll(/from '(\.\.?\/[^']+)'/g, (_, path) => `from '${new URL(path, url).href}'`)
  writeFileSync(join(folder, 'started.ts'), source)
  const { readGguf } = await import(join(folder, 'started.ts'))
  await expect(readGguf(file)).rejects.toThrow(
    /model\.gguf is a GGUF model \(llama\.cpp\); give an ONNX export .* \(its format is not read yet\)$/,
  )
})

test.each([
  ['rule', 'model/slow-moon', 'packages/model/src/diagnose/rules/index.ts'],
  ['rule', 'load/slow-moon', 'packages/serving/src/load/rules/index.ts'],
  ['remedy', 'settings/new-moon', 'packages/model/src/remedies/index.ts'],
])('%s: writes over nothing', (kind, id, index) => {
  run(kind, id)
  const before = read(index)
  const { status, stderr } = run(kind, id)
  expect(status).toBe(2)
  expect(stderr).toContain('is there already')
  expect(read(index)).toBe(before)
})

test('one id is one remedy, whatever its kind', () => {
  run('remedy', 'settings/new-moon')
  const { status, stderr } = run('remedy', 'rewrites/new-moon')
  expect({ status, stderr }).toEqual({ status: 2, stderr: 'docs/remedies/new-moon.md is there already; choose another id' })
})

test.each([
  [],
  ['rule'],
  ['rule', 'slow-moon'],
  ['rule', 'moons/slow-moon'],
  ['rule', 'model/Slow_Moon'],
  ['rule', 'settings/slow-moon'],
  ['rule', 'model/3d-tensors'],
  ['remedy', 'rewrites/1x1-convolutions'],
  ['remedy'],
  ['remedy', 'slow-moon'],
  ['remedy', 'moons/slow-moon'],
  ['engine', 'slow_moon'],
  ['format'],
  ['moon', 'slow-moon'],
])('says how it is used: %s %s', (...words) => {
  const { status, stderr } = run(...words)
  expect(status).toBe(2)
  expect(stderr).toMatch(/^Usage: npm run new rule <kind>\/<id>/)
})
