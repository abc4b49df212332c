// `npm run walk-throughs`: docs/walk-throughs.md is its own script. Each section is a person in an empty folder: what it says to install is installed,
// its Python is run, and each command that a screen follows is run; the screen becomes what the command printed, shortened, unless the run was disturbed. Kept in
// bench/results/walk-throughs.json. Takes about eight minutes, and npm and PyPI.
//   PYTHON=…/bin/python node scripts/walk-throughs.mjs [word of a heading …]
// PYTHON names an interpreter that has the packages, in place of a new environment for each section. Words choose sections.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { resultOf } from '../bench/result.mjs'
import { firstFindings, firstTrials, gradeOf, OUTCOME, record, root, sectionsOf } from './recording.mjs'

const PAGE = join(root, 'docs/walk-throughs.md')
const RESULT = join(root, 'bench/results/walk-throughs.json')

/** What a screen shows of what was printed. */
const SHOWN = {
  onnx: (text) => sectionsOf(firstFindings(text, 1), ['What to fix']),
  onnxFix: (text) => sectionsOf(firstTrials(text, 2), ['- ', '+ ', OUTCOME, 'Written: ']),
  python: (text) => sectionsOf(firstFindings(text, 1), ['What to fix']),
  ab: (text) => sectionsOf(text, []),
  trees: (text) => sectionsOf(firstTrials(text, 1), ['- ', '+ ', OUTCOME, 'Written: ']),
  tfjs: (text) => sectionsOf(text, ['   engine']),
  load: (text) => sectionsOf(text, ['sent/s', 'What latencies', '1. ']),
}

/** Programs that a section starts from. */
const BRINGS = { 'A machine learning engineer': 'examples/text-classifier' }

/** Blocks of a section in their order, with the screen's name if one stands above it. */
const blocksOf = (section) =>
  [...section.matchAll(/(?:^<!-- run: walk-throughs (\w+) -->\n)?^```(\w*)\n([\s\S]*?)\n```$/gm)].map(
    ([, screen, language, text]) => ({
      screen,
      language,
      text,
    }),
  )

/** An environment variable for each section: of the environment that `pip install` made, or that PYTHON is of. */
function environmentIn(folder) {
  const named = process.env.PYTHON
  const home = named === undefined ? join(folder, '.venv') : dirname(dirname(named))
  const PATH = `${join(home, 'bin')}${delimiter}${process.env.PATH}`
  return { VIRTUAL_ENV: home, PATH, ONNXRUNTIME_NODE_INSTALL: 'skip' }
}

function walk(title, section) {
  const folder = mkdtempSync(join(tmpdir(), 'whyslow-walk-'))
  const env = { ...process.env, ...environmentIn(folder) }
  const typed = (program, words) => execFileSync(program, words, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
  const found = {}
  try {
    const brought = Object.entries(BRINGS).find(([start]) => title.startsWith(start))
    if (brought !== undefined) cpSync(join(root, brought[1]), folder, { recursive: true })
    const blocks = blocksOf(section)
    for (const [at, { screen, language, text }] of blocks.entries()) {
      if (screen !== undefined) continue
      if (language === 'python') typed('python3', ['-c', text])
      if (language !== '') continue
      for (const line of text.split('\n')) {
        const [program, ...words] = line.split(' ')
        if (program === 'npm') typed('npm', [...words, '--no-audit', '--no-fund'])
        else if (program === 'pip' && process.env.PYTHON === undefined) {
          if (!existsSync(env.VIRTUAL_ENV)) typed('python3', ['-m', 'venv', env.VIRTUAL_ENV])
          typed('pip', [...words, '--quiet'])
        }
      }
      const name = blocks[at + 1]?.screen
      if (name === undefined) continue
      const command = text.split('\n').at(-1)
      const argv = command.replace('npx whyslow ', '').split(' ')
      const { text: printed, document } = record(argv, folder, env)
      if (gradeOf(document) === 'D')
        console.log(`${name}: disturbed, so that the screen stays as it is; run again when the machine is quiet`)
      else found[name] = SHOWN[name](printed).split('\n')
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return found
}

/** After each section, so that one that fails leaves the others. */
async function keep(found) {
  const values = existsSync(RESULT) ? JSON.parse(readFileSync(RESULT, 'utf8')).values : {}
  let page = readFileSync(PAGE, 'utf8')
  for (const [name, lines] of Object.entries(found)) {
    values[name] = lines
    const screen = new RegExp(`(<!-- run: walk-throughs ${name} -->\n\`\`\`\n)[\\s\\S]*?(\n\`\`\`)`)
    page = page.replace(screen, (_, open, close) => `${open}${lines.join('\n')}${close}`)
  }
  const result = await resultOf({ bench: 'scripts/walk-throughs.mjs', command: 'npm run walk-throughs', values, raw: null })
  writeFileSync(RESULT, `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(PAGE, page)
}

const words = process.argv.slice(2)
const [, ...sections] = readFileSync(PAGE, 'utf8').split(/^## /m)
for (const section of sections) {
  const [title] = section.split('\n')
  if (words.length > 0 && !words.some((word) => title.includes(word))) continue
  await keep(walk(title, section))
}
