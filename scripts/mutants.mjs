// Multiplies each named threshold by 0.9 and 1.1 (thresholds.mjs) and runs the tests that should notice: those of its file, then all of its folder.
// Prints the survivors, and fails if a tenth of all or more survive. One vitest, in a process of its own, does all runs and reads anew only what
// changed: a run takes less than a second. With a threshold that keeps a loop from ending, the process is killed: that is noticed, too.
//   node scripts/mutants.mjs [file or folder …] [--jobs 1] [--out result.json]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createVitest } from 'vitest/node'
import { root } from './cache.mjs'
import { FOLDERS, thresholdsOf } from './thresholds.mjs'

const MOST_SURVIVE = 0.1
/** Longer than the tests of any folder take, on a slow machine too. */
const LONGEST_MS = 300_000
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string' }, out: { type: 'string' }, runner: { type: 'boolean' } },
})
if (values.runner) await runMutants()
else await reportSurvivors()

async function reportSurvivors() {
  const sources = (positionals.length > 0 ? positionals : FOLDERS).flatMap(filesOf)
  const mutants = sources.flatMap((file) =>
    thresholdsOf(readFileSync(join(root, file), 'utf8')).flatMap(({ name }) =>
      [0.9, 1.1].map((factor) => ({ file, name, factor })),
    ),
  )
  const answers = []
  let runner
  for (const mutant of mutants) {
    runner ??= startRunner()
    const answer = await answerOf(runner, mutant)
    if (answer === 'does not end') runner = undefined
    answers.push({ ...mutant, answer })
  }
  runner?.runner.disconnect()

  const survivors = answers.filter(({ answer }) => answer === 'survives')
  for (const { file, name, factor, answer } of answers)
    if (answer !== 'noticed') console.log(`${answer}: ${file} ${name} × ${factor}`)
  const share = survivors.length / mutants.length
  console.log(
    `${mutants.length} mutants of ${mutants.length / 2} thresholds, ${survivors.length} survive (${(100 * share).toFixed(1)} %)`,
  )
  if (values.out !== undefined) {
    const result = { node: process.version, mutants: mutants.length, survivors }
    writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`)
  }
  process.exitCode = share < MOST_SURVIVE ? 0 : 1
}

/** A process that leads a group of its own: what vitest starts ends with it. */
function startRunner() {
  const jobs = values.jobs === undefined ? [] : ['--jobs', values.jobs]
  const runner = fork(fileURLToPath(import.meta.url), ['--runner', ...jobs], { detached: true })
  return { runner, gone: once(runner, 'exit').then(() => ['could not be run']) }
}

/** 'survives', 'noticed' or 'does not end'. */
async function answerOf({ runner, gone }, mutant) {
  const signal = AbortSignal.timeout(LONGEST_MS)
  const late = once(signal, 'abort').then(() => ['does not end'])
  runner.send(mutant)
  const [answer] = await Promise.race([once(runner, 'message'), gone, late])
  if (answer === 'could not be run') throw new Error(`the tests of ${mutant.file} ${answer}`)
  if (answer === 'does not end') process.kill(-runner.pid, 'SIGKILL')
  return answer
}

async function runMutants() {
  process.env.WHYSLOW_TEST_SET_UP = '1'
  process.env.WHYSLOW_MUTANTS = '1'
  const vitest = await createVitest('test', { root, project: ['unit'], watch: false, bail: 1, reporters: [{}] })
  // What is given to vitest itself gives way to what the project says.
  if (values.jobs !== undefined) for (const { config } of vitest.projects) config.maxWorkers = Number(values.jobs)
  await vitest.standalone()
  const sound = new Map()
  process.on('message', async (mutant) => process.send((await survives(mutant)) ? 'survives' : 'noticed'))
  process.on('disconnect', () => vitest.close())

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
}

function filesOf(path) {
  if (statSync(join(root, path)).isFile()) return [path]
  return readdirSync(join(root, path), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !/(\.test|(^|\/)(check|example)-[^/]*)\.ts$/.test(name))
    .map((name) => join(path, name))
}
