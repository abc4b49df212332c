// npm run new rule <id>: starts a finding rule whole: file, test, page, and its line in rules/index.ts. Writes over nothing.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

// npm runs scripts in the package's folder.
const root = process.cwd()
const [kind, id] = process.argv.slice(2)
if (kind !== 'rule' || id === undefined || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)) {
  console.error('Usage: npm run new rule <id>, with an id such as memory-bound-operators')
  process.exit(2)
}
const name = id.replace(/-(.)/g, (_, letter) => letter.toUpperCase())
const title = id[0].toUpperCase() + id.slice(1).replaceAll('-', ' ')
const files = {
  rule: join(root, 'src/diagnose/rules', `${id}.ts`),
  test: join(root, 'src/diagnose/rules', `${id}.test.ts`),
  page: join(root, 'docs/findings', `${id}.md`),
}
for (const file of Object.values(files)) {
  if (existsSync(file)) {
    console.error(`${relative(root, file)} is there already; choose another id`)
    process.exit(2)
  }
}

writeFileSync(
  files.rule,
  `// What this rule knows, and where that comes from.
import { defineRule } from '../rule.ts'
import { isWorthSaying, sayMs } from '../worth.ts'

export const ${name} = defineRule({
  id: '${id}',
  area: 'software',
  title: '${title}',
  needs: ['latency'],
  check({ latency }) {
    const savingMs = 0
    if (!isWorthSaying(savingMs, latency.p50Ms)) return 'clear'
    return {
      found: {
        detail: \`Why, with the numbers: \${sayMs(savingMs)}.\`,
        timeMs: savingMs,
        wouldSaveMs: savingMs,
        basis: 'modelled',
        nodes: [],
        next: null,
      },
    }
  },
})
`,
)
writeFileSync(
  files.test,
  `import { checkRule, evidence } from '../check-rule.ts'
import { ${name} } from './${id}.ts'

checkRule(${name}, {
  found: [
    {
      // work the numbers out here
      name: 'what is wrong',
      given: evidence({ p50Ms: 10 }),
      expect: { wouldSaveMs: 1, basis: 'modelled' },
    },
  ],
  clear: [{ name: 'what is close to it and fine', given: evidence({ p50Ms: 10 }) }],
})
`,
)
writeFileSync(
  files.page,
  `# ${id}

*Software · modelled · [source](../../src/diagnose/rules/${id}.ts)*

## What it means

## How whyslow knows

**Counterfactual:** what the present is compared with, and how the saving follows.

## What to do

## When not to worry
`,
)

const index = join(root, 'src/diagnose/rules/index.ts')
const lines = readFileSync(index, 'utf8').split('\n')
const lastImport = lines.findLastIndex((line) => line.startsWith('import '))
lines.splice(lastImport + 1, 0, `import { ${name} } from './${id}.ts'`)
const end = lines.indexOf(']')
lines.splice(end, 0, `  ${name},`)
writeFileSync(index, lines.join('\n'))

for (const file of [...Object.values(files), index]) console.log(relative(root, file))
