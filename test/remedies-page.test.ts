// docs/remedies.md lists every remedy with what it changes and which findings it treats. WHYSLOW_BLESS=1 writes it.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { remedies } from '@whyslow/model/remedies/index.ts'
import { expect, test } from 'vitest'
import { BLESSES } from './blessing.ts'
import { filesUnder, ROOT } from './sources.ts'
import { table } from './table.ts'

/** Remedies that are no peers: a part of the command, or only on request. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  conversion: ['The model becomes ONNX', 'rounding', ''],
  preprocessing: ['Preprocessing of images becomes a part of the model', 'rounding', ''],
}

function rowOf(id: string): readonly string[] {
  const remedy = remedies.find((one) => one.id === id)
  const treated = remedy?.treats.map((rule) => `[${rule}](findings/${rule}.md)`).join(', ') ?? ''
  return [`[${id}](remedies/${id}.md)`, ...(remedy === undefined ? OTHERS[id]! : [remedy.title, remedy.effect, treated])]
}

test('the index lists every remedy', () => {
  const ids = filesUnder('docs/remedies', (path) => path.endsWith('.md')).map((path) => basename(path, '.md'))
  const page = `# Remedies

What [\`fix\`](fix.md) can change, each with its page. _exact_: the same arithmetic on the same values. _rounding_: equal up to rounding.
_approximate_: outputs change, so it is tried only with \`--max-loss\`, and by [\`quantize\`](quantize.md). Every one is kept only if it is proven on your model.

${table([['remedy', 'what it does', 'outputs', 'treats'], ...ids.map(rowOf)])}
`
  const file = join(ROOT, 'docs/remedies.md')
  if (BLESSES) writeFileSync(file, page)
  expect(readFileSync(file, 'utf8'), 'WHYSLOW_BLESS=1 writes docs/remedies.md').toBe(page)
})
