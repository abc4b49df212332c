// Keeps what a run gave, for the documents to cite: `node bench/formats.mjs --out bench/results` writes bench/results/formats-COMMIT.json.
// The option is taken off the arguments here, before the program reads them.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const at = process.argv.indexOf('--out')
const [, folder] = at < 0 ? [] : process.argv.splice(at, 2)
if (at >= 0 && folder === undefined) {
  console.error('--out names a folder: --out bench/results')
  process.exit(2)
}
/** Settings of the programs here. What names a file or folder of this machine is shortened. */
const SETTINGS = [
  'ONLY',
  'MODELS',
  'PACKAGES',
  'ROUNDS',
  'PAIRS',
  'PROCESSES',
  'BUDGET',
  'COUNT',
  'NEUTRAL',
  'MINUTES',
  'REPEAT',
  'SECONDS',
  'ENGINES',
  'THREADS',
  'TOKENS',
  'SAMPLES',
]
const PLACES = ['PYTHON', 'XPROF_PYTHON', 'TFJS', 'FROM', 'OTHERS', 'RESULTS', 'MADE', 'FAST', 'LLAMA_BENCH', 'GGUF', 'PHOTOS']

/**
 * Writes the result of this program if --out was given. `values` hold what a document may cite, each name ending in its unit; `raw` the
 * samples behind them.
 */
export async function keepResult(values, raw) {
  if (folder === undefined) return
  const program = process.argv[1]
  const commit = git('rev-parse', 'HEAD')
  const name = `${nameOf(program)}-${commit.slice(0, 8)}`
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  writeFileSync(
    file,
    `${JSON.stringify(await resultOf({ bench: bench(program), command: commandLine(program), values, raw }), null, 2)}\n`,
  )
  console.log(`Written: ${file}`)
}

/** A result document: of which program, at which commit, on which machine. No host names, no folders of this machine. */
export async function resultOf({ bench, command, values, raw }) {
  const { readMachine } = await import('../dist/measure/machine/index.js')
  const { cpu, architecture, platform, usableCpus, quotaCpus, memoryBytes, virtualised, node } = readMachine([])
  const engines = { 'onnxruntime-node': versionOf('onnxruntime-node') }
  return {
    bench,
    command,
    commit: git('rev-parse', 'HEAD'),
    // Sources other than those of the commit were run.
    ...(git('status', '--porcelain', '--', 'packages', 'bench', ':!bench/results') === '' ? {} : { isChanged: true }),
    date: new Date().toISOString(),
    machine: { cpu, architecture, platform, usableCpus, quotaCpus, memoryBytes, virtualised, node, engines },
    values,
    raw,
  }
}

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
const bench = (program) => relative(root, program).replaceAll('\\', '/')
/** 'traces-limits' of bench/traces/limits.mjs. */
const nameOf = (program) => {
  const place = relative(import.meta.dirname, program).replaceAll('\\', '/')
  return (place.startsWith('..') ? basename(place) : place).replace(/\.mjs$/, '').replaceAll('/', '-')
}
const versionOf = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version

function commandLine(program) {
  const short = (word) => (/^([\\/]|[A-Za-z]:)/.test(word) ? `…/${basename(word)}` : word)
  const settings = [
    ...SETTINGS.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${short(process.env[name])}`])),
    ...PLACES.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=…`])),
  ]
  return [...settings, 'node', bench(program), ...process.argv.slice(2).map(short)].join(' ')
}
