// docs/first-report.md reads the recorded report of a transformer line by line: its pieces, taken again from fixtures/golden, as they are printed today.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const lines = readFileSync(join(root, 'fixtures/golden/transformer.report.txt'), 'utf8').split('\n')

/** Lines of the report: the first that begins so, up to one that ends the piece, by default an empty one. */
function piece(start, ends = (line) => line === '') {
  const from = lines.findIndex((line) => line.startsWith(start))
  if (from === -1) throw new Error(`no line of the report begins with ${start}`)
  const to = lines.findIndex((line, at) => at > from && ends(line))
  const found = lines.slice(from, to)
  while (found.at(-1) === '') found.pop()
  return found
}
const before = (start) => (line) => line.startsWith(start)

const file = join(root, 'bench/results/first-report.json')
const result = JSON.parse(readFileSync(file, 'utf8'))
const [p50, low, high] = /^([\d.]+) ms \(([\d.]+)–([\d.]+)\)/.exec(lines[0]).slice(1).map(Number)
const pieces = {
  answer: piece(lines[0]),
  bar: piece('█'),
  operators: piece('Where the time goes'),
  findings: piece('What to fix', before('3. ')),
  worthKnowing: piece('Worth knowing', before('- Compute-bound')),
  checked: piece('Checked and fine', before('Does not apply')),
  assumed: piece('Assumed for input input_ids', before('Assumed for input attention_mask')),
  trust: piece('Trust', before('Engine')),
}
writeFileSync(
  file,
  `${JSON.stringify({ ...result, values: { p50Ms: [p50, low, high], ...pieces } }, null, 2)}\n`.replace(
    /\[\s+([\d.]+),\s+([\d.]+),\s+([\d.]+)\s+\]/,
    '[$1, $2, $3]',
  ),
)

const page = join(root, 'docs/first-report.md')
let text = readFileSync(page, 'utf8')
for (const [name, shown] of Object.entries(pieces))
  text = text.replace(
    new RegExp(`(<!-- run: first-report ${name} -->\n\`\`\`\n)[^]*?(\n\`\`\`)`),
    (_, open, close) => `${open}${shown.join('\n')}${close}`,
  )
writeFileSync(page, text)
