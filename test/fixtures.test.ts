// What fixtures/README.md says of the fixtures: each folder has its line, with a recipe that exists and a licence; no file is there twice; the
// tiny models are what their script writes.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { filesUnder, ROOT } from './sources.ts'

const FIXTURES = join(ROOT, 'fixtures')
const page = readFileSync(join(FIXTURES, 'README.md'), 'utf8')

interface Row {
  readonly folder: string
  readonly what: string
  readonly recipe: string
  readonly licence: string
}

const rows = [...page.matchAll(/^\| \[`([\w/-]+)`\]\([\w/-]+\) +\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)].map(
  ([, folder, what, recipe, licence]): Row => ({
    folder: folder!,
    what: what!.trim(),
    recipe: recipe!.trim(),
    licence: licence!.trim(),
  }),
)

const foldersIn = (folder: string) =>
  readdirSync(join(FIXTURES, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && entry.name !== '__pycache__' ? [folder === '' ? entry.name : `${folder}/${entry.name}`] : [],
  )
const files = filesUnder('fixtures', (path) => !path.includes('__pycache__') && !path.includes('-changed.'))

describe('fixtures/README.md', () => {
  test('has a line for each folder', () => {
    const folders = [...foldersIn('').filter((folder) => folder !== 'formats'), ...foldersIn('formats')]
    expect(rows.map(({ folder }) => folder).sort()).toEqual(folders.sort())
  })

  test.each(rows)('$folder: what it is, its licence, and a recipe that exists', ({ what, recipe, licence }) => {
    expect(what).not.toBe('')
    expect(licence).toMatch(/^own\b/)
    const scripts = [...recipe.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path!)
    if (scripts.length === 0) expect(recipe).toMatch(/by hand|see below/)
    expect(scripts.filter((path) => !existsSync(join(FIXTURES, path)))).toEqual([])
  })

  test('names each script that makes fixtures', () => {
    const scripts = files.filter((path) => /\.(py|mjs)$/.test(path) && /\/(make|quantize)\//.test(path))
    // What others import.
    const texts = scripts.map((path) => readFileSync(join(ROOT, path), 'utf8'))
    const isImported = (path: string) => {
      const [, stem] = /\/([\w-]+)\.\w+$/.exec(path)!
      return texts.some((text) => new RegExp(`^(?:from|import) ${stem}\\b|${stem}\\.mjs'|"${stem}\\.mjs"`, 'm').test(text))
    }
    expect(scripts.filter((path) => !page.includes(path.replace(/^fixtures\//, '')) && !isImported(path))).toEqual([])
  })
})

test('no fixture is there twice', () => {
  const byHash = new Map<string, string[]>()
  for (const path of files) {
    const bytes = readFileSync(join(ROOT, path))
    // TensorFlow.js finds a model's weights beside it, and models of one constant or of none have the same.
    if (path.startsWith('fixtures/formats/tfjs/') && path.endsWith('.bin') && bytes.length <= 4) continue
    const hash = createHash('sha256').update(bytes).digest('hex')
    byHash.set(hash, [...(byHash.get(hash) ?? []), path])
  }
  expect([...byHash.values()].filter((same) => same.length > 1)).toEqual([])
})

describe('make-fixtures.mjs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'whyslow-fixtures-test-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('writes the bytes that are in models/', () => {
    const script = join(FIXTURES, 'make-fixtures.mjs')
    const { status, stderr } = spawnSync(process.execPath, [script, join(ROOT, 'dist'), folder], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const written = readdirSync(folder)
    expect(written.length).toBeGreaterThan(20)
    const isSame = (name: string) => {
      const kept = join(FIXTURES, 'models', name)
      return existsSync(kept) && readFileSync(kept).equals(readFileSync(join(folder, name)))
    }
    expect(written.filter((name) => !isSame(name))).toEqual([])
    // The others are those that the page says were trained.
    const others = readdirSync(join(FIXTURES, 'models')).filter((name) => !written.includes(name))
    expect(others.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})
