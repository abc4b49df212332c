// Holds the law 'Who may import whom' of docs/architecture.md, which it reads there: change the page, and say why.
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { engines } from '@whyslow/measure/engines/index.ts'
import type typescript from 'typescript'
import { describe, expect, test } from 'vitest'
import { pureRooms } from '../scripts/pure-rooms.mjs'
import { onlyFull } from './only-full.ts'
import { importingPart, PEERS, parseSource, peersOf, ROOT, readSources, readWebSources, type Source } from './sources.ts'
import { ts } from './typescript.ts'

interface Room {
  /** Rooms whose code it may import, and with it their types; a room's name stands for the rooms in it, too. */
  readonly imports: readonly string[]
  /** Rooms of which it may import types only. */
  readonly types?: readonly string[]
}

const PAGE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
const LAW = PAGE.slice(PAGE.indexOf('\n## Who may import whom')).split(/\n## /)[1]!
const named = (cell: string): string[] => [...cell.matchAll(/`([\w./-]+)`/g)].map(([, name]) => name!)

/**
 * By folder or file of a package, in the order data passes through them: `measure/engines` is packages/measure/src/engines. A file belongs to
 * the longest of these that holds it.
 */
const ROOMS: Readonly<Record<string, Room>> = Object.fromEntries(
  [...LAW.matchAll(/^\| `([\w./-]+)` *\|([^|]*)\|([^|]*)\|$/gm)].map(([, name, imports, types]) => [
    name!,
    { imports: named(imports!), types: named(types!) },
  ]),
)

/** No files, clocks, randomness, process or console, so that they run in a page as they are. */
const { pure: PURE, apart: IMPURE } = pureRooms(LAW)

/** What the page (packages/report/web) imports from the sources: how numbers and sentences are worded on the terminal, and the types of documents. */
const WEB: Room = { imports: ['report/text', 'measure/statistics/numbers.ts'], types: ['report/documents'] }
/** The packages that are drawn with; every other would go into each page. */
const WEB_PACKAGES = ['preact', '@preact/signals', 'd3-scale', 'd3-array', 'd3-shape']

const sources = readSources()
const web = readWebSources()

/** 'measure/engines/types.ts' of packages/measure/src/engines/types.ts; '' of a file that is no source of a package. */
const placeOf = (path: string): string => /^packages\/([^/]+)\/src\/(.+)$/.exec(path)?.slice(1).join('/') ?? ''

/** The room of a file: the longest name in the table that holds it; '' where none does. */
function roomOf(path: string): string {
  const place = placeOf(path)
  return (
    Object.keys(ROOMS)
      .filter((name) => stands(place, name))
      .sort((a, b) => b.length - a.length)[0] ?? ''
  )
}

/** `room` itself, or a room that holds it. */
const stands = (room: string, name: string): boolean => room === name || room.startsWith(`${name}/`)

function breaches({ path, imports }: Source): string[] {
  const own = roomOf(path)
  if (own === '') return [`${path}: no room in the table`]
  const { imports: allowed, types = [] } = ROOMS[own]!
  return imports.flatMap(({ target, typeOnly }) => {
    if (target === null) return []
    if (placeOf(target) === '') return [`${path} imports ${target}, outside the sources`]
    const other = roomOf(target)
    const may = other === own || allowed.some((name) => stands(other, name))
    if (may || (typeOnly && types.some((name) => stands(other, name)))) return []
    return [`${path} imports ${target}${typeOnly ? ' (types)' : ''}`]
  })
}

/** Files that reach themselves through their imports, types included: each circle once, from its first file. */
function circles(all: readonly Source[]): string[] {
  const targets = new Map(
    all.map(({ path, imports }) => [path, imports.flatMap(({ target }) => (target === null ? [] : [target]))]),
  )
  const found = new Set<string>()
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path)
    if (at >= 0) {
      const round = way.slice(at)
      const first = round.indexOf([...round].sort()[0]!)
      found.add([...round.slice(first), ...round.slice(0, first)].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...way, path])
    done.add(path)
  }
  for (const { path } of all) visit(path, [])
  return [...found].sort()
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

  test('the page takes of the sources what words a number, and types; of packages those that it is drawn with', () => {
    expect(web.length).toBeGreaterThan(0)
    const breached = web.flatMap(({ path, imports }) =>
      imports.flatMap(({ specifier, target, typeOnly }) => {
        if (target === null) return WEB_PACKAGES.some((one) => stands(specifier, one)) ? [] : [`${path} imports ${specifier}`]
        if (target.startsWith('packages/report/web/src/')) return []
        const room = roomOf(target)
        const may = WEB.imports.some((name) => stands(room, name)) || (typeOnly && WEB.types!.some((name) => stands(room, name)))
        return may ? [] : [`${path} imports ${target}${typeOnly ? ' (types)' : ''}`]
      }),
    )
    expect(breached).toEqual([])
  })

  test('no file reaches itself through its imports, types included', () => {
    expect(circles(sources)).toEqual([])
    expect(circles(web)).toEqual([])
  })

  test('no folder holds more than forty files, peers not counted', () => {
    const folders = new Map<string, Source[]>()
    // Lists of peers are flat by design and grow without end: what a peer is made of is in its one file.
    const peers = new Set(PEERS.flatMap((kind) => peersOf(kind, sources)))
    for (const source of sources.filter((one) => !peers.has(one)))
      folders.set(dirname(source.path), [...(folders.get(dirname(source.path)) ?? []), source])
    const full = [...folders].filter(([, files]) => files.length > 40).map(([folder, files]) => `${folder}: ${files.length}`)
    expect(full).toEqual([])
  })

  test('no stage compares an engine with a name: it asks what the engine offers', () => {
    const ids = new Set(engines.map(({ id }) => id))
    // Formats stand before engines, and a format may bear a runtime's name.
    const stages = sources.filter(({ path }) => !/^packages\/((measure|generation)\/src\/engines|formats)\//.test(path))
    // Few files hold such a name as a whole text: only they are taken apart.
    const words = new RegExp(
      `['"\`](${[...ids].join('|')})['"\`]|\\bengine(Id|\\.id)?\\.(startsWith|endsWith|includes|match)|\\b(ort|browser)-`,
    )
    const named = stages.flatMap(({ path, text }) => {
      const found: string[] = []
      if (!words.test(text)) return found
      const visit = (node: typescript.Node): void => {
        // In a type it is the name of a field.
        if (ts.isStringLiteralLike(node) && ids.has(node.text) && !ts.isLiteralTypeNode(node.parent))
          found.push(`${path}: '${node.text}'`)
        // Half a name, as in id.endsWith('wasm'), and a pattern that looks for one.
        if (
          ts.isCallExpression(node) &&
          /\b(engine|engineId|engine\.id)\.(startsWith|endsWith|includes|match)$/.test(node.expression.getText())
        )
          found.push(`${path}: ${node.getText()}`)
        if (ts.isRegularExpressionLiteral(node) && /\b(ort|browser)-/.test(node.text)) found.push(`${path}: ${node.text}`)
        ts.forEachChild(node, visit)
      }
      visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true))
      return found
    })
    expect(named).toEqual([])
  })

  test('no task is given the file that the user named: an engine may not read its format, and fileForEngine knows', () => {
    const given = /modelTask\([^()]*\bsource\.file|\bmodelFile: [^,\n]*\bsource\.file/
    const named = sources.filter(({ path, text }) => path !== 'packages/graph/src/model.ts' && given.test(text))
    expect(named.map(({ path }) => path)).toEqual([])
  })

  test('index.ts is a list of exports', () => {
    const { text } = sources.find(({ path }) => path === 'packages/whyslow/src/index.ts')!
    const statements = ts.createSourceFile('index.ts', text, ts.ScriptTarget.ES2023).statements
    expect(statements.filter((one) => !ts.isExportDeclaration(one) || one.exportClause === undefined)).toEqual([])
  })

  test('pure folders touch nothing outside', () => {
    const within = (room: string, names: readonly string[]) => names.some((name) => stands(room, name))
    const isPure = (room: string) => within(room, PURE) && !within(room, IMPURE)
    expect(sources.filter(({ path }) => isPure(roomOf(path))).flatMap(impurities)).toEqual([])
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
    for (const start of ['packages/measure/src/trials/trial-child.ts', 'packages/measure/src/timing/latency-block.ts'])
      visit(start)
    expect(seen).toContain('packages/measure/src/engines/onnxruntime/ort-cpu.ts')
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

  test('the law is of rooms that exist', () => {
    const rooms = Object.keys(ROOMS)
    const lines = LAW.split('\n').filter((line) => line.startsWith('| `'))
    expect(rooms.length).toBe(lines.length)
    const held = sources.map(({ path }) => placeOf(path))
    expect(rooms.filter((name) => !held.some((path) => stands(path, name)))).toEqual([])
    // A name may stand for rooms in it, as 'quantize' does.
    const known = (name: string) => rooms.some((room) => stands(room, name))
    expect(rooms.flatMap((room) => [...ROOMS[room]!.imports, ...ROOMS[room]!.types!].filter((name) => !known(name)))).toEqual([])
    expect(PURE.filter((name) => !known(name))).toEqual([])
    expect(PURE).toContain('report/html')
  })
})

// The checks above are only worth their parser.
describe('the parser', () => {
  test('tells types from code', () => {
    const { imports } = parseSource(
      'packages/measure/src/b.ts',
      `import type { A } from '@whyslow/graph/types.ts'
       import { type B, c } from './samples/c.ts'
       import { type D } from '@whyslow/graph/support/d.ts'
       export * from './e.ts'
       export type { F } from './f.ts'
       const g = await import('fflate')
       let h: import('./machine/types.ts').Machine`,
    )
    expect(imports.map(({ specifier, typeOnly, target }) => [specifier, typeOnly, target])).toEqual([
      ['@whyslow/graph/types.ts', true, 'packages/graph/src/types.ts'],
      ['./samples/c.ts', false, 'packages/measure/src/samples/c.ts'],
      ['@whyslow/graph/support/d.ts', true, 'packages/graph/test/support/d.ts'],
      ['./e.ts', false, 'packages/measure/src/e.ts'],
      ['./f.ts', true, 'packages/measure/src/f.ts'],
      ['fflate', false, null],
      ['./machine/types.ts', true, 'packages/measure/src/machine/types.ts'],
    ])
  })

  test('reads a file up to its last import, and whole if it imports at the moment of use', () => {
    const imports = `// A file.
import { a } from './a.ts'
import {
  type B,
  c,
} from './c.ts'
export * from './d.ts'
export {
  e,
} from './e.ts'
import text from './f.json' with { type: 'json' }
`
    const code = "\nexport const g = 'h'\nconst from = (name: string) => {\n  return { name }\n}\n"
    expect(importingPart(imports + code)).toBe(imports.trimEnd())
    expect(importingPart(code)).toBe('')
    const later = `${imports}${code}const i = await import('./i.ts')\n`
    expect(importingPart(later)).toBe(later)
  })

  test('misses no import and nothing of the world outside', (context) => {
    onlyFull(context, 'parses every file to its end')
    const found = ({ path, imports, impurities }: Source) => ({ path, imports, impurities })
    for (const source of [...sources, ...web]) expect(found(source)).toEqual(found(parseSource(source.path, source.text)))
  })

  test('sees clocks, randomness and the process, and no fields of those names', () => {
    const { impurities } = parseSource(
      'packages/a/src/b.ts',
      `process.env.X; console.log(1); Date.now(); new Date(); new Date(0); Math.random(); performance.now()
       block.process; ({ process: 1 }); // console.log in a comment
       'Math.random()'`,
    )
    expect(impurities).toEqual(['process.env', 'console.log', 'Date.now', 'new Date()', 'Math.random', 'performance.now'])
  })
})
