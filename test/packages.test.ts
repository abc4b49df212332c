// Holds the law of the packages: who may import whom, as the table "Packages" of docs/architecture.md says, and nothing that a manifest does not
// name. Inside a package, and room by room, layers.test.ts holds the law.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesUnder, ROOT, readSources } from './sources.ts'

const PAGE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
const TABLE = PAGE.slice(PAGE.indexOf('\n## Packages')).split(/\n## /)[1]!
const named = (cell: string): string[] => [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!)

/** By package, the packages that it may import. */
const LAW = new Map(
  [...TABLE.matchAll(/^\| \[`([\w-]+)`\]\([^)]*\) *\|[^|]*\|([^|]*)\|$/gm)].map(([, name, imports]) => [name!, named(imports!)]),
)
const packages = readdirSync(join(ROOT, 'packages')).sort()
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

const packageOf = (path: string): string => path.split('/')[1]!

/** In the text of a file that imports another package: others need not be parsed. */
const ACROSS = /'(@whyslow\/|(\.\.\/)+[\w-]+\/src\/)/
/** By package, the packages whose code or types its sources import. */
const imported = new Map(packages.map((name) => [name, new Set<string>()]))
for (const { path, imports } of readSources().filter(({ text }) => ACROSS.test(text)))
  for (const { target } of imports)
    if (target !== null && packageOf(target) !== packageOf(path)) imported.get(packageOf(path))!.add(packageOf(target))

describe('packages', () => {
  test('each has its row in the table, and each row its package', () => {
    expect([...LAW.keys()].sort()).toEqual(packages)
  })

  test.each(packages)('%s imports what the table allows, and its manifest and its settings name just that', (name) => {
    const needs = [...imported.get(name)!].sort()
    expect(needs.filter((other) => !LAW.get(name)!.includes(other))).toEqual([])
    const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`)) as { dependencies?: Record<string, string> }
    expect(Object.keys(dependencies).sort()).toEqual(needs.map((other) => `@whyslow/${other}`))
    const { references } = JSON.parse(read(`packages/${name}/tsconfig.json`)) as { references: { path: string }[] }
    expect(references.map(({ path }) => path).sort()).toEqual(needs.map((other) => `../${other}`))
  })

  test('none reaches itself', () => {
    const reached = (name: string, seen = new Set<string>()): Set<string> => {
      for (const other of LAW.get(name)!) if (!seen.has(other)) reached(other, seen.add(other))
      return seen
    }
    expect(packages.filter((name) => reached(name).has(name))).toEqual([])
  })

  test('no product imports another', () => {
    const products = named(/^Products are ([^.]*)\./m.exec(TABLE)![1]!)
    expect(products.length).toBeGreaterThan(4)
    const across = products.flatMap((name) =>
      [...imported.get(name)!].filter((other) => products.includes(other)).map((other) => `${name} → ${other}`),
    )
    expect(across).toEqual([])
  })

  test('only the tool is published', () => {
    expect(packages.filter((name) => !JSON.parse(read(`packages/${name}/package.json`)).private)).toEqual([])
  })

  // These programs import what was built, which no compiler checks.
  test('what programs beside the sources take from dist/ has a source', () => {
    const programs = ['bench', 'scripts', 'test'].flatMap((folder) => filesUnder(folder, (path) => path.endsWith('.mjs')))
    const taken = programs.flatMap((path) =>
      [...read(path).matchAll(/(?:\.\.\/dist\/|\bdist(?:\(|, ))'?([\w./-]+)\.js'/g)].map(([, name]) => ({ path, name: name! })),
    )
    expect(taken.length).toBeGreaterThan(50)
    const sourceOf = (name: string) => name.replace(/^([^/]+)\//, 'packages/$1/src/')
    expect(taken.filter(({ name }) => !existsSync(join(ROOT, `${sourceOf(name)}.ts`)))).toEqual([])
  })
})
