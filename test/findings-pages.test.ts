// Each page of docs/findings says which command reports it and from what; docs/findings.md lists all. WHYSLOW_BLESS=1 writes both.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipelineRules } from '@whyslow/code/rules/index.ts'
import { generationRules } from '@whyslow/generation/rules/index.ts'
import { textRules } from '@whyslow/generation/texts/rules/index.ts'
import { modelRules } from '@whyslow/model/diagnose/rules/index.ts'
import { loadRules } from '@whyslow/serving/load/rules/index.ts'
import { traceRules } from '@whyslow/traces/rules/index.ts'
import { expect, test } from 'vitest'
import { BLESSES } from './blessing.ts'
import { ROOT } from './root.ts'
import { table } from './table.ts'

interface Listed {
  readonly id: string
  readonly title: string
  readonly needs: readonly PropertyKey[]
}

/** Kinds of rules, in the order in which pages name them. */
const KINDS: readonly {
  readonly command: string
  readonly from: string
  readonly room: string
  readonly rules: readonly Listed[]
}[] = [
  {
    command: '`whyslow MODEL`',
    from: 'measurements of the model',
    room: 'packages/model/src/diagnose',
    rules: modelRules,
  },
  {
    command: '`whyslow explain TRACE`',
    from: 'a recording by another tool',
    room: 'packages/traces/src',
    rules: traceRules,
  },
  { command: '`whyslow pipeline`', from: 'your own code as it runs', room: 'packages/code/src', rules: pipelineRules },
  { command: '`whyslow load`', from: 'a server under load', room: 'packages/serving/src/load', rules: loadRules },
  { command: '`whyslow generate`', from: 'text as it is generated', room: 'packages/generation/src', rules: generationRules },
  { command: '`whyslow embed`', from: 'texts as they are encoded', room: 'packages/generation/src/texts', rules: textRules },
]

const ids = [...new Set(KINDS.flatMap(({ rules }) => rules.map(({ id }) => id)))].sort()
const reportedBy = (id: string) => KINDS.filter(({ rules }) => rules.some((one) => one.id === id))

/** '`whyslow load`, from a server under load ([source](…))'; a sentence for each command. */
const byWhom = (id: string): string =>
  reportedBy(id)
    .map(({ command, from, room }) => `${command}, from ${from} ([source](../../${room}/rules/${id}.ts))`)
    .join('. ')

/** 'software' of a page whose third line begins with '_Software'. */
const areaOf = (id: string): string =>
  /^_(Architecture|Hardware|Software)\b/m.exec(readFileSync(join(ROOT, `docs/findings/${id}.md`), 'utf8'))![1]!.toLowerCase()

function index(): string {
  const rows = ids.map((id) => {
    const kinds = reportedBy(id)
    const titles = kinds.map(({ rules }) => rules.find((one) => one.id === id)!.title)
    const says = [...new Set(titles)].join('; ')
    return [`[${id}](findings/${id}.md)`, says, areaOf(id), kinds.map(({ command }) => command).join(', ')]
  })
  return `# Findings

What whyslow reports, each with its page. An id is one cause of lost time. Where several commands report it, each knows it from evidence of its
own and with thresholds for that; the page says which. A finding that the evidence does not allow is listed as not checked, with the reason.

${table([['finding', 'says', 'area', 'reported by'], ...rows])}
`
}

function checkFile(path: string, expected: string): void {
  const file = join(ROOT, path)
  if (BLESSES) writeFileSync(file, expected)
  expect(readFileSync(file, 'utf8'), `WHYSLOW_BLESS=1 writes ${path}`).toBe(expected)
}

test.each(ids)('%s: says which commands report it, and from what', (id) => {
  const path = `docs/findings/${id}.md`
  const [title, , about, ...rest] = readFileSync(join(ROOT, path), 'utf8').split('\n')
  const kept = about!.replace(/ · (?:`whyslow |\[source\]).*$/, '').replace(/_$/, '')
  expect(kept).toMatch(/^_(Architecture|Hardware|Software)\b/)
  checkFile(path, [title, '', `${kept} · ${byWhom(id)}_`, ...rest].join('\n'))
})

test('the index lists every finding', () => checkFile('docs/findings.md', index()))
