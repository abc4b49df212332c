// The benchmarks can start: no test runs them, so that what they import could vanish unnoticed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transform } from 'esbuild'
import { afterAll, describe, expect, test } from 'vitest'
import { filesUnder, parseSource, ROOT, readSource, type Source } from './sources.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const programs = filesUnder('bench', (path) => path.endsWith('.mjs')).map(readSource)

/** What a compiled file was made of: 'dist/graph/build.js' of 'packages/graph/src/build.ts'; a file that is copied of itself. */
function sourceOf(target: string): string {
  const path = target.replace(/^dist\/([^/]+)\//, 'packages/$1/src/')
  return existsSync(join(ROOT, path)) ? path : path.replace(/\.js$/, '.ts')
}

function missingFiles({ path, imports }: Source): string[] {
  return imports.flatMap(({ target }) =>
    target === null || existsSync(join(ROOT, sourceOf(target))) ? [] : [`${path}: ${target}`],
  )
}

/** Built files that are started or asked for by name, which no import shows: '../dist/whyslow/main.js'. */
function missingPaths(path: string, text: string): string[] {
  return [...text.matchAll(/['"`](?:\.\.\/)*(dist\/[\w/-]+\.js)['"`]/g)]
    .filter(([, target]) => !existsSync(join(ROOT, sourceOf(target!))))
    .map(([, target]) => `${path}: ${target}`)
}

/** `import { a, b as c } from './file.js'` whose file exports no a. */
function missingNames(path: string, text: string): string[] {
  return [...text.matchAll(/^import \{([^}]*)\} from '(\.[^']*)'/gm)].flatMap(([, names, specifier]) => {
    const file = sourceOf(join(dirname(path), specifier!).replaceAll('\\', '/'))
    if (!existsSync(join(ROOT, file))) return []
    const exported = read(file)
    if (/^export \* from/m.test(exported)) return []
    return names!
      .split(',')
      .map((name) => name.trim().split(' as ')[0]!)
      .filter((name) => name !== '' && !exports(exported, name))
      .map((name) => `${path}: ${name} of ${file}`)
  })
}

const exports = (text: string, name: string) =>
  new RegExp(
    String.raw`^export (?:async )?(?:function\*?|const|let|class) ${name}\b|^export (?:const )?\{[^}]*\b${name}\b[^}]*\}`,
    'm',
  ).test(text)

describe('benchmarks', () => {
  test('parse', async () => {
    const parsed = programs.map(({ path, text }) => transform(text, { loader: 'js', format: 'esm', sourcefile: path }))
    const wrong = (await Promise.allSettled(parsed)).flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    expect(wrong).toEqual([])
    expect(programs.length).toBeGreaterThan(50)
  })

  test('import files and names that exist', () => {
    expect(programs.flatMap(missingFiles)).toEqual([])
    expect(programs.flatMap(({ path, text }) => missingPaths(path, text))).toEqual([])
    // Where a path is put together of words, nothing is checked.
    expect(programs.filter(({ text }) => /'dist',/.test(text)).map(({ path }) => path)).toEqual([])
    expect(programs.flatMap(({ path, text }) => missingNames(path, text))).toEqual([])
  })

  test.each(programs.filter(({ text }) => text.includes("'Usage: ")).map(({ path }) => path))(
    '%s says how it is called',
    (path) => {
      const { status, stderr } = spawnSync(process.execPath, [join(ROOT, path)], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH },
      })
      expect(stderr).toContain(`node ${path} `)
      expect(status).toBe(2)
    },
  )

  test('are in the list, or started by one that is', () => {
    const page = `${read('bench/README.md')}${read('bench/load/README.md')}`
    const started = programs.filter(({ path, text }) => new RegExp(String.raw`^//.*\bnode ${path}\b`, 'm').test(text))
    expect(started.length).toBeGreaterThan(20)
    const isStarted = (path: string) =>
      programs.some((one) => one.path !== path && new RegExp(`['/]${basename(path)}'`).test(one.text))
    const unlisted = started.map(({ path }) => path).filter((path) => !page.includes(path) && !isStarted(path))
    expect(unlisted).toEqual([])
  })

  test('the check notices what is missing', () => {
    const text = "import { median, nothing } from './shared.mjs'\nimport { gone } from '../dist/gone.js'\n"
    expect(missingNames('bench/some.mjs', text)).toEqual(['bench/some.mjs: nothing of bench/shared.mjs'])
    expect(missingFiles(parseSource('bench/some.mjs', text))).toEqual(['bench/some.mjs: dist/gone.js'])
    expect(missingPaths('bench/some.mjs', "start('../dist/gone/main.js')")).toEqual(['bench/some.mjs: dist/gone/main.js'])
  })
})

describe('--out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'whyslow-bench-test-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const program = join(folder, 'some.mjs')
  writeFileSync(
    program,
    `import { keepResult } from '${pathToFileURL(join(ROOT, 'bench/result.mjs'))}'
     await keepResult({ p50Ms: 1.5, arguments: process.argv.slice(2) }, [1, 1.5, 2])`,
  )
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ONLY: 'one', PYTHON: '/some/python' },
    })

  test('writes what was run where, and is taken off the arguments', () => {
    const results = join(folder, 'results')
    expect(run('a', '--out', results, join(folder, 'model.onnx')).stderr).toBe('')
    const [name, ...others] = readdirSync(results)
    expect(others).toEqual([])
    const text = readFileSync(join(results, name!), 'utf8')
    const result = JSON.parse(text)
    expect(name).toBe(`some-${result.commit.slice(0, 8)}.json`)
    expect(result.command).toMatch(/^ONLY=one PYTHON=… node .*some\.mjs a …\/model\.onnx$/)
    expect(result.values).toEqual({ p50Ms: 1.5, arguments: ['a', join(folder, 'model.onnx')] })
    expect(result.raw).toEqual([1, 1.5, 2])
    expect(result.machine).toMatchObject({ node: process.versions.node, engines: { 'onnxruntime-node': expect.any(String) } })
    // As a word: a short name may be part of another one.
    expect(text.split(/[^\w.-]+/)).not.toContain(hostname())
  })

  test('writes nothing without it, and wants a folder', () => {
    expect(run().stdout).toBe('')
    expect(run('--out')).toMatchObject({ status: 2, stderr: '--out names a folder: --out bench/results\n' })
  })
})
