// Multiplies each named threshold by 0.9 and 1.1 (thresholds.mjs) and runs the tests that should notice: those of its file, then all of its folder.
// Prints the survivors, and fails if a tenth of all or more survive. One vitest does all runs and reads anew only what changed: a run takes less
// than a second.
//   node scripts/mutants.mjs [file or folder …] [--jobs 1] [--out result.json]
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createVitest } from 'vitest/node'
import { root } from './cache.mjs'
import { FOLDERS, thresholdsOf } from './thresholds.mjs'

const MOST_SURVIVE = 0.1
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string' }, out: { type: 'string' } },
})
const sources = (positionals.length > 0 ? positionals : FOLDERS).flatMap(filesOf)
const mutants = sources.flatMap((file) =>
  thresholdsOf(readFileSync(join(root, file), 'utf8')).flatMap(({ name }) =>
    [0.9, 1.1].map((factor) => ({ file, name, factor })),
  ),
)

process.env.WHYSLOW_TEST_SET_UP = '1'
process.env.WHYSLOW_MUTANTS = '1'
const vitest = await createVitest('test', { root, project: ['unit'], watch: false, bail: 1, reporters: [{}] })
// What is given to vitest itself gives way to what the project says.
if (values.jobs !== undefined) for (const { config } of vitest.projects) config.maxWorkers = Number(values.jobs)
await vitest.standalone()
const sound = new Map()
const survivors = []
for (const mutant of mutants) if (await survives(mutant)) survivors.push(mutant)
await vitest.close()

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

async function survives(mutant) {
  const own = mutant.file.replace(/\.ts$/, '.test.ts')
  const folder = dirname(mutant.file)
  if (!existsSync(join(root, own))) return isMissedBy(`${folder}/`, mutant)
  if (!(await isMissedBy(own, mutant))) return false
  // A rule is a peer: only its own test knows it.
  return folder.endsWith('/rules') || isMissedBy(`${folder}/`, mutant)
}

/** Whether these tests pass although the threshold is another. */
async function isMissedBy(tests, { file, name, factor }) {
  if (!(await isSound(tests))) throw new Error(`${tests} fails as it is`)
  process.env.WHYSLOW_MUTANT = `${file} ${name} ${factor}`
  vitest.invalidateFile(join(root, file))
  const isMissed = await passes(tests)
  delete process.env.WHYSLOW_MUTANT
  vitest.invalidateFile(join(root, file))
  return isMissed
}

/** What fails anyway notices nothing. */
async function isSound(tests) {
  if (!sound.has(tests)) sound.set(tests, await passes(tests))
  return sound.get(tests)
}

async function passes(tests) {
  const files = await vitest.globTestSpecifications([tests])
  const { unhandledErrors } = await vitest.runTestSpecifications(files)
  // What the run gives holds the files of earlier runs as well.
  const modules = vitest.state.getTestModules(files.map(({ moduleId }) => moduleId))
  return unhandledErrors.length === 0 && modules.every((one) => one.ok())
}

function filesOf(path) {
  if (statSync(join(root, path)).isFile()) return [path]
  return readdirSync(join(root, path), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !/(\.test|(^|\/)(check|example)-[^/]*)\.ts$/.test(name))
    .map((name) => `${path}/${name}`)
}
