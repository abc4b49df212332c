// A peer arrives whole: listed in its folder's index.ts, with its test beside it; a rule with its page too.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pipelineRules } from '@whyslow/code/rules/index.ts'
import { generationRules } from '@whyslow/generation/rules/index.ts'
import { textRules } from '@whyslow/generation/texts/rules/index.ts'
import { engines, referenceEngine } from '@whyslow/measure/engines/index.ts'
import { modelRules } from '@whyslow/model/diagnose/rules/index.ts'
import { remedies } from '@whyslow/model/remedies/index.ts'
import { loadRules } from '@whyslow/serving/load/rules/index.ts'
import { traceReaders } from '@whyslow/traces/recordings/index.ts'
import { traceRules } from '@whyslow/traces/rules/index.ts'
import { describe, expect, test } from 'vitest'
import { filesUnder, PEERS, peersOf, ROOT, readSources } from './sources.ts'

const sources = readSources()
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Headings of a page without text under them; what stands in comments is for who writes it. */
function emptySections(page: string): string[] {
  const [, ...sections] = page.replace(/<!--[\s\S]*?-->/g, '').split(/^## /m)
  return sections.flatMap((section) => {
    const [title, ...text] = section.split('\n')
    return text.join('').trim() === '' ? [title!] : []
  })
}
const titlesOf = (page: string) => [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title)

/** A page with its title, these sections, and text in each. */
function checkPage(path: string, sections: readonly string[]): void {
  const page = read(path)
  expect(page.split('\n')[0]).toBe(`# ${basename(path, '.md')}`)
  expect(titlesOf(page)).toEqual(sections)
  expect(emptySections(page), 'sections without text').toEqual([])
}
const SECTIONS = ['What it means', 'How whyslow knows', 'What to do', 'Before and after', 'When not to worry']

describe.each(PEERS)('every $kind', (kind) => {
  const peers = peersOf(kind, sources)
  const index = sources.find(({ path }) => path === `${kind.folder}/index.ts`)

  test('is listed in index.ts, and used there', () => {
    expect(peers.length).toBeGreaterThan(0)
    const listed = new Set(index?.imports.filter(({ typeOnly }) => !typeOnly).map(({ target }) => target))
    const unlisted = peers.filter(({ path }) => !listed.has(path)).map(({ path }) => path)
    expect(unlisted).toEqual([])
    // Imported once and named at least once more, or loaded by name.
    const names = peers.map(({ text }) => kind.mark.exec(text)![1]!)
    const isLoaded = (name: string) => index!.text.includes(`onDemand('${name}', `)
    const unused = names.filter((name) => !isLoaded(name) && index!.text.split(new RegExp(`\\b${name}\\b`)).length < 3)
    expect(unused).toEqual([])
  })

  test('has its test beside it', () => {
    const untested = peers.filter(({ path }) => !existsSync(join(ROOT, path.replace(/\.ts$/, '.test.ts'))))
    expect(untested.map(({ path }) => path)).toEqual([])
  })
})

const RULES = [
  ['packages/model/src/diagnose', modelRules],
  ['packages/traces/src', traceRules],
  ['packages/code/src', pipelineRules],
  ['packages/serving/src/load', loadRules],
  ['packages/generation/src', generationRules],
  ['packages/generation/src/texts', textRules],
] as const

describe.each(RULES)('every rule of %s', (room, rules) => {
  test('has the name of its file', () => {
    const files = filesUnder(`${room}/rules`, (path) => /\.ts$/.test(path) && !/\.test\.ts$|index\.ts$/.test(path))
    expect(rules.map(({ id }) => id).sort()).toEqual(files.map((path) => basename(path, '.ts')))
  })

  test.each(rules.map(({ id }) => id))('%s: page with five sections and a counterfactual, a found and a clear case', (id) => {
    checkPage(`docs/findings/${id}.md`, SECTIONS)
    const page = read(`docs/findings/${id}.md`)
    expect(page.toLowerCase()).toContain('counterfactual')
    expect(page, 'a link to its source').toContain(`../../${room}/rules/${id}.ts`)

    const cases = read(`${room}/rules/${id}.test.ts`)
    expect(cases).toMatch(/checkRule\(/)
    expect(cases).toMatch(/\bfound: \[\s*\{/)
    expect(cases).toMatch(/\bclear: \[\s*\{/)
  })
})

test('no rule guesses a saving: none is a time times a constant', () => {
  const guessed = sources.filter(
    ({ path, text }) => /^packages\/.*\/rules\//.test(path) && /wouldSaveMs: [^\n]*\* [A-Z][A-Z_]+\b/.test(text),
  )
  expect(guessed.map(({ path }) => path)).toEqual([])
})

test('every page of findings has its rule', () => {
  const pages = filesUnder('docs/findings', (path) => path.endsWith('.md')).map((path) => basename(path, '.md'))
  const ids = new Set(RULES.flatMap(([, rules]) => rules.map(({ id }) => id)))
  expect(pages.sort()).toEqual([...ids].sort())
})

const REMEDY_SECTIONS = ['What it does', 'Before and after', 'When it pays', 'What it may change', 'How whyslow proves it']

describe('every remedy', () => {
  const files = filesUnder('packages/model/src/remedies', (path) => /\/(settings|rewrites|approximate)\/[\w-]+\.ts$/.test(path))

  test('has the name of its file', () => {
    expect(remedies.map(({ id }) => id).sort()).toEqual(files.map((path) => basename(path, '.ts')).sort())
  })

  test('treats rules that there are', () => {
    const known = new Set(modelRules.map(({ id }) => id))
    expect(remedies.flatMap(({ treats }) => treats).filter((id) => !known.has(id))).toEqual([])
  })

  test.each(remedies.map(({ id }) => id))('%s: page with five sections', (id) =>
    checkPage(`docs/remedies/${id}.md`, REMEDY_SECTIONS),
  )
})

const FORMAT_SECTIONS = ['What is read', 'What is refused, and why', 'How it becomes a graph']

test('every format has a page with three sections, and every page its format', () => {
  const readers = peersOf(PEERS.find(({ kind }) => kind === 'format')!, sources)
  const ids = readers.map(({ path }) => basename(path, '.ts'))
  expect(filesUnder('docs/formats', () => true).map((path) => basename(path, '.md'))).toEqual(ids.sort())
  for (const id of ids) checkPage(`docs/formats/${id}.md`, FORMAT_SECTIONS)
})

test('every engine has its section in docs/engines.md', () => {
  const page = read('docs/engines.md')
  expect(engines.map(({ id }) => id).filter((id) => !titlesOf(page).includes(id))).toEqual([])
  expect(emptySections(page), 'sections without text').toEqual([])
  const table = page.split('\n').filter((line) => line.startsWith('| `'))
  // A row with '…' is of all engines whose names begin so.
  const isInTable = (id: string) =>
    table.some((row) => row.includes(`\`${id}\``) || (row.includes('` … ') && id.startsWith(row.split('`')[1]!.split('-')[0]!)))
  expect(
    engines.map(({ id }) => id).filter((id) => !isInTable(id)),
    'engines without a row in the table',
  ).toEqual([])
})

test('every trace reader has its section in docs/traces.md', () => {
  expect(traceReaders.map(({ title }) => title).filter((title) => !titlesOf(read('docs/traces.md')).includes(title))).toEqual([])
  expect(emptySections(read('docs/traces.md')), 'sections without text').toEqual([])
})

test('one engine is the reference, one measures roofs, and one runs what is shipped', () => {
  for (const offer of ['reference', 'roofs', 'shipped'] as const)
    expect(engines.filter(({ offers }) => offers.includes(offer)).map(({ id }) => id)).toEqual([referenceEngine.id])
})
