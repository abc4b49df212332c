// Multiplies each named threshold by 0.9 and 1.1 (thresholds.mjs) and runs the tests that should notice: those of its file, then all of its folder.
// Prints the survivors, and fails if a tenth of all or more survive.
//   node scripts/mutants.mjs [file or folder …] [--out result.json]
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './cache.mjs'
import { FOLDERS, thresholdsOf } from './thresholds.mjs'

const MOST_SURVIVE = 0.1
const VITEST = join(root, 'node_modules/vitest/vitest.mjs')
const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } })

const sources = (positionals.length > 0 ? positionals : FOLDERS).flatMap(filesOf)
const mutants = sources.flatMap((file) =>
  thresholdsOf(readFileSync(join(root, file), 'utf8')).flatMap(({ name }) =>
    [0.9, 1.1].map((factor) => ({ file, name, factor })),
  ),
)
const queue = [...mutants]
const survivors = []
await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, work))

survivors.sort((a, b) => (a.file + a.name < b.file + b.name ? -1 : 1))
for (const { file, name, factor } of survivors) console.log(`survives: ${file} ${name} × ${factor}`)
const share = survivors.length / mutants.length
console.log(
  `${mutants.length} mutants of ${mutants.length / 2} thresholds, ${survivors.length} survive (${(100 * share).toFixed(1)} %)`,
)
if (values.out !== undefined) {
  const result = { node: process.version, mutants: mutants.length, survivors }
  writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`)
}
process.exitCode = share < MOST_SURVIVE ? 0 : 1

async function work() {
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) if (await survives(one)) survivors.push(one)
}

async function survives(mutant) {
  const own = mutant.file.replace(/\.ts$/, '.test.ts')
  const folder = dirname(mutant.file)
  if (!existsSync(join(root, own))) return passes(mutant, [`${folder}/`])
  if (!(await passes(mutant, [own]))) return false
  // A rule is a peer: only its own test knows it.
  return folder.endsWith('/rules') || passes(mutant, [`${folder}/`])
}

/** Whether the tests pass although the threshold is another. */
function passes({ file, name, factor }, filters) {
  const env = { ...process.env, WHYSLOW_MUTANT: `${file} ${name} ${factor}`, WHYSLOW_TEST_SET_UP: '1' }
  const child = spawn(process.execPath, [VITEST, 'run', '--project', 'unit', '--bail', '1', ...filters], {
    cwd: root,
    env,
    stdio: 'ignore',
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve(status === 0))
  })
}

function filesOf(path) {
  if (statSync(join(root, path)).isFile()) return [path]
  return readdirSync(join(root, path), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !/(\.test|(^|\/)(check|example)-[^/]*)\.ts$/.test(name))
    .map((name) => `${path}/${name}`)
}
