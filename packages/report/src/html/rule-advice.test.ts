// The pages of all rules are read: each says what to do, in words that stand without their page.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { adviceIn } from './rule-advice.ts'

const PAGES = new URL('../../../../docs/findings/', import.meta.url)

test.each(readdirSync(PAGES).filter((name) => name.endsWith('.md')))('%s says what to do', (name) => {
  const advice = adviceIn(readFileSync(new URL(name, PAGES), 'utf8'))!
  expect(advice.toDo.length).toBeGreaterThan(0)
  for (const { as, text } of [...advice.toDo, ...advice.notToWorry]) {
    expect(text.trim()).not.toBe('')
    if (as !== 'code') expect(text).not.toMatch(/\]\(|\*\*|^\||^#|^- |<!--/)
  }
})

test('lists, what stands within them, and links as their words', () => {
  const page = `# rule

## What to do

- Take [them](other.md) out
  of \`inputs\`:

  \`\`\`python
  for one in two:
      pass
  \`\`\`

- **Or** not.

## When not to worry

When it is _small_ (see [docs](x)).

| a | b |
`
  expect(adviceIn(page)).toEqual({
    toDo: [
      { as: 'item', text: 'Take them out of `inputs`:' },
      { as: 'code', text: 'for one in two:\n    pass' },
      { as: 'item', text: 'Or not.' },
    ],
    notToWorry: [{ as: 'text', text: 'When it is small (see docs).' }],
  })
  expect(adviceIn('# rule\n')).toBeNull()
})
