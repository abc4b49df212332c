// Holds the table 'Who may import whom' of docs/architecture.md: change that page first, and say why there.
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { PEERS, parseSource, peersOf, ROOT, readSources, type Source } from './sources.ts'

interface Layer {
  /** Other folders whose code it may import, and with it their types. */
  readonly imports: readonly string[]
  /** Other folders of which it may import types only. */
  readonly types: readonly string[]
}

const ALL = [
  'graph',
  'formats',
  'operators',
  'machine',
  'engines',
  'measure',
  'analyze',
  'diagnose',
  'remedies',
  'tune',
  'ship',
  'report',
]

/** By folder of src/; `whyslow.ts` stands for all files at the top but `index.ts`. */
const LAYERS: Readonly<Record<string, Layer>> = {
  graph: { imports: [], types: [] },
  formats: { imports: ['graph'], types: [] },
  operators: { imports: ['graph'], types: [] },
  engines: { imports: ['graph'], types: [] },
  machine: { imports: [], types: [] },
  measure: { imports: ['graph', 'machine'], types: ['engines'] },
  analyze: { imports: ['graph', 'operators'], types: ['measure', 'machine', 'engines'] },
  diagnose: { imports: ['graph', 'operators', 'analyze'], types: ['measure', 'machine', 'engines'] },
  remedies: { imports: ['graph', 'operators'], types: ['engines', 'measure'] },
  tune: { imports: ['graph', 'remedies', 'measure', 'analyze'], types: ['engines'] },
  ship: { imports: ['graph'], types: ['remedies', 'engines', 'report'] },
  report: { imports: [], types: [] },
  cli: { imports: ['whyslow.ts', 'report'], types: ALL },
  'whyslow.ts': { imports: ALL, types: [] },
  'index.ts': { imports: ['whyslow.ts', ...ALL], types: [] },
}

/** One file may do what its folder may not. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // Run in the trial's child process alone, where engines are opened.
  'src/measure/open.ts': ['engines'],
  'src/measure/timing/roofs/task.ts': ['engines'],
  // Options as the engine takes them: a function of plain data, and the same in what is measured and what is shipped.
  'src/ship/session-options.ts': ['engines'],
}

/** No files, clocks, randomness, process or console, so that they run in a page as they are. */
const PURE = ['graph', 'operators', 'analyze', 'diagnose', 'remedies', 'report']

const sources = readSources()

/** The folder in src/; what lies beside `whyslow.ts` at the top is part of it. */
function layerOf(path: string): string {
  const first = path.split('/')[1]!
  return !first.endsWith('.ts') || first === 'index.ts' ? first : 'whyslow.ts'
}

function breaches(source: Source): string[] {
  const own = layerOf(source.path)
  const layer = LAYERS[own]
  if (layer === undefined) return [`${source.path}: '${own}' is not in the table`]
  const allowed = [...layer.imports, ...(EXCEPTIONS[source.path] ?? [])]
  return source.imports.flatMap(({ target, typeOnly }) => {
    if (target === null) return []
    if (!target.startsWith('src/')) return [`${source.path} imports ${target}, outside src/`]
    const other = layerOf(target)
    if (other === own || allowed.includes(other) || (typeOnly && layer.types.includes(other))) return []
    return [`${source.path} imports ${target}${typeOnly ? ' (types)' : ''}`]
  })
}

function impurities(source: Source): string[] {
  const builtins = source.imports
    .map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith('node:') || builtinModules.includes(specifier))
  return [...builtins, ...source.impurities].map((what) => `${source.path}: ${what}`)
}

describe('layers', () => {
  test('folders import only what the table allows', () => {
    expect(sources.flatMap(breaches)).toEqual([])
  })

  test('index.ts is a list of exports', () => {
    const { text } = sources.find(({ path }) => path === 'src/index.ts')!
    const statements = ts.createSourceFile('index.ts', text, ts.ScriptTarget.ES2023).statements
    expect(statements.filter((one) => !ts.isExportDeclaration(one) || one.exportClause === undefined)).toEqual([])
  })

  test('pure folders touch nothing outside', () => {
    expect(sources.filter(({ path }) => PURE.includes(layerOf(path))).flatMap(impurities)).toEqual([])
  })

  test('a process that measures the latency loads no package but the engine, so that it starts at once', () => {
    const byPath = new Map(sources.map((source) => [source.path, source]))
    const seen = new Set<string>()
    const packages: string[] = []
    const visit = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      for (const { specifier, typeOnly, later, target } of byPath.get(path)?.imports ?? []) {
        if (typeOnly || later) continue
        if (target !== null) visit(target)
        else if (!specifier.startsWith('node:')) packages.push(`${path}: ${specifier}`)
      }
    }
    for (const start of ['src/trials/trial-child.ts', 'src/measure/timing/latency-block.ts']) visit(start)
    expect(seen).toContain('src/engines/onnxruntime/ort-cpu.ts')
    expect(packages).toEqual([])
  })

  test('relative imports name files that exist', () => {
    const paths = new Set(sources.map(({ path }) => path))
    const missing = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => target?.endsWith('.ts') && !paths.has(target))
        .map(({ target }) => `${path} imports ${target}`),
    )
    expect(missing).toEqual([])
  })

  test.each(PEERS)('no $kind imports another', (kind) => {
    const peers = peersOf(kind, sources)
    const paths = new Set<string | null>(peers.map(({ path }) => path))
    const found = peers.flatMap(({ path, imports }) =>
      imports.filter(({ target }) => paths.has(target)).map(({ target }) => `${path} -> ${target}`),
    )
    expect(peers.length).toBeGreaterThan(0)
    expect(found).toEqual([])
  })

  test("the table is the page's", () => {
    const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `([\w.]+)`(?:, `[\w.]+`)*\s*\|/gm)].flatMap(([row]) =>
      [...row.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!),
    )
    expect(Object.keys(LAYERS).filter((name) => !rows.includes(name))).toEqual([])
  })
})

// The checks above are only worth their parser.
describe('the parser', () => {
  test('tells types from code', () => {
    const { imports } = parseSource(
      'src/a/b.ts',
      `import type { A } from '../graph/types.ts'
       import { type B, c } from '../graph/c.ts'
       import { type D } from './d.ts'
       export * from './e.ts'
       export type { F } from './f.ts'
       const g = await import('fflate')
       let h: import('../machine/types.ts').Machine`,
    )
    expect(imports.map(({ specifier, typeOnly, target }) => [specifier, typeOnly, target])).toEqual([
      ['../graph/types.ts', true, 'src/graph/types.ts'],
      ['../graph/c.ts', false, 'src/graph/c.ts'],
      ['./d.ts', true, 'src/a/d.ts'],
      ['./e.ts', false, 'src/a/e.ts'],
      ['./f.ts', true, 'src/a/f.ts'],
      ['fflate', false, null],
      ['../machine/types.ts', true, 'src/machine/types.ts'],
    ])
  })

  test('sees clocks, randomness and the process, and no fields of those names', () => {
    const { impurities } = parseSource(
      'src/a/b.ts',
      `process.env.X; console.log(1); Date.now(); new Date(); new Date(0); Math.random(); performance.now()
       block.process; ({ process: 1 }); // console.log in a comment
       'Math.random()'`,
    )
    expect(impurities).toEqual(['process.env', 'console.log', 'Date.now', 'new Date()', 'Math.random', 'performance.now'])
  })
})
